// Package squeeze makes compressed data for tests, and holds some that other programs
// have made.
package squeeze

import (
	"bytes"
	"encoding/base64"
	"io"
	"slices"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz"
)

// ByTools are files that the tools named wrote of one small pcap file: the
// readers are held against others than the libraries that they use.
var ByTools = []struct{ Tool, Codec, Base64 string }{
	{"gzip -9n", "gzip", "H4sIAAAAAAACA7tyeNNCJgYWBhj4/5+BgZEBgpmg9B1WIM0MZLBABUECTEwA/zuUdjsAAAA="},
	{"zstd -19", "zstd", "KLUv/SQ7VQEAUoIHD+DpMJqqgIAAADDQ3lvuFG1/+QN+sD/88JnLpbILAwA0s/LmTwAui2+BEg=="},
	{"zstd --no-check", "zstd", "KLUv/QBYdQEAFALUw7KhAgAEAP//AAABAALcBQAAAQMAAAIAAADcBQAAAgIEAEoJXslsNyAB4g=="},
	{"xz -6", "xz", "/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj4AA6ACNdAGow0ch9i/gJm62US4ry//rKxNFmaHlgnButZpihnQF+WtgAAAAc4R9v4iIXtAABPzszdlPJH7bzfQEAAAAABFla"},
	{"lz4 -9", "lz4", "BCJNGGRApy4AAACE1MOyoQIABAABAGL//wAAAQAEABMCCACB3AUAAAEDAAAnAKACAAAA3AUAAAICAAAAADaU/j8="},
	{"lz4 -l", "lz4", "AiFMGC4AAACE1MOyoQIABAABAGL//wAAAQAEABMCCACB3AUAAAEDAAAnAKACAAAA3AUAAAIC"},
	{"bzip2 -9", "bzip2", "QlpoOTFBWSZTWWidDHkAABlAHv4AIAAQAAgABAQAAKAAMQNA0BphQaaRMqRzGNkE1QZFDhWkMBv2bgu/i7kinChINE6GPIA="},
}

// TwoStreams is that file twice: in two blocks with SHA-256 (xz -C sha256
// --block-size=30), padding, and in a stream without checksums (xz -C none).
const TwoStreams = "/Td6WFoAAArh+wyhAgAhARYAAAB0L+Wj4AAdABZdAGow0ch9i/gJm62US4ry//rKnAgAAAAAAAD0i1T+vhOeaA7IMOB+pUhpG2JS9YxxmKqfud3Ge/zc1gIAIQEW" +
	"AAAAdC/lo+AAHAAWXQAAYAKCBSDD/vTvQMRO09WK5+chmmiSAAAAQKCZB94NDYWjyu3fcltCxidH0b0D/28OZ3Rxfpq5SGoAAkoeSh0AANNG+WO26d8cAgAAAAAKWVoA" +
	"AAAA/Td6WFoAAAD/EtlBAgAhARYAAAB0L+Wj4AA6ACNdAGow0ch9i/gJm62US4ry//rKxNFmaHlgnButZpihnQF+WtgAAAAAATc7O/yKAQZynnoBAAAAAABZWg=="

