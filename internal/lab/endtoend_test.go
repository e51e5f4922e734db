package lab

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net/netip"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"

	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/repair"
	"github.com/mendcap/mendcap/report"
)

// The tests of this file let the whole pipeline loose on degraded recordings
// and judge the result with code that the pipeline does not use.

// offloaded is the recording in which checksums are partial and segments are
// longer than any packet on the wire: much of it can't be proved yet.
const offloaded = "offload"

// recordings are the names of the recordings that are looked at: all, or two
// in short mode.
func recordings(t testing.TB) []string {
	t.Helper()
	if testing.Short() {
		return []string{"many-flows", "lossy"}
	}
	paths, err := filepath.Glob(filepath.Join("..", "..", "testdata", "recordings", "*.pcapng.gz"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("recordings: got %d, %v, want some", len(paths), err)
	}
	var names []string
	for _, path := range paths {
		names = append(names, strings.TrimSuffix(filepath.Base(path), ".pcapng.gz"))
	}
	return names
}

// delivered is a recording as the stack hands it to a raw socket; its beginning
// in short mode.
func delivered(t *testing.T, name string) []Packet {
	t.Helper()
	packets := Delivered(recording(t, name).Packets)
	if testing.Short() {
		packets = packets[:min(len(packets), 1500)]
	}
	return packets
}

// endToEnd is a capture on disk, with complete tables beside it, and the truth
// about each of its packets.
type endToEnd struct {
	in      string
	written []Packet // in the order of the file; epb_packetid is the position
	form    Form
}

// newEndToEnd writes degraded packets. Each has an identity, a hash and a
// custom option, and those with an even identity an option that must not be
// copied once the packet is changed.
func newEndToEnd(t *testing.T, truth, degraded []Packet, form Form) *endToEnd {
	t.Helper()
	e := &endToEnd{in: filepath.Join(t.TempDir(), "in.pcapng"), written: degraded, form: form}
	f := &ngFile{}
	f.section(binary.LittleEndian)
	f.iface(form.link(), 0, f.option(ngResol, []byte{9}))
	for i, p := range degraded {
		data, err := form.append(nil, p.Data)
		if err != nil {
			t.Fatal(err)
		}
		options := [][]byte{f.option(ngHash, []byte{2, 1, 2, 3, 4}), f.option(ngPacketID, f.u64(uint64(i))),
			f.option(ngCopied, append(f.u32(32473), "keep"...))}
		if i%2 == 0 {
			options = append(options, f.option(ngNoCopy, append(f.u32(32473), "gone"...)))
		}
		f.epb(0, uint64(p.Stamp), data, options...)
	}
	writeTestFile(t, e.in, f.buf)
	if err := WriteTables(strings.TrimSuffix(e.in, ".pcapng")+".tables", SnapshotOf(truth), TableFormats()...); err != nil {
		t.Fatal(err)
	}
	return e
}

// mend repairs in, writes to a new file, and returns its path.
func mend(t *testing.T, in string, o repair.Options) (string, report.Report) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out.pcapng")
	r, err := repair.File(context.Background(), in, out, o)
	if err != nil {
		t.Fatalf("repair %s: %v", filepath.Base(in), err)
	}
	return out, r
}

func TestEndToEnd(t *testing.T) {
	for k, name := range recordings(t) {
		truth := delivered(t, name)
		for i, form := range []Form{WithHeaders, Stub, SockaddrWindows, SockaddrLinux, SockaddrBSD} {
			// Each recording meets all of the degradations, each form too.
			set := []string{"rawsocket", "completion-port", "batches", "tick-15.6ms", "drops-2"}
			d, seed := degradation(t, set[(i+k)%len(set)]), uint64(k)
			t.Run(fmt.Sprintf("%s/%s/%s", name, form, d.Name), func(t *testing.T) {
				e := newEndToEnd(t, truth, Degrade(truth, d, seed), form)
				out, r := mend(t, e.in, repair.Options{})
				e.check(t, out, r, name != offloaded)
				e.checkRepeatable(t, out)
			})
		}
	}
}

func degradation(t testing.TB, name string) Degradation {
	t.Helper()
	for _, d := range Degradations() {
		if d.Name == name {
			return d
		}
	}
	t.Fatalf("no degradation is called %s", name)
	return Degradation{}
}

