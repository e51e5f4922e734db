package salvage

import (
	"slices"

	"github.com/mendcap/mendcap/internal/capture"
)

// turn gives a block of pcapng in the other byte order, nil where its kind is
// not known well enough: packets, interfaces and statistics are.
func turn(raw []byte, fromBig bool) []byte {
	t := &turning{raw: append([]byte(nil), raw...), fromBig: fromBig}
	typ, end := capture.U32(raw, fromBig), len(raw)-capture.TrailerLen
	t.words(0, 8)
	t.words(end, len(raw))
	switch typ {
	case capture.TypeEPB, capture.TypePB:
		if typ == capture.TypePB {
			t.halves(8, 12)
		} else {
			t.words(8, 12)
		}
		t.words(12, capture.EnhancedFixed)
		t.options(capture.EnhancedFixed+capture.Padded(int(capture.U32(raw[20:], fromBig))), end, [...]uint16{capture.OptFlags, 6}, [...]uint16{capture.OptDropCount, 5})
	case capture.TypeSPB:
		t.words(8, capture.SimpleFixed)
	case capture.TypeInterface:
		t.halves(8, 12)
		t.words(12, capture.InterfaceFixed)
		t.options(capture.InterfaceFixed, end, [2]uint16{}, [...]uint16{8, capture.OptOffset}) // if_speed
	case capture.TypeStats:
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
	order := capture.OrderOf(t.fromBig)
	for from+4 <= end {
		code, n := order.Uint16(t.raw[from:]), int(order.Uint16(t.raw[from+2:]))
		at := from + 4
		t.halves(from, at)
		if code == 0 || at+capture.Padded(n) > end { // opt_endofopt
			return
		}
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
		from = at + capture.Padded(n)
	}
}

// turnNames gives a name resolution block with the headers of its records in
// the other byte order.
func turnNames(raw []byte, big bool) []byte {
	order := capture.OrderOf(!big)
	t := &turning{raw: append([]byte(nil), raw...)}
	for at, end := 8, len(raw)-capture.TrailerLen; at+4 <= end; {
		n := capture.Padded(int(order.Uint16(raw[at+2:])))
		t.halves(at, at+4)
		if order.Uint16(raw[at:]) == 0 {
			break
		}
		at += 4 + n
	}
	return t.raw
}