// Bzip2Blocks and XZBlocks are a capture of 4,000 equal packets, by "bzip2 -1" and by
// "xz --block-size=90000": a stream of several blocks.
const (
	Bzip2Blocks = "QlpoMTFBWSZTWQ6qjwMAMfR/gO0SBFRUCAAEQgIABD////AAAMABvAAGABo0NGEZNBo00BhgAaNDRhGTQaNNAYYAGjQ0YRk0GjTQGBSqUbUNA0aaGhoaA0GmmnRUkOXfFIbykhx49KpIY5akhkycAg" +
		"l1VJDAIJZKkhgikOfAUhuwqSHNUkM9SQ19DfzY56khoz46Kkh11JDhqSGfrqSGWpIdmEqSG1SQ3FJDuKSHeUkPApIY8VSQ1FJDVQEvGgJeUpIecpIa5SQ9JSQ9ZSQ7ikh7FJD3KSHwUkPkpIbCkh9F" +
		"JD7KSH4UkP0pIbSkhmUkP4pId5SQ3FJDZaf8xQVkmU1mDNiCbAIRZf4BJEABAVAAABEIAAAQ////wMAGWUAMYTE0GCMQyMJgmqqRk0zUGTAARoYKVSjTQyYTQw0EGmYCSrEJKsQkqzQkqxikPGQJZ1" +
		"JDBUkMMKUkPCpIYSpIZakhmqSLMJKs4kqwElWcSVYCkPNFKTrUkOypIaVSQ1KkhrVJDUpIe6pIbCBL4IEvmUkPqUkNspIbpSQ3ykhp4SkhiqSHFUkOSpIc1SQ6Kkh9qkh+Kkh+qkh/Kkh1VJDXUkP9" +
		"UkMVSQ7Kkh3MUFZJlNZrxxv1QA+6v+ASRAAQFQAAARCAAAEP///8DABllADGExNBgjEMjCYJqqQRptQYRgJkBgpVSGTTQ2pkyNoCGmYiSrASVYCSryRJVmFIeMgS9VJDIIEvCpIZKUkM1SQ0VJD0qS" +
		"GgSVYiSrSJKsRJV4qhSdakh2VJDSqSGCpIfCpIYVJDUqSGuQJfMgS2KkhtVJD6VJD7VJDcqSGKpIb1SQ4KkhxVJDkqSHNUkOipIfipIfqpIfypIdVSQwqSH+qSGKpIdlSQ7mKCskymszKkItwASPz/" +
		"AJIgAICoAAAIhAAACH///+BgAuMAMYTE0GCMQyMJgmqpBDNEDRgBAYKVVGIwh6mjTATEyZiRSwIpYUKWgRSzEUsspBjQpYJSDIRSwRFLwIpaSKWgilpIpYlRM9KJopRPVIJdioncVE+BUTAVE+RUTA" +
		"qJpFRPokqvskqtQqJ+ComsVE2Com0VE3Com8VE4ConEVE/RUTkKicxUToKifwqJ1FROwqJgVE/xUTcKidxUTwLuSKcKEhfcxpZgA=="

	XZBlocks = "/Td6WFoAAATm1rRGA8CnAZC/BSEBFgAAHJnbBOFfjwCfXQAFA9+CvXFAnb/KHD2lGsesCCXYtiHpqYt9fKhPYUTSDYiOfM070f0KDbVVSP5hlbG187Iylyll+XLyy+WBdtuKyVp4JSf7/KMruScn9F" +
		"mW8/8vTpslhLojbK4qvcTCy9MbiPuT7p5sF6Ph3hyOvC4/sLK7I48qs0ra5s0EuOJKmNRI7ziIO5lRbNXVnx6uzvtfhEIM2BO3MXt/qLiXzwAAAOuqZcTn625SA8CTAZC/BSEBFgAAXrvDZeFfjwCL" +
		"XQA3nApuzCjeEJZIzt9LEFz/LTMzWZuDBNbqNsTEcsWp5uygxFdv0ACvlieGiH8eappdZ31a/WJMwo7hi1LGIsl/2sVltFQoxGS5ilCaYwATvP5NlyB5SJwgjimouiTTx18rjhhtj1Oa5/8+MIMgTm" +
		"CLiTWCeJjHVhcMYMYkWACcVQzvfWh3SaETbgAAAADJiUeeN1WBtgPAkAGQvwUhARYAAF0A9I7hX48AiF0AAwA2zF4S/gwCynJpR6CE6PRmGDjB1es0zjpeCzGwapClms3pGHwMBL0krFnTIWCk4ULt" +
		"trYflzeSWp6Uy0jQ/u2uyPVwsEl+Cc4PUHfnawHoGf3r111gDm5J0x6JQkTFu2zZytPKuuoMWa902jeminmOrbTDV3Y8Mu2rZ7OY4Esttp7WupUAAAAcdawn6ATo8gPAkgGQvwUhARYAAGDQAYrhX4" +
		"8Ail0AHgAwCLAEPZbvFBQTYonSWYGVwPwRv7DmYs6sHsqsZ/lMBRyr7EBJjnHsSYV085mXY+rMoMCVbWuIfXwhBxdNwpgYlpdIPBquYD9eT8/vq/7xya4+19V+cOENqKTVFAstn/e4i2uJdRgg01fQ" +
		"SHGAvSixmHKErpsgxdpubXpfDAxFc2ZLqFhfJaEAAAAAUZn3weCFkeQDwGbwPiEBFgAAAACiTZw64B9vAF5dADqdi0qTQN8QOPRG7ECAtHobJ9SpZyIpf2mpbHxOhcHl3FaBSwFpbd5fqjrwtichML" +
		"oKDBeWuuXOGpw+N1rlMrAuWI+4lsnbev6DzlxKOUZKZ5LqojoajAwdHtImjQAAAAAW3HnDuKtzmAAFvwGQvwWrAZC/BagBkL8FqgGQvwV+8D4AAAAApZJhAlWqqwcAAAAABFla"
)

func Decoded(t testing.TB, text string) []byte {
	t.Helper()
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Gzip compresses each part as a gzip member of its own.
func Gzip(t testing.TB, parts ...[]byte) []byte {
	t.Helper()
	var out bytes.Buffer
	for _, p := range parts {
		z := gzip.NewWriter(&out)
		if _, err := z.Write(p); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return out.Bytes()
}

// All compresses with each codec that it has a writer for.
func All(t testing.TB, data []byte) map[string][]byte {
	t.Helper()
	all := map[string][]byte{"gzip": Gzip(t, data)}
	for name, open := range map[string]func(io.Writer) (io.WriteCloser, error){
		"zstd": func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w) },
		"xz":   func(w io.Writer) (io.WriteCloser, error) { return xz.NewWriter(w) },
		"lz4":  func(w io.Writer) (io.WriteCloser, error) { return lz4.NewWriter(w), nil },
	} {
		var out bytes.Buffer
		z, err := open(&out)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := z.Write(data); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		all[name] = out.Bytes()
	}
	return all
}

// InMembers compresses parts of data by themselves, by each codec with a writer.
func InMembers(t testing.TB, data []byte, part int) map[string][]byte {
	all := make(map[string][]byte)
	for chunk := range slices.Chunk(data, part) {
		for name, packed := range All(t, chunk) {
			all[name] = append(all[name], packed...)
		}
	}
	return all
}

// InBlocks compresses data into one frame of lz4 with blocks of 64 KiB.
func InBlocks(t testing.TB, data []byte, options ...lz4.Option) []byte {
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

// HungryXZ compresses data to a stream that asks for a dictionary of 64 MiB.
func HungryXZ(t testing.TB, data []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := xz.WriterConfig{DictCap: 64 << 20}.NewWriter(&out)
	if err != nil {
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