// checkRepeatable holds the repair to the same bytes on one core and on eight,
// and to nothing left to do when it is repaired again, with tables or without.
func (e *endToEnd) checkRepeatable(t *testing.T, out string) {
	t.Helper()
	want := readFile(t, out)
	same := func(in, what string, o repair.Options) {
		t.Helper()
		got, _ := mend(t, in, o)
		if !bytes.Equal(readFile(t, got), want) {
			t.Errorf("%s: the output differs", what)
		}
	}
	same(out, "repaired again", repair.Options{})
	same(out, "repaired again with tables", repair.Options{Tables: []string{strings.TrimSuffix(e.in, ".pcapng") + ".tables"}})
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, n := range []int{1, 8} {
		runtime.GOMAXPROCS(n)
		same(e.in, fmt.Sprintf("on %d processors", n), repair.Options{})
	}
}

// verdict counts what became of header-less packets and of edits.
type verdict struct {
	ipv6, edited, moved             int64
	unknownProtocol, unknownAddress int64
}

// check compares every packet of the output with the truth and with the input.
func (e *endToEnd) check(t *testing.T, out string, r report.Report, provable bool) {
	t.Helper()
	input := packetBlocks(readBlocks(t, e.in))
	output := packetBlocks(readBlocks(t, out))
	if len(output) != len(e.written) {
		t.Errorf("packets: got %d, want %d", len(output), len(e.written))
	}
	var v verdict
	seen := make([]bool, len(e.written))
	for i := range output {
		id := packetID(t, &output[i])
		if id >= len(seen) || seen[id] {
			t.Fatalf("packet %d of the output: identity %d is wrong or there twice", i+1, id)
		}
		seen[id] = true
		e.checkPacket(t, &v, &input[id], &output[i], e.written[id])
		if t.Failed() {
			t.Fatalf("first at packet %d of the output, %d of the input", i+1, id+1)
		}
	}
	e.checkReport(t, &v, r, provable)
}

// packetID reads a packet's identity.
func packetID(t testing.TB, b *capture.Block) int {
	t.Helper()
	for _, o := range optionsOf(t, b) {
		if o.code == ngPacketID {
			return int(b.Order.Uint64([]byte(o.value)))
		}
	}
	t.Fatalf("packet %d has no identity", b.Frame)
	return 0
}

func (e *endToEnd) checkPacket(t *testing.T, v *verdict, in, out *capture.Block, truth Packet) {
	t.Helper()
	if out.Interface == nil || out.Interface.LinkType != LinkRaw {
		t.Errorf("interface: got %+v, want one of LINKTYPE_RAW", out.Interface)
		return
	}
	if out.OrigLen != uint32(len(out.Data)) {
		t.Errorf("original length: got %d, want %d", out.OrigLen, len(out.Data))
	}
	if e.form != WithHeaders && truth.Data[0]>>4 == 6 {
		v.ipv6++
		checkHeader(t, v, out.Data, truth.Data)
	} else if !bytes.Equal(out.Data, truth.Data) {
		t.Errorf("packet: got %x, want %x", out.Data, truth.Data)
	}
	checkOptions(t, v, in, out)
}

// checkHeader compares an IPv6 packet with the truth: all but the traffic
// class, the flow label and the hop limit, which the capture does not tell.
func checkHeader(t *testing.T, v *verdict, got, truth []byte) {
	t.Helper()
	h, ok := parseIP(got)
	want, _ := parseIP(truth)
	if !ok || h.version != 6 || h.src != want.src {
		t.Errorf("header: got %x, want one of IPv6 from %v", got[:min(len(got), 40)], want.src)
		return
	}
	if !bytes.Equal(got[40:], truth[40:]) {
		t.Errorf("upper layer: got %x, want %x", got[40:], truth[40:])
	}
	if n := int(binary.BigEndian.Uint16(got[4:])); n != len(truth)-40 {
		t.Errorf("payload length: got %d, want %d", n, len(truth)-40)
	}
	switch got[6] {
	case truth[6]:
	case 255:
		v.unknownProtocol++
	default:
		t.Errorf("next header: got %d, want %d", got[6], truth[6])
	}
	switch h.dst {
	case want.dst:
	case netip.IPv6Unspecified():
		v.unknownAddress++
	default:
		t.Errorf("destination: got %v, want %v", h.dst, want.dst)
	}
}

