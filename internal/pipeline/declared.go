package pipeline

import (
	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/report"
)

// The sources of a drop count, as Wireshark names the options.
const (
	ifDrop    = "isb_ifdrop"
	osDrop    = "isb_osdrop"
	dropCount = "epb_dropcount"
)

// declared gathers the drop counts that the file itself holds.
type declared struct {
	sections int
	by       map[declaration]uint64
}

// declaration is one kind of count of one interface.
type declaration struct {
	interfaceID
	source string
}

// take reads a block's counts. Statistics are since the beginning, so the last
// ones hold; those of packets are since the one before.
func (d *declared) take(b *capture.Block) {
	switch b.Kind {
	case capture.Packet:
		if n, ok := b.DropCount(); ok && n > 0 && b.Interface != nil {
			key := declaration{idOf(b.Interface), dropCount}
			d.set(key, d.by[key]+n)
		}
	case capture.Section:
		d.sections++
	case capture.Other:
		s, _ := b.Statistics()
		id := interfaceID{max(0, d.sections-1), s.Interface}
		if s.HasIfDrop {
			d.set(declaration{id, ifDrop}, s.IfDrop)
		}
		if s.HasOSDrop {
			d.set(declaration{id, osDrop}, s.OSDrop)
		}
	}
}

func (d *declared) set(key declaration, n uint64) {
	if _, known := d.by[key]; !known && len(d.by) >= 2*maxInterfaces {
		return // more than there can be of the interfaces that are listed
	}
	d.by[key] = n
}

// result lists the counts of the interfaces that the file describes.
func (d *declared) result(interfaces []report.Interface) []report.DropCount {
	list := []report.DropCount{}
	for n, i := range interfaces {
		for _, source := range [...]string{ifDrop, osDrop, dropCount} {
			if count, ok := d.by[declaration{interfaceID{i.Section, i.ID}, source}]; ok {
				list = append(list, report.DropCount{Interface: n, Source: source, Packets: int64(min(count, 1<<63-1))})
			}
		}
	}
	return list
}
