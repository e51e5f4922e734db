package capture

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// sample reads a shared sample, or skips the test where there are none.
func sample(t *testing.T, name string) []byte {
	t.Helper()
	dir := os.Getenv("MENDCAP_SAMPLES")
	if dir == "" {
		t.Skip("MENDCAP_SAMPLES is not set")
	}
	data, err := os.ReadFile(filepath.Join(dir, "captures", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// The counts are capinfos 4.0's.
func TestSamples(t *testing.T) {
	for name, frames := range map[string]int{
		"pktmon-converted.pcapng":      114,
		"rawcap-loopback.pcap":         10233,
		"public/be-test202.pcapng":     8,
		"public/dccp-v6.pcap":          9,
		"public/http-206.pcap":         672,
		"public/le-test008.pcapng":     4,
		"public/le-test902.pcapng":     1,
		"public/mdns.pcap":             3141,
		"public/ospfv3-ah.cap":         61,
		"public/reddit.pcap":           1942,
		"public/two-interfaces.pcapng": 159,
		"public/test007.ntar":          1, // a simple packet block longer than its snap length, which tshark refuses
	} {
		t.Run(name, func(t *testing.T) {
			data := sample(t, name)
			blocks := mustRead(t, data)
			if got := len(packets(blocks)); got != frames {
				t.Errorf("got %d packets, want %d", got, frames)
			}
			out := write(t, copyAll(blocks))
			if blocks[0].Pcap {
				samePackets(t, mustRead(t, out), blocks)
			} else if !bytes.Equal(out, data) {
				t.Errorf("a copy of %d bytes differs from the file of %d", len(out), len(data))
			}
		})
	}
}

// samePackets says whether two captures have the same packets, byte for byte
// and tick for tick.
func samePackets(t *testing.T, gotBlocks, wantBlocks []Block) {
	t.Helper()
	got, want := packets(gotBlocks), packets(wantBlocks)
	if len(got) != len(want) {
		t.Fatalf("got %d packets, want %d", len(got), len(want))
	}
	for n := range want {
		g, w := &got[n], &want[n]
		if g.Ticks != w.Ticks || g.HasStamp != w.HasStamp || g.OrigLen != w.OrigLen || !bytes.Equal(g.Data, w.Data) ||
			g.Interface.Resol != w.Interface.Resol || g.Interface.LinkType != w.Interface.LinkType {
			t.Fatalf("frame %d: got %+v on %+v, want %+v on %+v", n+1, *g, *g.Interface, *w, *w.Interface)
		}
	}
}

// The frames are those that Wireshark 4.0 reads before it stops.
func TestDamagedSamples(t *testing.T) {
	for _, test := range []damaged{
		{name: "public/bad-end.pcap", want: ErrTooLarge, frame: 851, offset: 543036, blocks: 853},
		{name: "public/blocks-merged.pcapng", want: ErrTooLarge, frame: 493, offset: 55108, blocks: 496},
		{name: "public/shb-option-too-long.pcapng", want: ErrTrailer},
		{name: "public/iphttps.cap", want: ErrNotCapture},
		{name: "pktmon.etl", want: ErrNotCapture},
	} {
		t.Run(test.name, func(t *testing.T) {
			blocks, err := readAll(bytes.NewReader(sample(t, test.name)), ReaderOptions{})
			var broken *FormatError
			if !errors.As(err, &broken) || !errors.Is(err, test.want) {
				t.Fatalf("got error %v, want a FormatError of %v", err, test.want)
			}
			if broken.Frame != test.frame || broken.Offset != test.offset || len(blocks) != test.blocks {
				t.Errorf("%v: %d blocks, want frame %d offset %d, %d blocks", err, len(blocks), test.frame, test.offset, test.blocks)
			}
			if n := int64(len(packets(blocks))); n != test.frame {
				t.Errorf("got %d packets, want %d", n, test.frame)
			}
		})
	}
}

func TestSampleDetails(t *testing.T) {
	interfaces := func(name string) (found []*Interface, sections int) {
		for _, b := range mustRead(t, sample(t, name)) {
			switch b.Kind {
			case Iface:
				found = append(found, b.Interface)
			case Section:
				sections++
			}
		}
		return found, sections
	}
	if found, sections := interfaces("public/be-test202.pcapng"); len(found) != 5 || sections != 3 {
		t.Errorf("be-test202: got %d interfaces in %d sections, want 5 in 3", len(found), sections)
	}
	if found, _ := interfaces("public/le-test902.pcapng"); found[0].Resolution() != "2^-8 s" {
		t.Errorf("le-test902: got resolution %s, want 2^-8 s", found[0].Resolution())
	}
	found, _ := interfaces("public/le-test008.pcapng")
	for _, i := range found {
		if v, ok := findOption(i.options, i.order, OptOffset); !ok || len(v) != 8 || i.Offset != 0 || i.Resol != 9 {
			t.Errorf("le-test008: got if_tsoffset % x, offset %d, %s, want 8 zero bytes, 0, 10^-9 s", v, i.Offset, i.Resolution())
		}
	}
	comments := 0
	for _, b := range mustRead(t, sample(t, "public/two-interfaces.pcapng")) {
		if b.Kind == Packet {
			comments += len(b.Comments())
		}
	}
	if comments != 100 {
		t.Errorf("two-interfaces: got %d packet comments, want 100", comments)
	}
}
