package packet

const (
	ipv4Len = 20 // without options
	ipv6Len = 40
)

// decodeIP decodes the IP packet at data[pos:] by the version that it states.
func decodeIP(v *View, data []byte, pos, wireLen int) {
	if pos >= len(data) {
		return
	}
	switch data[pos] >> 4 {
	case 4:
		decodeIPv4(v, data, pos, wireLen)
	case 6:
		decodeIPv6(v, data, pos, wireLen)
	}
}

// decodeIPv4 fills v from an IPv4 packet (RFC 791, section 3.1). It reports
// false, and leaves v alone, if the header is not plausible or not captured up
// to its addresses.
func decodeIPv4(v *View, data []byte, net, wireLen int) bool {
	h := data[net:]
	if len(h) < ipv4Len || h[0]>>4 != 4 {
		return false
	}
	headerLen := int(h[0]&0x0F) * 4
	total := int(be16(h[2:]))
	fragment := be16(h[6:])
	if total == 0 && h[9] == ProtoTCP && fragment&0x3FFF == 0 { // a segmentation-offload record
		total = wireLen - net
	}
	if headerLen < ipv4Len || total < headerLen {
		return false
	}
	v.Form, v.Version = Whole, 4
	v.Proto, v.TTL = h[9], h[8]
	v.Partial = fragment&0x3FFF != 0  // more fragments, or an offset
	v.Fragment = fragment&0x1FFF != 0 // an offset
	v.IPID = be16(h[4:])
	mapIPv4(&v.Src, h[12:16])
	mapIPv4(&v.Dst, h[16:20])
	v.place(net, net+headerLen, net+total, len(data))
	return true
}

func mapIPv4(a *Addr, b []byte) {
	a[10], a[11] = 0xFF, 0xFF
	copy(a[12:], b)
}

// place sets the positions. upper and end are where the upper-layer data begin
// and end on the wire; captured is where the captured bytes end.
func (v *View) place(net, upper, end, captured int) {
	v.Net = net
	v.End = min(end, captured)
	v.Upper = min(upper, v.End)
	v.UpperLen = end - upper
}

// decodeIPv6 fills v from an IPv6 packet (RFC 8200, section 3) with its whole
// header, or with one that a sniffer made up: no wire has the destination ::
// (RFC 4291, section 2.5.2) or the reserved Next Header 255. The data begin straight
// after a header that was made up, unless its Next Header says that extension headers
// were recorded too. It leaves v alone if the header is not captured.
func decodeIPv6(v *View, data []byte, net, wireLen int) {
	h := data[net:]
	if len(h) < ipv6Len {
		return
	}
	h = h[:ipv6Len]
	v.Version, v.TTL = 6, h[7]
	copy(v.Src[:], h[8:24])
	copy(v.Dst[:], h[24:40])
	upper, payload := net+ipv6Len, be16(h[4:])
	end := upper + int(payload)
	stub := v.Dst == (Addr{}) || h[6] == NoNextHeaderKnown
	switch v.Form = Whole; {
	case stub:
		v.Form, end = Stub, stubEnd(payload, upper, wireLen)
	case payload == 0:
		decodeLengthless(v, data, net, wireLen)
		return
	}
	upper, _ = v.walk(data, net, end)
	v.place(net, upper, end, len(data))
	if stub && v.Proto == ProtoNoNext && v.UpperLen > 0 {
		v.Proto = NoNextHeaderKnown
	}
}

// decodeLengthless goes on with a Payload Length of 0: a jumbogram (RFC 2675),
// a segmentation-offload record, or a packet without payload.
func decodeLengthless(v *View, data []byte, net, wireLen int) {
	upper, jumbo := v.walk(data, net, wireLen)
	end := upper
	switch {
	case jumbo > upper-net-ipv6Len:
		end = net + ipv6Len + jumbo
	case v.Proto == ProtoTCP && !v.Partial:
		end = wireLen
		v.Lengthless = wireLen > upper
	}
	v.place(net, upper, end, len(data))
}
