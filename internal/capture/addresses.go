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
	recordIPv4 = 1
	recordIPv6 = 2
)

// Addresses gives the IP addresses that a name resolution block has names for,
// or that an interface description states as the interface's own; nil for any
// other block.
func (b *Block) Addresses() []netip.Addr {
	switch {
	case b.Type == TypeInterface:
		return addresses(b.optionList(), b.Order, optIPv4, optIPv6)
	case b.Type == TypeNames && len(b.Raw) >= BlockMin:
		return addresses(b.Raw[8:len(b.Raw)-TrailerLen], b.Order, recordIPv4, recordIPv6)
	}
	return nil
}

// addresses gives those in a list of options, or of the records of a name resolution
// block, which have their form.
func addresses(list []byte, order binary.ByteOrder, four, six uint16) (found []netip.Addr) {
	for o := range options(list, order) {
		switch {
		case o.code == four && len(o.value) >= 4:
			found = append(found, netip.AddrFrom4([4]byte(o.value)))
		case o.code == six && len(o.value) >= 16:
			found = append(found, netip.AddrFrom16([16]byte(o.value)))
		}
	}
	return found
}

// FittingNames says whether the records of a name resolution block fit it
// (section 4.5), and the options that may follow them.
func FittingNames(list []byte, big bool) bool {
	order := OrderOf(big)
	for o := range options(list, order) {
		list = list[len(o.raw):]
	}
	return len(list) == 0 || optionSize(list, big) == 0 && optionsFit(list[4:], order)
}
