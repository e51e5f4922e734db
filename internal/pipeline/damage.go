package pipeline

import (
	"errors"
	"fmt"
	"io"

	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/capture/salvage"
	"github.com/mendcap/mendcap/report"
)

// ended says what it means that a reader ended a pass with err: the damage that
// it met, an error where damage is refused, or a failure to read.
func (f *reader) ended(r *salvage.Reader, err error) (*salvage.Damages, error) {
	if err == io.EOF {
		f.odd = r.Odd()
		d := r.Damage()
		if c := f.source.converted; c != nil {
			if err := c.settle(); err != nil {
				return nil, err
			}
			d = salvage.DamagesOf(c.damage)
		}
		if d.Total > 0 {
			return &d, nil
		}
		return nil, nil
	}
	var broken *capture.FormatError
	if errors.As(err, &broken) {
		return nil, fmt.Errorf("%w: %s: %w", ErrNoCapture, f.source.name, broken)
	}
	return nil, ioError("read "+f.source.name, err)
}

// nothingReadable is the error of a capture in which damage left no packet.
func (f *reader) nothingReadable(d *salvage.Damages) error {
	first := &d.List[0]
	broken := &capture.FormatError{Frame: first.Frame, Offset: first.Offset, Err: first.Err}
	return fmt.Errorf("%w: %s: no packet could be read: %w", ErrNoCapture, f.source.name, broken)
}

// noteOdd notes what is odd in the capture, and no damage.
func (r *reportBuilder) noteOdd(odd []salvage.Odd) {
	for _, o := range odd {
		where := fmt.Sprintf(" (frame %d first)", o.Frame)
		switch o.Frame {
		case -1:
			where = ""
		case 0:
			where = " (before any frame)"
		}
		r.note("%d %s%s: odd, not damaged, and read as it is", o.Count, o.What, where)
	}
}

// describeDamage lists the damage for a report, and says how much is not listed.
func describeDamage(d *salvage.Damages) (list []report.Damage, omitted int64) {
	list = []report.Damage{}
	if d == nil {
		return list, 0
	}
	for _, one := range d.List {
		list = append(list, report.Damage{
			Frame: one.Frame, Offset: one.Offset, Length: one.Length, Mended: !one.Lost, What: one.Err.Error(),
		})
	}
	return list, d.Total - int64(len(d.List))
}
