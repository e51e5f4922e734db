package handmade

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/mendcap/mendcap/internal/lab/squeeze"
)

// BrokenPcapng are pcapng files by what is wrong with them, at an offset: after a
// section header, an interface and one packet.
func BrokenPcapng() (at int, files map[string][]byte) {
	good := (&File{}).Section(littleEndian).Iface(1, 0).EPB(0, 1, "data").Buf
	whole := (&File{Order: littleEndian}).EPB(0, 2, "more").Buf
	with := func(tail ...[]byte) []byte { return slices.Concat(good, slices.Concat(tail...)) }
	patched := func(offset int, v uint32) []byte {
		p := bytes.Clone(whole)
		binary.LittleEndian.PutUint32(p[offset:], v)
		return with(p, whole)
	}
	return len(good), map[string][]byte{
		"cut in mid-packet":        with(whole[:20]),
		"cut in a block header":    with(whole[:7]),
		"cut before the trailer":   with(whole[:len(whole)-4]),
		"cut in a section's magic": with(good[:11]),
		"block length 0":           patched(4, 0),
		"block length 3":           patched(4, 3),
		"block length 8":           patched(4, 8),
		"block length 11":          patched(4, 11),
		"block length 0xFFFFFFFF":  patched(4, 0xFFFFFFFF),
		"block length 0xFFFFFFFC":  patched(4, 0xFFFFFFFC),
		"block length 60 MB":       patched(4, 60e6),
		"trailer":                  patched(len(whole)-4, 40),
		"captured length 2 GiB":    patched(20, 1<<31),
		"captured length 5":        patched(20, 5),
		"packet block too short":   with((&File{Order: littleEndian}).Block(typeEPB, make([]byte, 16)).Buf),
		"byte-order magic":         with(good[:8], []byte("magic...")),
		"section version": with((&File{Order: bigEndian}).Block(typeSection,
			[]byte("\x1a\x2b\x3c\x4d\x00\x02"), make([]byte, 10)).Buf),
		"interface too short":  with((&File{Order: littleEndian}).Block(typeInterface, make([]byte, 4)).Buf),
		"zeros":                with(make([]byte, 64), whole),
		"garbage":              with([]byte("garbage!"), whole),
		"the other byte order": with((&File{Order: bigEndian}).EPB(0, 2, "more").Buf, whole),
		"a pcap after it":      with(Pcap(littleEndian, magicMicro, 1, [2]uint32{1, 2})),
	}
}

// BrokenPcap are pcap files by what is wrong with them, at an offset: after the file
// header and one record.
func BrokenPcap() (at int, files map[string][]byte) {
	rec := Pcap(bigEndian, magicMicro, 1, [2]uint32{1, 2}, [2]uint32{3, 4})
	at = 24 + 17
	patched := func(captured uint32) []byte {
		p := bytes.Clone(rec)
		binary.BigEndian.PutUint32(p[at+8:], captured)
		return p
	}
	return at, map[string][]byte{
		"record cut":                     rec[:len(rec)-1],
		"record header cut":              rec[:at+3],
		"captured length 2 GiB":          patched(1 << 31),
		"captured length beyond the end": patched(3),
		"garbage":                        slices.Concat(rec[:at], []byte("garbage, garbage"), rec[at:]),
		"the other byte order":           slices.Concat(rec[:at], Pcap(littleEndian, magicMicro, 1, [2]uint32{3, 4})[24:]),
		"a pcapng after it":              slices.Concat(rec[:at], Everything()),
	}
}

// BrokenOthers are files that go wrong elsewhere, by what is wrong with them.
func BrokenOthers(t testing.TB) map[string][]byte {
	rec := Pcap(bigEndian, magicMicro, 1, [2]uint32{1, 2}, [2]uint32{3, 4})
	version := bytes.Clone(rec)
	version[5] = 3
	zipped := squeeze.Gzip(t, rec)
	broken := bytes.Clone(zipped)
	broken[len(broken)-8] ^= 1 // the checksum
	return map[string][]byte{
		"empty":            nil,
		"empty gzip":       squeeze.Gzip(t, nil),
		"text":             []byte("No.,Time,Source\n"),
		"short text":       []byte("hi"),
		"text in gzip":     squeeze.Gzip(t, []byte("hello, world")),
		"lines":            []byte("\n\r\r\nhello, world"),
		"start of pcapng":  []byte("\n\r\r\n\x1c\x00\x00\x00"),
		"start of pcap":    rec[:10],
		"pcap version":     version,
		"gzip cut":         zipped[:len(zipped)-1],
		"gzip checksum":    broken,
		"behind gzip":      append(squeeze.Gzip(t, rec), "rest of it"...),
		"gzip data":        append(bytes.Clone(zipped[:10]), bytes.Repeat([]byte{0xFF}, 40)...),
		"gzip header":      []byte("\x1f\x8b is not enough"),
		"gzip header only": zipped[:8],
	}
}
