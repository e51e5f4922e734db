package diagnose

// GivenUp counts what bounds have made the diagnosis give up.
type GivenUp struct {
	Holes int64 // connections of which holes were forgotten: too many were open at once
	Looks int64 // times that no more of the packets before a flagged one could be looked at
	Gaps  int64 // gaps that were not compared with all others of their time: too many were held
	Waits int64 // flags that were judged before the evidence for them came: too many waited
}

// GivenUp says what was given up so far.
func (d *Diagnoser) GivenUp() GivenUp {
	g := d.givenUp
	g.Looks, g.Gaps = d.history.short, d.loss.gaps.early
	return g
}

// Steps is how many steps were taken so far in loops whose length the input
// decides.
func (d *Diagnoser) Steps() int64 { return d.steps + d.history.steps + d.loss.gaps.steps }
