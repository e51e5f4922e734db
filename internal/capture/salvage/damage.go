package salvage

import (
	"errors"

	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/compress"
)

// maxDamages is how many places of damage a Reader lists.
const maxDamages = 1000

// Damage is a place in a capture that is not as it should be.
type Damage struct {
	Frame  int64 // the last packet delivered before it; 0 = none, -1 = not known
	Offset int64 // in the decompressed file, bytes
	Length int64 // bytes
	Lost   bool  // the bytes were passed over; else they were mended and delivered
	Err    error // what is wrong there; wraps one of the sentinels
}

// What is wrong with a place beyond what a strict reader says of it.
var (
	ErrGarbage  = errors.New("no record or block can be made out")
	ErrZeros    = errors.New("zeros where a record or block must begin")
	ErrPasted   = errors.New("another capture's header stands inside")
	ErrNoHeader = errors.New("the file header is missing or unreadable")
	ErrNoSHB    = errors.New("a section header is missing")
	ErrMixed    = errors.New("a block is in the other byte order")
	ErrASCII    = errors.New("transferred as text")
)

// Damages is what a Reader found so far.
type Damages struct {
	List  []Damage // the first ones, in their order
	Total int64    // of all
	Lost  int64    // bytes passed over, of all
}

// DamagesOf takes in places of damage that another reader has found.
func DamagesOf(list []Damage) (d Damages) {
	for _, one := range list {
		d.count(one)
	}
	return d
}

// Damage gives the damage met so far, all of it once Next has returned io.EOF.
// It may be called by the goroutine that calls Next.
func (r *Reader) Damage() Damages {
	d := r.damages
	d.count(r.last)
	return d
}

// count adds a place of damage, if it is one.
func (d *Damages) count(one Damage) {
	if one.Err == nil {
		return
	}
	d.Total++
	if one.Lost {
		d.Lost += one.Length
	}
	if len(d.List) < maxDamages {
		d.List = append(d.List[:len(d.List):len(d.List)], one)
	}
}

// report takes in one place of damage at the position.
func (r *Reader) report(length int, lost bool, err error) { r.note(r.at(length, lost, err)) }

// at is damage at the position.
func (r *Reader) at(length int, lost bool, err error) Damage {
	return Damage{Frame: r.in.Frame(), Offset: r.in.Offset(), Length: int64(length), Lost: lost, Err: err}
}

// note takes in one place of damage. Bytes passed over after bytes passed over are one
// place, and so are blocks after each other that were mended in one way.
func (r *Reader) note(one Damage) {
	if r.refuse && r.err == nil && r.in.Source.Err == nil { // else what failed has cut it short
		r.err = &capture.FormatError{Frame: one.Frame, Offset: one.Offset, Err: one.Err}
	}
	last, same := &r.last, one.Lost && r.last.Lost || one.Err == r.last.Err && !r.last.Lost
	if same && last.Offset+last.Length == one.Offset && last.Length > 0 {
		last.Length += one.Length
		return
	}
	r.damages.count(r.last)
	r.last = one
}

// reportGap takes in damage of compressed data, apart from what it has cut short.
// Nothing is expected after it.
func (r *Reader) reportGap(g *compress.Gap) {
	r.damages.count(r.last)
	r.last = Damage{}
	r.report(0, true, r.in.Damaged(g))
	r.lost, r.sure, r.proved = true, -1, 0
}
