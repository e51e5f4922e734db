package capture

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"testing"
)

func TestAddresses(t *testing.T) {
	four, six := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")
	order := binary.BigEndian
	v4, v6 := four.As4(), six.As16()
	block := func(kind uint32, fixed int, body []byte) *Block {
		raw := make([]byte, fixed)
		order.PutUint32(raw, kind)
		raw = append(raw, body...)
		return &Block{Type: kind, Order: order, Raw: append(raw, 0, 0, 0, 0)}
	}
	tests := []struct {
		name string
		b    *Block
		want []netip.Addr
	}{
		{"interface", block(TypeInterface, InterfaceFixed, AppendOption(AppendOption(nil, order, optIPv4, string(v4[:])+"\xFF\xFF\xFF\x00"),
			order, optIPv6, string(v6[:])+"\x40")), []netip.Addr{four, six}},
		{"interface, value too short", block(TypeInterface, InterfaceFixed, AppendOption(nil, order, optIPv6, "short")), nil},
		{"names", block(TypeNames, 8, AppendOption(AppendOption(nil, order, recordIPv6, string(v6[:])+"www.example\x00"),
			order, recordIPv4, string(v4[:])+"a\x00")), []netip.Addr{six, four}},
		{"names, record beyond the end", block(TypeNames, 8, []byte{0, recordIPv6, 0, 200, 1, 2, 3, 4}), nil},
		{"names, end first", block(TypeNames, 8, append([]byte{0, 0, 0, 0}, AppendOption(nil, order, recordIPv6, string(v6[:]))...)), nil},
		{"another", block(TypeStats, 8, nil), nil},
	}
	for _, test := range tests {
		if got := test.b.Addresses(); !slices.Equal(got, test.want) {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
}
