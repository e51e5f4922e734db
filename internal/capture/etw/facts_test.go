package etw

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
)

func TestProviders(t *testing.T) {
	s := NewSurvey()
	other := GUID{15: 1}
	for _, g := range []GUID{other, PktMon, other, WFP, other} {
		s.Add(&Event{Provider: g})
	}
	s.Add(&Event{Provider: NDISPacketCapture, ID: ndisFragment, Classic: true})
	want := []Provider{
		{other, "provider 00000000-0000-0000-0000-000000000001", 3},
		{WFP, "Microsoft-Pef-WFP-MessageProvider", 1},
		{NDISPacketCapture, "Microsoft-Windows-NDIS-PacketCapture", 1},
		{PktMon, "Microsoft-Windows-PktMon", 1},
	}
	if got := s.Providers(); !slices.Equal(got, want) || s.Packets() != 0 || s.Facts().Malformed != 0 {
		t.Errorf("providers: got %v, want %v", got, want)
	}
	for i := range maxProviders {
		s.Add(&Event{Provider: GUID{0: byte(i), 1: byte(i >> 8), 2: 9}})
	}
	got := s.Providers()
	if last := got[len(got)-1]; len(got) != maxProviders+1 || last.Name != "other providers" || last.Events != 4 {
		t.Errorf("too many providers: got %d, the last %v", len(got), got[len(got)-1])
	}
}

// Lists have limits, and what is beyond them is counted.
func TestFactsAreBounded(t *testing.T) {
	s := NewSurvey()
	a := netip.MustParseAddr("192.0.2.1")
	for i := range maxConnections + 5 {
		s.Add(&Event{Provider: WFP, ID: wfpConnection4, Data: fields(a, a, uint16(1), uint16(2), uint64(3), uint8(0), uint8(6), uint64(4), uint64(i), uint16(0))})
	}
	for i := range uint32(maxDrops + 7) {
		s.Add(&Event{Provider: WFP, ID: wfpDiscard, Data: fields(uint8(0), i, uint64(0))})
	}
	f := s.Facts()
	if len(f.Connections) != maxConnections || len(f.Discards) != maxDrops || f.Unlisted != 12 {
		t.Errorf("got %d connections, %d discards, %d unlisted, want %d, %d, 12", len(f.Connections), len(f.Discards), f.Unlisted, maxConnections, maxDrops)
	}
	for i := range maxComponents + 3 {
		s.Add(&Event{Provider: PktMon, ID: pktmonComponent, Data: fields(uint16(i), uint16(2), "a", "b")})
	}
	if n := len(s.stack.components); n != maxComponents {
		t.Errorf("components: got %d, want %d", n, maxComponents)
	}
}

// Text of events can't do harm where it is shown.
func TestText(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"Wi-Fi \u00fc \u4e2d", "Wi-Fi \u00fc \u4e2d"}, {"\U0001F600!", "\U0001F600!"}, {"a\x1b[31m\nb", "a\uFFFD[31m\uFFFDb"},
		{"\u202ea", "\uFFFDa"}, {strings.Repeat("x", 300), strings.Repeat("x", maxText)},
	} {
		if got := decodeText(fields(test.text)[:2*len([]rune(test.text))+2*strings.Count(test.text, "\U0001F600")]); got != test.want {
			t.Errorf("%q: got %q, want %q", test.text, got, test.want)
		}
	}
	for _, test := range []struct {
		units []byte
		want  string
	}{{[]byte{0x3D, 0xD8}, "\uFFFD"}, {[]byte{0x3D, 0xD8, 'a', 0}, "\uFFFDa"}, {[]byte{0, 0xDE, 'a', 0, 'b'}, "\uFFFDa"}, {nil, ""}} {
		if got := decodeText(test.units); got != test.want {
			t.Errorf("%x: got %q, want %q", test.units, got, test.want)
		}
	}
}
