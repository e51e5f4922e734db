package pipeline_test

import (
	"context"
	"encoding/binary"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/pipeline"
)

// bareQuery is a DNS query from 2001:db8::10 after a header that the sniffer
// made up; it went to 2001:db8::9b2f:64d1:52.
func bareQuery() []byte {
	src := netip.MustParseAddr("2001:db8::10").As16()
	ip := []byte{0x60, 0, 0, 0, 0, 20, 255, 0}
	ip = append(append(ip, src[:]...), make([]byte, 16)...)
	return append(ip, 0xC0, 0x00, 0x00, 0x35, 0x00, 0x14, 0xD0, 0x86, 0x12, 0x34, 0x01, 0x00, 0x00, 0x01, 0, 0, 0, 0, 0, 0)
}

// What the capture file states of addresses, and what the user does, are
// candidates: without any of them the destination stays open.
func TestStatedAddresses(t *testing.T) {
	to := netip.MustParseAddr("2001:db8::9b2f:64d1:52")
	raw := to.As16()
	le := binary.LittleEndian
	option := func(code uint16, value []byte) []byte {
		b := le.AppendUint16(le.AppendUint16(nil, code), uint16(len(value)))
		b = append(b, value...)
		for len(b)%4 != 0 {
			b = append(b, 0)
		}
		return b
	}
	names := option(2, append(raw[:], "www.example\x00"...))
	address := option(5, append(raw[:], 64))
	tests := []struct {
		name             string
		names, addresses []byte
		o                pipeline.Options
		want             string // evidence; "" for none
	}{
		{"nothing", nil, nil, pipeline.Options{}, ""},
		{"name resolution block", names, nil, pipeline.Options{}, "neighbor-table"},
		{"interface address", nil, address, pipeline.Options{}, "local-address"},
		{"stated by the user", nil, nil, pipeline.Options{Local: []netip.Addr{to}}, "local-address"},
	}
	for _, test := range tests {
		dir := t.TempDir()
		in, out := filepath.Join(dir, "in.pcapng"), filepath.Join(dir, "out.pcapng")
		packet := bareQuery()
		head := le.AppendUint32(le.AppendUint32(make([]byte, 12), uint32(len(packet))), uint32(len(packet)))
		file := block(capture.TypeSection, []byte{0x4D, 0x3C, 0x2B, 0x1A, 1, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255})
		file = append(file, block(capture.TypeInterface, []byte{101, 0, 0, 0, 0, 0, 0, 0}, test.addresses)...)
		if test.names != nil {
			file = append(file, block(capture.TypeNames, test.names, []byte{0, 0, 0, 0})...)
		}
		file = append(file, block(capture.TypeEPB, head, packet)...)
		if err := os.WriteFile(in, file, 0o644); err != nil {
			t.Fatal(err)
		}
		r, err := pipeline.File(context.Background(), in, out, test.o)
		if err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		want := int64(0)
		if test.want != "" {
			want = 1
		}
		d, by := r.Inference.Destination, r.Inference.ByEvidence[test.want]+r.Inference.LikelyByEvidence[test.want]
		if d.Proved+d.Likely != want || test.want != "" && by != 1 {
			t.Errorf("%s: got %+v, want %d destination by %q", test.name, r.Inference, want, test.want)
		}
	}
}
