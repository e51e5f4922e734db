package witness

import (
	"math/rand/v2"
)

// Types of fields (TDH_INTYPE_* of tdh.h).
const (
	int8Type    = 4
	int16Type   = 6
	int32Type   = 8
	binaryType  = 14
	pointerType = 16
)

// field is one field of an event.
type field struct {
	name   string
	kind   uint16
	value  any
	before bool // the field before it is its length
}

// kind names the events that have one layout. Providers are GUIDs as they are stored.
type kind struct {
	provider string
	id       uint16
}

// layouts are the orders of fields: those of the manifests, or others, which the trace
// then states.
type layouts struct {
	rng     *rand.Rand
	shuffle bool
	orders  map[kind][]int
	stated  [][]byte // TRACE_EVENT_INFO of each
}

// write is the user data of an event with these fields, which are in the manifest's order.
func (l *layouts) write(of kind, fields []field) (b []byte) {
	order, known := l.orders[of]
	if !known {
		order = l.order(fields)
		l.orders[of] = order
		if l.shuffle {
			l.stated = append(l.stated, eventInfo(of, fields, order))
		}
	}
	for _, i := range order {
		b = put(b, fields[i].value)
	}
	return b
}

// order is in which order fields are written. A length stays before its bytes.
func (l *layouts) order(fields []field) (order []int) {
	var parts [][]int
	for i, f := range fields {
		if f.before {
			parts[len(parts)-1] = append(parts[len(parts)-1], i)
		} else {
			parts = append(parts, []int{i})
		}
	}
	if l.shuffle {
		l.rng.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	}
	for _, part := range parts {
		order = append(order, part...)
	}
	return order
}

// eventInfo is TRACE_EVENT_INFO: 112 bytes, then 24 for each property, then the names.
func eventInfo(of kind, fields []field, order []int) []byte {
	b := put(nil, []byte(of.provider), make([]byte, 16), of.id, uint8(0), uint8(16), uint8(4), uint8(0), uint16(0), uint64(1))
	b = put(b, make([]byte, 52), uint32(len(fields)), uint32(len(fields)), uint32(0))
	names := len(b) + 24*len(fields)
	var text []byte
	for at, i := range order {
		f, flags, length := fields[i], uint32(0), uint16(0)
		if f.before {
			flags, length = 2, uint16(at-1)
		}
		b = put(b, flags, uint32(names+len(text)), f.kind, uint16(0), uint32(0), uint16(1), length, uint32(0))
		text = put(text, f.name)
	}
	return append(b, text...)
}