const commentMark = "mendcap: "

// checkOptions holds an edited packet to a comment after all options that it
// may keep, and an unedited one to its bytes.
func checkOptions(t *testing.T, v *verdict, in, out *capture.Block) {
	t.Helper()
	if bytes.Equal(in.Raw, out.Raw) {
		return
	}
	v.edited++
	was, is := optionsOf(t, in), optionsOf(t, out)
	changed := !bytes.Equal(in.Data, out.Data)
	was = slices.DeleteFunc(was, func(o ngOption) bool {
		return o.code == ngNoCopy || o.code == ngHash && changed
	})
	if len(is) <= len(was) || !slices.Equal(is[:len(was)], was) {
		t.Errorf("options: got %v, want %v and comments", is, was)
		return
	}
	moved := false
	for _, o := range is[len(was):] {
		if o.code != ngComment || !strings.HasPrefix(o.value, commentMark) {
			t.Errorf("added option: got %d %q, want a comment of mendcap's", o.code, o.value)
		}
		moved = checkMoved(t, o.value, in, out) || moved
	}
	if moved {
		v.moved++
	} else if out.Ticks != in.Ticks {
		t.Errorf("time: got %d without a word, want %d", out.Ticks, in.Ticks)
	}
}

var moveComment = regexp.MustCompile(`moved by [a-z-]+(?:, within its tick|, .* earlier); was frame (\d+)( at (\d+)\.(\d{9}))?`)

// checkMoved reports whether the comment says that the packet was moved; then
// it must tell the original place and time, and never a later one than that.
func checkMoved(t *testing.T, comment string, in, out *capture.Block) bool {
	t.Helper()
	m := moveComment.FindStringSubmatch(comment)
	if m == nil {
		return false
	}
	if m[1] != strconv.FormatInt(in.Frame, 10) {
		t.Errorf("comment %q: want frame %d", comment, in.Frame)
	}
	if m[2] == "" {
		if out.Ticks != in.Ticks {
			t.Errorf("comment %q: the time has changed from %d to %d", comment, in.Ticks, out.Ticks)
		}
		return true
	}
	if m[3]+m[4] != strconv.FormatUint(in.Ticks, 10) {
		t.Errorf("comment %q: want the stamp %d", comment, in.Ticks)
	}
	if out.Ticks >= in.Ticks {
		t.Errorf("time: got %d, want one before %d", out.Ticks, in.Ticks)
	}
	return true
}

// checkReport compares the report with what was counted in the output, and
// that with what must be provable when the tables are complete.
func (e *endToEnd) checkReport(t *testing.T, v *verdict, r report.Report, provable bool) {
	t.Helper()
	for _, c := range []struct {
		name      string
		got, want int64
	}{
		{"packets", r.Capture.Packets, int64(len(e.written))},
		{"edited", r.Output.Edited, v.edited},
		{"header-less", r.Inference.Packets, v.ipv6},
		{"unknown next headers", r.Inference.NextHeader.Unknown, v.unknownProtocol},
		{"unknown destinations", r.Inference.Destination.Unknown, v.unknownAddress},
		{"damage", int64(len(r.Damage)), 0},
	} {
		if c.got != c.want {
			t.Errorf("report, %s: got %d, want %d", c.name, c.got, c.want)
		}
	}
	if r.Order.Moved < v.moved {
		t.Errorf("report, moved: got %d, want at least the %d that say so", r.Order.Moved, v.moved)
	}
	t.Logf("%d packets, %d edited, %d moved; of %d header-less ones next header unknown %d, destination %d",
		len(e.written), v.edited, r.Order.Moved, v.ipv6, v.unknownProtocol, v.unknownAddress)
	if provable && (v.unknownProtocol*1000 > v.ipv6 || v.unknownAddress*200 > v.ipv6) {
		t.Errorf("unknown of %d: got %d next headers and %d destinations, want at most 0.1 %% and 0.5 %%",
			v.ipv6, v.unknownProtocol, v.unknownAddress)
	}
}

