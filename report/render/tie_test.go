package render

import (
	"net/netip"
	"testing"

	"github.com/mendcap/mendcap/report"
)

// A flow that several addresses fit is shown with them and their probabilities,
// those that are left out counted; any other with the best and the next.
func TestTieIsShown(t *testing.T) {
	choice := func(to string, p float64) report.HeaderChoice {
		return report.HeaderChoice{NextHeader: "17 (UDP)", Destination: netip.MustParseAddr(to), Posterior: p}
	}
	d := report.DoubtfulFlow{Flow: ends("[2001:db8::9]:50000 > [::]:53"), Best: choice("2001:db8:1::2", 0.5), RunnerUp: choice("2001:db8:2::1", 0.25)}
	if got, want := doubtfulText(&d), "[2001:db8::9]:50000 > [::]:53: 17 (UDP) to 2001:db8:1::2 0.5000, next 0.2500"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	d.Candidates = []report.HeaderChoice{d.Best, d.RunnerUp, choice("2001:db8::3", 0.125), choice("2001:db8:3::", 0.0625), choice("::", 0.01)}
	d.CandidatesOmitted = 7
	want := "[2001:db8::9]:50000 > [::]:53: 17 (UDP) to 2001:db8:1::2 0.5000, 17 (UDP) to 2001:db8:2::1 0.2500, " +
		"17 (UDP) to 2001:db8::3 0.1250, 17 (UDP) to 2001:db8:3:: 0.0625, and 8 more"
	if got := doubtfulText(&d); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// ends reads endpoints.
func ends(text string) (e report.Endpoints) {
	if err := e.UnmarshalText([]byte(text)); err != nil {
		panic(err)
	}
	return e
}
