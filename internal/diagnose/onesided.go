package diagnose

import "github.com/mendcap/mendcap/internal/tcp"

// heldOneSided is how many findings of a connection are held back while only one
// direction of it was seen.
const heldOneSided = 8

// tell says a finding, unless one direction of the connection was never seen:
// then what its flags were can't be told, and that is said once for all.
func (d *Diagnoser) tell(f *flow, one *Finding) {
	switch {
	case !f.oneSided() || one.Verdict == Artefact || one.Verdict == Created:
		d.hand(f, one)
	case len(f.held) < heldOneSided:
		f.held = append(f.held, *one)
	default:
		f.hidden.add(one)
	}
}

// undecidable are flags that can't be decided.
type undecidable struct {
	count, first int64 // how many, and the frame of the first
	flags        tcp.Analysis
}

func (u *undecidable) add(one *Finding) {
	if u.count++; u.count == 1 || one.Frame < u.first {
		u.first = one.Frame
	}
	if one.FlagNumber >= 0 {
		u.flags |= 1 << one.FlagNumber
	}
}

// sayOneSided says once that a direction of the connection is missing.
func (d *Diagnoser) sayOneSided(f *flow) {
	if !f.oneSided() && f.hidden.count == 0 {
		return
	}
	for i := range f.held {
		f.hidden.add(&f.held[i])
	}
	one := d.begin(&f.opening, -1)
	one.Flow, one.Followed = f.id, true
	one.lawful = false
	packets, u := max(f.ends[0].packets, f.ends[1].packets), &f.hidden
	switch {
	case u.count == 0:
		one.sentence = verdict(NotCaptured, "of this connection only this direction was recorded, %d packets", packets)
	case f.oneSided():
		one.sentence = verdict(NotCaptured, "of this connection only this direction was recorded, %d packets; what %d flags of theirs were can't be told, from frame %d on: %f",
			packets, u.count, u.first, int64(u.flags))
	default:
		one.sentence = verdict(NotCaptured, "the other direction of this connection was recorded only later; what %d flags before it were can't be told, from frame %d on: %f",
			u.count, u.first, int64(u.flags))
	}
	d.hand(nil, one)
}
