package diagnose

// heldOneSided is how many findings of a connection are held back while only one
// direction of it was seen.
const heldOneSided = 8

// tell says a finding, unless one direction of the connection was never seen:
// then what its flags were can't be told, and that is said once for all.
func (d *Diagnoser) tell(f *flow, one *Finding) {
	switch {
	case !f.oneSided() || one.Verdict == Artefact || one.Verdict == Created:
		d.hand(one)
	case len(f.held) < heldOneSided:
		f.held = append(f.held, *one)
	default:
		f.hidden++
	}
}

// bothSides says what was held back, when the other direction is seen at last.
func (d *Diagnoser) bothSides(f *flow) {
	for i := range f.held {
		d.hand(&f.held[i])
	}
	f.held = nil
}

// sayOneSided says once that a direction of the connection is missing.
func (d *Diagnoser) sayOneSided(f *flow) {
	if !f.begun || !f.oneSided() && f.hidden == 0 {
		return
	}
	f.hidden += int64(len(f.held))
	one := finding(&f.opening, -1)
	one.Flow, one.Followed = f.number, true
	one.lawful, one.Verdict = false, NotCaptured
	one.because = because("of this connection only this direction was recorded, %d packets; what %d flags of theirs were can't be told", max(f.ends[0].packets, f.ends[1].packets), f.hidden)
	d.hand(&one)
}
