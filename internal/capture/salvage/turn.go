package salvage

import (
	"slices"

	"github.com/mendcap/mendcap/internal/capture"
)

// numbers are the numbers of a type of block whose places are known.
type numbers struct {
	widths  []int             // of those after its length, up to data and options, bytes
	options map[uint16]number // by their codes
}

// number is what an option of some bytes holds: numbers of so many bytes each.
type number struct{ length, width int }

// blockNumbers are the types of pcapng that can be turned: packets, interfaces and
// statistics.
var blockNumbers = map[uint32]numbers{
	capture.TypeEPB:       {[]int{4, 4, 4, 4, 4}, packetNumbers},
	capture.TypePB:        {[]int{2, 2, 4, 4, 4, 4}, packetNumbers},
	capture.TypeSPB:       {[]int{4}, nil},
	capture.TypeInterface: {[]int{2, 2, 4}, map[uint16]number{8: {8, 8}, capture.OptOffset: {8, 8}}}, // 8: if_speed
	capture.TypeStats: {[]int{4, 4, 4}, map[uint16]number{
		2: {8, 4}, 3: {8, 4}, // isb_starttime, isb_endtime
		4: {8, 8}, 5: {8, 8}, 6: {8, 8}, 7: {8, 8}, 8: {8, 8},
	}},
}

// packetNumbers are the options of packets that hold numbers; 5 is epb_packetid and 6
// epb_queue.
var packetNumbers = map[uint16]number{
	capture.OptFlags: {4, 4}, capture.OptDropCount: {8, 8}, 5: {8, 8}, 6: {4, 4},
}

// turn gives a block of pcapng in the other byte order, nil where its type is not
// known well enough.
func turn(raw []byte, fromBig bool) []byte {
	typ, end := capture.U32(raw, fromBig), len(raw)-capture.TrailerLen
	known, ok := blockNumbers[typ]
	if !ok {
		return nil
	}
	t, at := slices.Clone(raw), 8
	reverse(t, 0, at, 4)
	for _, width := range known.widths {
		reverse(t, at, at+width, width)
		at += width
	}
	reverse(t, end, len(t), 4)
	switch typ {
	case capture.TypeEPB, capture.TypePB:
		at += capture.Padded(int(capture.U32(raw[20:], fromBig)))
	case capture.TypeSPB:
		at = end
	}
	reverseOptions(t[:end], at, fromBig, known.options)
	return t
}

// reverse turns the numbers of a width between two offsets.
func reverse(p []byte, from, to, width int) {
	for ; from+width <= to; from += width {
		slices.Reverse(p[from : from+width])
	}
}

// reverseOptions turns the headers of a list from an offset to the end of p, and the
// numbers of those options that are known to hold some.
func reverseOptions(p []byte, at int, fromBig bool, known map[uint16]number) {
	order := capture.OrderOf(fromBig)
	for at+4 <= len(p) {
		code, n := order.Uint16(p[at:]), int(order.Uint16(p[at+2:]))
		reverse(p, at, at+4, 2)
		at += 4
		next := at + capture.Padded(n)
		if code == 0 || next > len(p) { // opt_endofopt
			return
		}
		if v, ok := known[code]; ok && v.length == n {
			reverse(p, at, at+n, v.width)
		}
		at = next
	}
}
