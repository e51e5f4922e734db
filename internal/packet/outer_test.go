package packet

import "testing"

// Where no IP packet can be made out, it is told whether there is one that was not read.
func TestUnreadOuter(t *testing.T) {
	frame := func(kind uint16, rest ...byte) []byte {
		return append(append(make([]byte, 12), byte(kind>>8), byte(kind)), rest...)
	}
	short := append([]byte{0x45, 0, 0, 40}, make([]byte, 6)...)
	for _, test := range []struct {
		about string
		link  LinkType
		data  []byte
		wire  int
		want  Unread
	}{
		{"a link type that is not read", 220, make([]byte, 64), 0, NoDecoder},
		{"ARP", Ethernet, frame(0x0806, make([]byte, 28)...), 0, AllRead},
		{"an EtherType that is not known", Ethernet, frame(0x8899, make([]byte, 28)...), 0, AllRead},
		{"MACsec", Ethernet, frame(0x88E5, make([]byte, 28)...), 0, Hidden},
		{"IPv4, cut in its header", Ethernet, frame(etherIPv4, short...), 60, CutOff},
		{"IPv4 with a header that is too short", Raw, append([]byte{0x42}, make([]byte, 39)...), 0, CutOff},
		{"another version than IP has", Raw, make([]byte, 40), 0, CutOff},
		{"cut before IP", Ethernet, frame(etherIPv4), 60, CutOff},
		{"an EtherType alone", Ethernet, frame(etherIPv4), 0, AllRead},
	} {
		var v View
		if Decode(&v, test.link, test.data, test.wire, 0); v.Form != NoIP {
			t.Errorf("%s: got form %d, want none", test.about, v.Form)
		}
		if got := UnreadOuter(test.link, test.data, test.wire); got != test.want {
			t.Errorf("%s: got %q, want %q", test.about, got, test.want)
		}
	}
}
