package convert

import "github.com/mendcap/mendcap/internal/capture/etw"

// Dropper is who dropped packets of the host, and why.
type Dropper struct{ By, Reason string }

// Dropped is a packet that is here as the host dropped it.
type Dropped struct {
	Number int64 // in the file
	By     int32 // its place among the droppers
	Again  bool  // the file had told of the same drop before
}

// maxDropped is how many dropped packets are kept of a file, 16 bytes each.
const maxDropped = 1 << 20

// drops are packets that the host dropped, in the order of their numbers.
type drops struct {
	by       []Dropper
	index    map[[2]uint32]int32 // of by: a component and a reason
	packets  []Dropped
	unlisted int64
}

// add takes in a packet that has a number in the file, if it was dropped.
func (d *drops) add(p *etw.Packet, number int64) {
	if p == nil {
		return
	}
	component, reason, again, ok := p.Drop()
	switch key := [2]uint32{uint32(component), reason}; {
	case !ok:
	case len(d.packets) >= maxDropped:
		d.unlisted++
	default:
		at, known := d.index[key]
		if !known {
			if d.index == nil {
				d.index = make(map[[2]uint32]int32)
			}
			at = int32(len(d.index))
			d.index[key] = at
		}
		d.packets = append(d.packets, Dropped{number, at, again})
	}
}

// name names who dropped packets, once the whole file was surveyed.
func (d *drops) name(s *etw.Survey) {
	d.by = make([]Dropper, len(d.index))
	for key, at := range d.index {
		d.by[at] = Dropper{componentName(uint16(key[0]), s.Component(uint16(key[0]))), etw.DropReason(key[1])}
	}
}

// Dropped are the packets that the host dropped, as far as they are kept, in the order of
// their numbers, and who dropped them.
func (f *File) Dropped() ([]Dropped, []Dropper) { return f.dropped() }