// A true capture comes back as the bytes that came.
func TestTrueRecordingsComeBackByteForByte(t *testing.T) {
	for _, name := range recordings(t) {
		t.Run(name, func(t *testing.T) {
			in := filepath.Join("..", "..", "testdata", "recordings", name+".pcapng.gz")
			out, r := mend(t, in, repair.Options{})
			z, err := gzip.NewReader(bytes.NewReader(readFile(t, in)))
			if err != nil {
				t.Fatal(err)
			}
			want, err := io.ReadAll(z)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(readFile(t, out), want) || r.Order.Moved != 0 {
				t.Errorf("got another file with %d packets moved, want the same bytes", r.Order.Moved)
			}
		})
	}
}

// Drops alone are no disorder, even where they take what an answer answers, and
// whether the host is known from its tables or has to be guessed.
func TestDropsMoveNothing(t *testing.T) {
	for _, name := range recordings(t) {
		truth := delivered(t, name)
		for _, rate := range []float64{0, .02} {
			t.Run(fmt.Sprintf("%s/%v", name, rate), func(t *testing.T) {
				e := newEndToEnd(t, truth, Degrade(truth, Degradation{DropRate: rate, DropBurst: 8}, 1), WithHeaders)
				if dropped := len(e.written) < len(truth); dropped != (rate > 0) {
					t.Fatalf("%d of %d packets are left", len(e.written), len(truth))
				}
				for tables, o := range map[string]repair.Options{"no tables": {Tables: []string{t.TempDir()}}, "tables": {}} {
					out, r := mend(t, e.in, o)
					if !bytes.Equal(readFile(t, out), readFile(t, e.in)) || r.Order.Moved != 0 {
						t.Errorf("with %s: got another file with %d packets moved, want the same bytes", tables, r.Order.Moved)
					}
				}
			})
		}
	}
}

// shown is what must be the same of a packet whatever file it came from.
type shown struct {
	nanos   int64
	data    string
	comment string
}

// The same packets come out whatever container they came in, and whether files
// or streams were named.
func TestContainersAndStreams(t *testing.T) {
	truth := delivered(t, "lossy")
	truth = truth[:min(len(truth), 1500)]
	degraded := Degrade(truth, degradation(t, "rawsocket"), 1)
	dir := filepath.Join(t.TempDir(), "tables")
	if err := WriteTables(dir, SnapshotOf(truth), Own); err != nil {
		t.Fatal(err)
	}
	o := repair.Options{Tables: []string{dir}}
	for _, form := range []Form{Stub, SockaddrLinux} {
		var want []shown
		for _, format := range []FileFormat{Pcapng, Pcap} {
			var plain, zipped bytes.Buffer
			if err := WriteForm(&plain, degraded, form, format); err != nil {
				t.Fatal(err)
			}
			z := gzip.NewWriter(&zipped)
			if _, err := z.Write(plain.Bytes()); err != nil {
				t.Fatal(err)
			}
			if err := z.Close(); err != nil {
				t.Fatal(err)
			}
			t.Run(fmt.Sprintf("%s/%d", form, format), func(t *testing.T) {
				in := filepath.Join(t.TempDir(), "in")
				writeTestFile(t, in, plain.Bytes())
				out, _ := mend(t, in, o)
				checkStreams(t, readFile(t, out), plain.Bytes(), zipped.Bytes(), o)
				got := shownOf(t, out)
				if want == nil {
					want = got
				}
				if !slices.Equal(got, want) {
					t.Errorf("packets of format %d: got others than of pcapng", format)
				}
			})
		}
	}
}

// checkStreams repairs through streams, also from gzip, and wants the bytes that
// the repair of the file gave.
func checkStreams(t *testing.T, want, plain, zipped []byte, o repair.Options) {
	t.Helper()
	for name, in := range map[string][]byte{"plain": plain, "gzip": zipped} {
		var out bytes.Buffer
		o.Stdin, o.Stdout = bytes.NewReader(in), &out
		if _, err := repair.File(context.Background(), "-", "-", o); err != nil {
			t.Fatalf("%s from standard input: %v", name, err)
		}
		if !bytes.Equal(out.Bytes(), want) {
			t.Errorf("%s from standard input: the output differs from that of the file", name)
		}
	}
}

func shownOf(t *testing.T, path string) []shown {
	t.Helper()
	var all []shown
	for _, b := range packetBlocks(readBlocks(t, path)) {
		all = append(all, shown{b.Interface.Nanos(b.Ticks), string(b.Data), strings.Join(b.Comments(), "\n")})
	}
	if len(all) == 0 {
		t.Fatal("no packets")
	}
	return all
}
