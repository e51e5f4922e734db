package capture

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/pierrec/lz4/v4"
)

// noisyPackets is a capture of packets that hardly compress, each another.
func noisyPackets(n int) []byte {
	f := (&file{}).section(littleEndian).iface(linkRaw, 0)
	head := f.buf
	var all [][]byte
	noise := rand.New(rand.NewPCG(7, 7))
	for i := range n {
		p := ipv4(500+i%900, 0)
		for j := 20; j < len(p); j++ {
			p[j] = byte(noise.Uint32())
		}
		f.buf = nil
		all = append(all, f.epbOf(0, 1700000000000000+uint64(i), p).buf)
	}
	return append(head, slices.Concat(all...)...)
}

// inMembers compresses parts of data by themselves, by each codec with a writer.
func inMembers(t testing.TB, data []byte, part int) map[string][]byte {
	all := make(map[string][]byte)
	for chunk := range slices.Chunk(data, part) {
		for name, packed := range squeeze(t, chunk) {
			all[name] = append(all[name], packed...)
		}
	}
	return all
}

// inBlocks compresses data into one frame of lz4 with blocks of 64 KiB.
func inBlocks(t testing.TB, data []byte, options ...lz4.Option) []byte {
	t.Helper()
	var out bytes.Buffer
	w := lz4.NewWriter(&out)
	if err := w.Apply(append(options, lz4.BlockSizeOption(lz4.Block64Kb))...); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// damageOf breaks bytes at a place in several ways.
func damageOf(data []byte, at int) map[string][]byte {
	zeroed, changed := bytes.Clone(data), bytes.Clone(data)
	clear(zeroed[at : at+300])
	for i := range 300 {
		changed[at+i] ^= byte(0x55 + i)
	}
	return map[string][]byte{
		"zeroed": zeroed, "changed": changed,
		"cut out": slices.Concat(data[:at], data[at+300:]),
		"put in":  slices.Concat(data[:at], bytes.Repeat([]byte("junk"), 75), data[at:]),
	}
}

// Behind damage in one part of a compressed file, the others give their packets.
func TestResumesBehindDamage(t *testing.T) {
	const part = 128 << 10
	data := noisyPackets(1000)
	whole := packets(mustRead(t, data))
	files := inMembers(t, data, part)
	files["lz4 blocks"] = inBlocks(t, data)
	files["lz4 blocks with checksums"] = inBlocks(t, data, lz4.BlockChecksumOption(true))
	files["lz4 with its size"] = inBlocks(t, data, lz4.SizeOption(uint64(len(data))))
	for chunk := range slices.Chunk(data, 60_000) {
		files["bgzip"] = append(files["bgzip"], zip(t, chunk)...)
	}
	for name, packed := range files {
		for how, broken := range damageOf(packed, len(packed)*3/5) {
			if strings.HasPrefix(name, "lz4 ") && len(broken) != len(packed) {
				continue // where the next block begins is lost
			}
			t.Run(name+"/"+how, func(t *testing.T) { checkResumed(t, broken, whole, 2*part/500) })
		}
	}
}

// checkResumed holds that all but a few packets of a damaged file are given, none
// that it never had, and that the damage is told.
func checkResumed(t *testing.T, broken []byte, whole []Block, few int) {
	t.Helper()
	got := salvage(t, broken, ReaderOptions{})
	if got.err != nil {
		t.Fatal(got.err)
	}
	next := 0
	spoilt := 0 // by bytes that were decompressed before the checksum was seen to be wrong
	for _, b := range packets(got.blocks) {
		i := next
		for i < len(whole) && whole[i].Ticks != b.Ticks {
			i++
		}
		if i == len(whole) || !bytes.Equal(whole[i].Data, b.Data) {
			spoilt++
		}
		if i < len(whole) {
			next = i + 1
		}
	}
	if spoilt > 3 {
		t.Errorf("%d packets are none of those there were, in their order: 3 at most are the damage's", spoilt)
	}
	if n := len(packets(got.blocks)); n < len(whole)-few || n == len(whole) && spoilt == 0 {
		t.Errorf("got %d packets, want %d but for %d", n, len(whole), few)
	}
	told := slices.IndexFunc(got.damages.List, func(d Damage) bool { return errors.Is(d.Err, ErrCompressed) })
	if told < 0 || !strings.Contains(got.damages.List[told].Err.Error(), "of the compressed file") {
		t.Errorf("got %+v, want damage of the compressed data and its place", got.damages.List)
	}
	for _, mode := range []Salvage{SalvageNone, SalvageRefuse} {
		_, err := readAll(bytes.NewReader(broken), ReaderOptions{Salvage: mode})
		needFormatError(t, err)
	}
	plain, _, err := DecompressSalvaging(bytes.NewReader(broken))
	if err != nil {
		t.Fatal(err)
	}
	n, _ := io.Copy(io.Discard, plain)
	if last := whole[len(whole)-few]; n < last.Offset {
		t.Errorf("decompressed %d bytes, want %d at least", n, last.Offset)
	}
}

// bzip2Blocks and xzBlocks are a capture of 4,000 equal packets, by "bzip2 -1" and by
// "xz --block-size=90000": a stream of several blocks.
const (
	bzip2Blocks = "QlpoMTFBWSZTWQ6qjwMAMfR/gO0SBFRUCAAEQgIABD////AAAMABvAAGABo0NGEZNBo00BhgAaNDRhGTQaNNAYYAGjQ0YRk0GjTQGBSqUbUNA0aaGhoaA0GmmnRUkOXfFIbykhx49KpIY5akhkycAg" +
		"l1VJDAIJZKkhgikOfAUhuwqSHNUkM9SQ19DfzY56khoz46Kkh11JDhqSGfrqSGWpIdmEqSG1SQ3FJDuKSHeUkPApIY8VSQ1FJDVQEvGgJeUpIecpIa5SQ9JSQ9ZSQ7ikh7FJD3KSHwUkPkpIbCkh9F" +
		"JD7KSH4UkP0pIbSkhmUkP4pId5SQ3FJDZaf8xQVkmU1mDNiCbAIRZf4BJEABAVAAABEIAAAQ////wMAGWUAMYTE0GCMQyMJgmqqRk0zUGTAARoYKVSjTQyYTQw0EGmYCSrEJKsQkqzQkqxikPGQJZ1" +
		"JDBUkMMKUkPCpIYSpIZakhmqSLMJKs4kqwElWcSVYCkPNFKTrUkOypIaVSQ1KkhrVJDUpIe6pIbCBL4IEvmUkPqUkNspIbpSQ3ykhp4SkhiqSHFUkOSpIc1SQ6Kkh9qkh+Kkh+qkh/Kkh1VJDXUkP9" +
		"UkMVSQ7Kkh3MUFZJlNZrxxv1QA+6v+ASRAAQFQAAARCAAAEP///8DABllADGExNBgjEMjCYJqqQRptQYRgJkBgpVSGTTQ2pkyNoCGmYiSrASVYCSryRJVmFIeMgS9VJDIIEvCpIZKUkM1SQ0VJD0qS" +
		"GgSVYiSrSJKsRJV4qhSdakh2VJDSqSGCpIfCpIYVJDUqSGuQJfMgS2KkhtVJD6VJD7VJDcqSGKpIb1SQ4KkhxVJDkqSHNUkOipIfipIfqpIfypIdVSQwqSH+qSGKpIdlSQ7mKCskymszKkItwASPz/" +
		"AJIgAICoAAAIhAAACH///+BgAuMAMYTE0GCMQyMJgmqpBDNEDRgBAYKVVGIwh6mjTATEyZiRSwIpYUKWgRSzEUsspBjQpYJSDIRSwRFLwIpaSKWgilpIpYlRM9KJopRPVIJdioncVE+BUTAVE+RUTA" +
		"qJpFRPokqvskqtQqJ+ComsVE2Com0VE3Com8VE4ConEVE/RUTkKicxUToKifwqJ1FROwqJgVE/xUTcKidxUTwLuSKcKEhfcxpZgA=="

	xzBlocks = "/Td6WFoAAATm1rRGA8CnAZC/BSEBFgAAHJnbBOFfjwCfXQAFA9+CvXFAnb/KHD2lGsesCCXYtiHpqYt9fKhPYUTSDYiOfM070f0KDbVVSP5hlbG187Iylyll+XLyy+WBdtuKyVp4JSf7/KMruScn9F" +
		"mW8/8vTpslhLojbK4qvcTCy9MbiPuT7p5sF6Ph3hyOvC4/sLK7I48qs0ra5s0EuOJKmNRI7ziIO5lRbNXVnx6uzvtfhEIM2BO3MXt/qLiXzwAAAOuqZcTn625SA8CTAZC/BSEBFgAAXrvDZeFfjwCL" +
		"XQA3nApuzCjeEJZIzt9LEFz/LTMzWZuDBNbqNsTEcsWp5uygxFdv0ACvlieGiH8eappdZ31a/WJMwo7hi1LGIsl/2sVltFQoxGS5ilCaYwATvP5NlyB5SJwgjimouiTTx18rjhhtj1Oa5/8+MIMgTm" +
		"CLiTWCeJjHVhcMYMYkWACcVQzvfWh3SaETbgAAAADJiUeeN1WBtgPAkAGQvwUhARYAAF0A9I7hX48AiF0AAwA2zF4S/gwCynJpR6CE6PRmGDjB1es0zjpeCzGwapClms3pGHwMBL0krFnTIWCk4ULt" +
		"trYflzeSWp6Uy0jQ/u2uyPVwsEl+Cc4PUHfnawHoGf3r111gDm5J0x6JQkTFu2zZytPKuuoMWa902jeminmOrbTDV3Y8Mu2rZ7OY4Esttp7WupUAAAAcdawn6ATo8gPAkgGQvwUhARYAAGDQAYrhX4" +
		"8Ail0AHgAwCLAEPZbvFBQTYonSWYGVwPwRv7DmYs6sHsqsZ/lMBRyr7EBJjnHsSYV085mXY+rMoMCVbWuIfXwhBxdNwpgYlpdIPBquYD9eT8/vq/7xya4+19V+cOENqKTVFAstn/e4i2uJdRgg01fQ" +
		"SHGAvSixmHKErpsgxdpubXpfDAxFc2ZLqFhfJaEAAAAAUZn3weCFkeQDwGbwPiEBFgAAAACiTZw64B9vAF5dADqdi0qTQN8QOPRG7ECAtHobJ9SpZyIpf2mpbHxOhcHl3FaBSwFpbd5fqjrwtichML" +
		"oKDBeWuuXOGpw+N1rlMrAuWI+4lsnbev6DzlxKOUZKZ5LqojoajAwdHtImjQAAAAAW3HnDuKtzmAAFvwGQvwWrAZC/BagBkL8FqgGQvwV+8D4AAAAApZJhAlWqqwcAAAAABFla"
)

// A stream whose blocks stand by themselves is gone on with at the next of them.
func TestResumesWithinStreams(t *testing.T) {
	step := 13
	if testing.Short() {
		step = 131
	}
	for name, text := range map[string]string{"bzip2": bzip2Blocks, "xz": xzBlocks} {
		whole := decoded(t, text)
		const all = 4000
		if n := len(packets(mustRead(t, whole))); n != all {
			t.Fatalf("%s: got %d packets, want %d", name, n, all)
		}
		for at := 3; at < len(whole); at += step {
			broken := bytes.Clone(whole)
			broken[at] ^= 0x10
			got := salvage(t, broken, ReaderOptions{})
			spoilt := 0
			for _, b := range packets(got.blocks) {
				if len(b.Data) != 60 || b.Data[59] != 'x' {
					spoilt++
				}
			}
			n := len(packets(got.blocks))
			if n > all || spoilt > all/3 {
				t.Errorf("%s, byte %d: got %d packets, %d of them spoilt", name, at, n, spoilt)
			}
			// The first block has the section header.
			if got.err == nil && n < all/2 || got.err != nil && at > len(whole)/3 {
				t.Errorf("%s, byte %d: got %d packets of %d, %v: %+v", name, at, n, all, got.err, got.damages)
			}
		}
	}
}

// What is spliced ends as a file should that lost nothing at its end: the
// checksum of the whole is not damage of its own.
func TestSplicedEndsQuietly(t *testing.T) {
	for name, text := range map[string]string{"bzip2": bzip2Blocks, "xz": xzBlocks} {
		broken := decoded(t, text)
		broken[len(broken)*2/5] ^= 0x10
		for copies := 1; copies <= 2; copies++ {
			got := salvage(t, bytes.Repeat(broken, copies), ReaderOptions{})
			told := 0
			for _, d := range got.damages.List {
				if errors.Is(d.Err, ErrCompressed) {
					told++
				}
			}
			if told != copies {
				t.Errorf("%s, %d times: got %+v, want one place of compressed data in each", name, copies, got.damages.List)
			}
		}
	}
}

// A file that is cut, and one whose checksum alone is wrong, are not resumed:
// what is said of them is what a strict reader says.
func TestNothingToResume(t *testing.T) {
	data := noisyPackets(300)
	for name, packed := range squeeze(t, data) {
		for how, broken := range map[string][]byte{"cut": packed[:len(packed)*2/3], "no end": packed[:len(packed)-1]} {
			got := salvage(t, broken, ReaderOptions{})
			_, err := readAll(bytes.NewReader(broken), ReaderOptions{})
			var strict *FormatError
			if !errors.As(err, &strict) {
				t.Fatalf("%s, %s: got %v, want a FormatError", name, how, err)
			}
			if got.err != nil {
				continue // nothing of it can be decompressed
			}
			if n := len(got.damages.List); n != 1 || !errors.Is(got.damages.List[0].Err, ErrTruncated) {
				t.Errorf("%s, %s: got %+v, want what is said strictly, %v", name, how, got.damages.List, strict)
			}
		}
	}
}

// Going back is bounded, and never leads before what was kept.
func TestTape(t *testing.T) {
	data := make([]byte, 4*tapeKept)
	for i := range data {
		data[i] = byte(i >> 10)
	}
	tape := &tape{r: bytes.NewReader(data)}
	buf := make([]byte, 100_000)
	for at := int64(0); ; {
		n, err := tape.Read(buf)
		if err == io.EOF {
			break
		}
		if at += int64(n); tape.offset() != at || len(tape.kept) > tapeKept+len(buf) {
			t.Fatalf("at %d: offset %d, %d bytes kept", at, tape.offset(), len(tape.kept))
		}
	}
	for _, back := range []int64{1, 1000, lookback, 3 * tapeKept} {
		end := int64(len(data))
		tape.seek(end - back)
		got := tape.offset()
		rest, err := io.ReadAll(tape)
		if err != nil || !bytes.Equal(rest, data[got:]) || got < end-back || got != end-back && back <= tapeKept {
			t.Errorf("back by %d: at %d of %d, %d bytes, %v", back, got, end, len(rest), err)
		}
	}
}

// A file of nothing but beginnings is given up, and read to its end.
func TestTriesAreBounded(t *testing.T) {
	member := zip(t, []byte("what is compressed"))
	member[len(member)-8] ^= 1 // the checksum
	for name, junk := range map[string][]byte{"headers": member[:gzipHeader], "members": member} {
		data := append(bytes.Clone(member), bytes.Repeat(junk, 2*maxTries)...)
		s, err := newResumer(codecOf(data), &source{}, bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.Copy(io.Discard, gapless{s})
		var g *gap
		if !errors.As(err, &g) || !g.last || g.offset+g.skipped != int64(len(data)) || s.tries != maxTries {
			t.Errorf("%s: got %v after %d tries, %+v; want the last gap, to byte %d, after %d", name, err, s.tries, g, len(data), maxTries)
		}
	}
}

// Streams with zeros between them are all read, and cost little each.
func TestManyPaddedStreams(t *testing.T) {
	const n = 300
	for name, one := range squeeze(t, []byte("what is compressed\n")) {
		data := bytes.Repeat(append(bytes.Clone(one), 0), n)
		s, err := newResumer(codecOf(data), &source{}, bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.Copy(io.Discard, s); err != nil || got != n*19 {
			t.Errorf("%s: got %d bytes, %v; want %d", name, got, err, n*19)
		}
		if z := s.tries; z > n {
			t.Errorf("%s: %d tries for %d streams", name, z, n)
		}
	}
}

// A magic is found wherever it stands, over the ends of what is looked at too.
func TestScan(t *testing.T) {
	member := zip(t, []byte("what is compressed"))
	for _, at := range []int{0, 1, compressedBuffer - 1, compressedBuffer - 5, compressedBuffer, 2*compressedBuffer - 9} {
		s, err := newResumer(codecOf(member), &source{}, bytes.NewReader(append(bytes.Clone(member), make([]byte, at)...)))
		if err != nil {
			t.Fatal(err)
		}
		s.tape = &tape{r: bytes.NewReader(append(make([]byte, at), member...))}
		s.buf.Reset(s.tape)
		if got, _, found := s.scan(); !found || got != int64(at) {
			t.Errorf("got %d, %v; want %d", got, found, at)
		}
	}
}

func TestNextBlock(t *testing.T) {
	for bit := range 8 {
		magic := uint64(bzip2Magic) << (16 - bit)
		p := append(bytes.Repeat([]byte{0xFF}, 9), make([]byte, 8)...)
		for i := range 8 {
			p[9+i] = byte(magic >> (56 - 8*i))
		}
		if at, got := nextBlock(p); at != 9 || got != bit {
			t.Errorf("got byte %d, bit %d; want 9, %d", at, got, bit)
		}
		plain := &shifted{r: newBuffered(p[9:]), bit: bit, before: []byte("BZh9")}
		got := make([]byte, 10)
		if _, err := io.ReadFull(plain, got); err != nil || string(got) != "BZh91AY&SY" {
			t.Errorf("bit %d: got % x, %v", bit, got, err)
		}
	}
}
func newBuffered(p []byte) *bufio.Reader { return bufio.NewReader(bytes.NewReader(p)) }
