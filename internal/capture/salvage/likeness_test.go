package salvage

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"testing"

	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/lab/handmade"
)

// A packet that ends within any of its headers resembles what it may be, and no more.
func TestResemblesWhateverIsLeft(t *testing.T) {
	ip4, ip6 := handmade.IPv4(20, 0), make([]byte, 40)
	ip6[0] = 0x60
	binary.BigEndian.PutUint16(ip6[4:], 8)
	tags := func(n int, etherType string, ip []byte) []byte {
		p := make([]byte, 12)
		for range n {
			p = append(p, 0x81, 0, 0, 7)
		}
		return append(append(p, etherType...), ip...)
	}
	for name, test := range map[string]struct {
		link uint16
		head int
		data []byte
		own  int
	}{
		"IPv4":          {linkRaw, 0, ip4, 20},
		"IPv6":          {linkIPv6, 0, ip6, 48},
		"Ethernet":      {linkEthernet, 14, tags(0, "\x08\x00", ip4), 34},
		"three tags":    {linkEthernet, 26, tags(3, "\x86\xdd", ip6), 74},
		"BSD loopback":  {linkNull, 4, append([]byte{0, 0, 0, 2}, ip4...), 24},
		"Linux cooked":  {linkSLL, 16, append(append(make([]byte, 14), 8, 0), ip4...), 36},
		"Linux cooked2": {linkSLL2, 20, append(append([]byte{8, 0}, make([]byte, 18)...), ip4...), 40},
	} {
		for n := range len(test.data) + 1 {
			l, own := resemble(test.link, bytes.Clone(test.data[:n]))
			if n < test.head+20 {
				if l != neutral || own != 0 {
					t.Errorf("%s, %d bytes: got %d and a length of %d, want %d and none", name, n, l, own, neutral)
				}
			} else if l != exactly || own != test.own {
				t.Errorf("%s, %d bytes: got %d and a length of %d, want %d and %d", name, n, l, own, exactly, test.own)
			}
		}
	}
}

// A damaged capture whose packets end after the third of their VLAN tags is read.
func TestPacketsEndAfterTags(t *testing.T) {
	for n := 22; n <= 26; n++ {
		data := handmade.Pcap(littleEndian, magicMicro, linkEthernet)
		f := &handmade.File{Order: littleEndian}
		packet := append(make([]byte, 12), bytes.Repeat([]byte{0x81, 0, 0, 7}, 4)...)[:n]
		for i := range uint32(20) {
			data = append(data, slices.Concat(f.U32(1700000000+i), f.U32(i), f.U32(uint32(n)), f.U32(uint32(n)), packet)...)
		}
		data[24+5*(16+n)+11] = 0x7F // of a captured length
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			if got := salvage(t, data, capture.ReaderOptions{}); got.err != nil || len(packets(got.blocks)) < 19 {
				t.Errorf("got %d packets and %v, want 19 at least", len(packets(got.blocks)), got.err)
			}
		})
	}
}
