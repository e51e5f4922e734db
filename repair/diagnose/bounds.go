package diagnose

// GivenUp counts what bounds have made the diagnosis give up.
type GivenUp struct {
	Holes int64 // connections of which holes were forgotten: too many were open at once
}

// GivenUp says what was given up so far.
func (d *Diagnoser) GivenUp() GivenUp { return d.givenUp }
