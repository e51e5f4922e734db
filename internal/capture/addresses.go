package capture

import (
	"encoding/binary"
	"net/netip"
)

// Options of an interface description that name an address (section 4.2).
const (
	optIPv4 = 4 // if_IPv4addr: address and mask
	optIPv6 = 5 // if_IPv6addr: address and prefix length
)

// Record types of a name resolution block (section 4.5).
const (
	recordEnd  = 0
	recordIPv4 = 1
	recordIPv6 = 2
)

// Addresses gives the IP addresses that a name resolution block has names for,
// or that an interface description states as the interface's own; nil for any
// other block.
func (b *Block) Addresses() (list []netip.Addr) {
	switch b.Type {
	case TypeInterface:
		options := b.optionList()
		for {
			o, rest, ok, _ := nextOption(options, b.Order)
			if !ok {
				return list
			}
			switch {
			case o.code == optIPv4 && len(o.value) >= 4:
				list = append(list, netip.AddrFrom4([4]byte(o.value)))
			case o.code == optIPv6 && len(o.value) >= 16:
				list = append(list, netip.AddrFrom16([16]byte(o.value)))
			}
			options = rest
		}
	case TypeNames:
		const fixed = 8
		if len(b.Raw) >= fixed+TrailerLen {
			return namedAddresses(b.Raw[fixed:len(b.Raw)-TrailerLen], b.Order)
		}
	}
	return nil
}

// namedAddresses reads the records of a name resolution block, which have the
// form of options.
func namedAddresses(records []byte, order binary.ByteOrder) (list []netip.Addr) {
	for len(records) >= 4 {
		kind, n := order.Uint16(records), int(order.Uint16(records[2:]))
		if kind == recordEnd || 4+Padded(n) > len(records) {
			return list
		}
		switch value := records[4 : 4+n]; {
		case kind == recordIPv4 && n >= 4:
			list = append(list, netip.AddrFrom4([4]byte(value)))
		case kind == recordIPv6 && n >= 16:
			list = append(list, netip.AddrFrom16([16]byte(value)))
		}
		records = records[4+Padded(n):]
	}
	return list
}

// FittingNames says whether the records of a name resolution block fit it
// (section 4.5).
func FittingNames(list []byte, big bool) bool {
	order := OrderOf(big)
	for len(list) >= 4 {
		typ, n := order.Uint16(list), Padded(int(order.Uint16(list[2:])))
		if typ == 0 { // nrb_record_end; options follow
			return CheckOptions(list[4:], order) == nil
		}
		if n > len(list)-4 {
			return false
		}
		list = list[4+n:]
	}
	return len(list) == 0
}
