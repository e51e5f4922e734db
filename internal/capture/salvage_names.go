package capture

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

// turnNames gives a name resolution block with the headers of its records in
// the other byte order.
func turnNames(raw []byte, big bool) []byte {
	order := OrderOf(!big)
	t := &turning{raw: append([]byte(nil), raw...)}
	for at, end := 8, len(raw)-TrailerLen; at+4 <= end; {
		n := Padded(int(order.Uint16(raw[at+2:])))
		t.halves(at, at+4)
		if order.Uint16(raw[at:]) == 0 {
			break
		}
		at += 4 + n
	}
	return t.raw
}
