package diagnose

import "github.com/mendcap/mendcap/report"

// tell says a finding, unless one direction of the connection was never seen:
// then what its flags were can't be told, and that is said once for all.
func (d *Diagnoser) tell(f *flow, one *Finding) {
	if f.oneSided() && one.Verdict != report.Artefact && one.Verdict != report.Created {
		f.hidden++
		return
	}
	d.say(one)
}

// sayOneSided says once that a direction of the connection is missing.
func (d *Diagnoser) sayOneSided(f *flow) {
	if !f.begun || !f.oneSided() && f.hidden == 0 {
		return
	}
	one := finding(&f.opening, -1)
	one.Flow, one.Followed = f.number, true
	one.Law, one.Verdict = "", report.NotCaptured
	one.because = because("of this connection only this direction was recorded, %d packets; what %d flags of theirs were can't be told", max(f.ends[0].packets, f.ends[1].packets), f.hidden)
	d.say(&one)
}
