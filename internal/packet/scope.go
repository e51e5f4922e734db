package packet

// The kinds of address that RFC 4291, section 2.4, tells by their first bits.

// IsUnspecified reports whether a is ::.
func (a Addr) IsUnspecified() bool { return a == Addr{} }

// IsLoopback reports whether a is ::1.
func (a Addr) IsLoopback() bool { return a == Addr{15: 1} }

// IsMulticast reports whether a is a group's (ff00::/8).
func (a Addr) IsMulticast() bool { return a[0] == 0xFF }

// IsLinkLocal reports whether a is a link-local unicast address (fe80::/10).
func (a Addr) IsLinkLocal() bool { return a[0] == 0xFE && a[1]&0xC0 == 0x80 }

// IsSolicitedNode reports whether a is the group of the neighbors of some
// address (RFC 4291, section 2.7.1).
func (a Addr) IsSolicitedNode() bool {
	return [13]byte(a[:13]) == [13]byte{0: 0xFF, 1: 0x02, 11: 0x01, 12: 0xFF}
}

// IsMapped reports whether a is an IPv4 address (::ffff:0:0/96).
func (a Addr) IsMapped() bool {
	return [12]byte(a[:12]) == [12]byte{10: 0xFF, 11: 0xFF}
}

// InUse reports whether a is of a range that IANA has given out: global unicast
// (2000::/3), unique local (fc00::/7), link-local, translated (64:ff9b::/32,
// RFC 6052 and 8215), a group, :: or ::1.
func (a Addr) InUse() bool {
	switch {
	case a[0]>>5 == 1, a[0]&0xFE == 0xFC, a.IsLinkLocal(), a.IsMulticast():
		return true
	case a[0] == 0 && a[1] == 0x64:
		return a[2] == 0xFF && a[3] == 0x9B
	}
	return a.IsUnspecified() || a.IsLoopback()
}
