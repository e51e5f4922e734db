package capture

import "slices"

// turn gives a block of pcapng in the other byte order, nil where its kind is
// not known well enough: packets, interfaces and statistics are.
func turn(raw []byte, fromBig bool) []byte {
	t := &turning{raw: append([]byte(nil), raw...), fromBig: fromBig}
	typ, end := U32(raw, fromBig), len(raw)-TrailerLen
	t.words(0, 8)
	t.words(end, len(raw))
	switch typ {
	case TypeEPB, TypePB:
		if typ == TypePB {
			t.halves(8, 12)
		} else {
			t.words(8, 12)
		}
		t.words(12, EnhancedFixed)
		t.options(EnhancedFixed+Padded(int(U32(raw[20:], fromBig))), end, [...]uint16{OptFlags, 6}, [...]uint16{OptDropCount, 5})
	case TypeSPB:
		t.words(8, SimpleFixed)
	case TypeInterface:
		t.halves(8, 12)
		t.words(12, InterfaceFixed)
		t.options(InterfaceFixed, end, [2]uint16{}, [...]uint16{8, OptOffset}) // if_speed
	case TypeStats:
		t.words(8, 20)
		t.options(20, end, [2]uint16{}, [2]uint16{}, 2, 3, 4, 5, 6, 7, 8)
	default:
		return nil
	}
	return t.raw
}

// turning is a block that is being turned.
type turning struct {
	raw     []byte
	fromBig bool
}

func (t *turning) swap(from, to, width int) {
	for ; from+width <= to; from += width {
		slices.Reverse(t.raw[from : from+width])
	}
}

func (t *turning) words(from, to int)  { t.swap(from, to, 4) }
func (t *turning) halves(from, to int) { t.swap(from, to, 2) }

// options turns the headers of a list, and the values of those options that
// hold a number of four bytes, of eight bytes, or of two times four.
func (t *turning) options(from, end int, fours, eights [2]uint16, pairs ...uint16) {
	order := OrderOf(t.fromBig)
	for from < end {
		o, _, ok, err := NextOption(t.raw[from:end], order)
		if !ok || err != nil {
			t.halves(from, min(from+4, end)) // opt_endofopt
			return
		}
		code, at, n := o.code, from+4, len(o.value)
		t.halves(from, at)
		switch {
		case n == 4 && slices.Contains(fours[:], code):
			t.words(at, at+4)
		case n == 8 && slices.Contains(eights[:], code):
			t.swap(at, at+8, 8)
		case n == 8 && slices.Contains(pairs, code) && code <= 3: // isb_starttime, isb_endtime
			t.words(at, at+8)
		case n == 8 && slices.Contains(pairs, code):
			t.swap(at, at+8, 8)
		}
		from = at + Padded(n)
	}
}
