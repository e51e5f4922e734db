package pipeline

import (
	"cmp"
	"slices"

	"github.com/mendcap/mendcap/internal/capture/convert"
	"github.com/mendcap/mendcap/internal/diagnose"
)

// drops are the packets that the host dropped, as its own trace tells.
type drops struct {
	by      []diagnose.Dropped
	packets []convert.Dropped // in the order of their frames
}

// newDrops returns nil where the file tells of none.
func newDrops(f *convert.File) *drops {
	packets, by := f.Dropped()
	if len(packets) == 0 {
		return nil
	}
	d := &drops{packets: packets}
	for _, b := range by {
		d.by = append(d.by, diagnose.Dropped(b))
	}
	return d
}

// mark says of a packet that the host dropped it, if it did.
func (d *drops) mark(p *diagnose.Packet) {
	at, found := slices.BinarySearchFunc(d.packets, p.Frame, func(one convert.Dropped, frame int64) int {
		return cmp.Compare(one.Number, frame)
	})
	if found {
		p.Drop, p.DropAgain = d.packets[at].By+1, d.packets[at].Again
	}
}
