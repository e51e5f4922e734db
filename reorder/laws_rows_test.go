package reorder

import (
	"regexp"
	"strings"
	"testing"
)

// Every law has a row with a name of its own, where it is said, both clauses, and a counter-example; the
// laws that move packets wherever they are broken need no mandate, and come first.
func TestTableOfLaws(t *testing.T) {
	seen := make(map[string]bool)
	source := regexp.MustCompile(`^RFC \d+`)
	for l := Law(0); int(l) < NumLaws; l++ {
		r := &laws[l]
		if r.name == "" || seen[r.name] {
			t.Errorf("law %d: name %q is none or another's", l, r.name)
		}
		seen[r.name] = true
		if named, ok := LawNamed(r.name); !ok || named != l {
			t.Errorf("%s: found as %v, %v", r.name, named, ok)
		}
		if !source.MatchString(r.source) && l != LawInTurn && l != LawGiven && l != LawTaken { // what sockets and readers do is no standard's
			t.Errorf("%s: source %q is no RFC", r.name, r.source)
		}
		if r.cause == "" || r.follower == "" {
			t.Errorf("%s: clauses %q and %q, want both", r.name, r.cause, r.follower)
		}
		if r.but == "" || strings.ContainsAny(r.but, ".\n") {
			t.Errorf("%s: counter-example %q, want one clause", r.name, r.but)
		}
		if !l.soft() && r.mandate != nil {
			t.Errorf("%s moves packets wherever it is broken, and has a mandate", r.name)
		}
	}
	if _, ok := LawNamed("no such law"); ok {
		t.Error("a law was found that there isn't")
	}
}

// Without any mandate only the laws act that need none; each mandate adds its own.
func TestMandates(t *testing.T) {
	for _, test := range []struct {
		name    string
		profile Profile
		want    lawSet
	}{
		{"none", Profile{}, moving | LawRoundTrip.bit()},
		{"bursts", Profile{Bursts: true}, moving | LawRoundTrip.bit() | LawInBurst.bit()},
		{"queue", Profile{QueueMandate: true}, moving | LawRoundTrip.bit() | LawWindow.bit() | LawTSecr.bit() | LawRecovery.bit() | LawNotYet.bit() | LawDSack.bit() | LawFilled.bit() | LawInTurn.bit()},
		{"log", Profile{LogMandate: true}, moving | LawRoundTrip.bit() | LawArrival.bit() | LawAnswered.bit()},
		{"all", Profile{Bursts: true, QueueMandate: true, LogMandate: true, ThreadMandate: true}, allLaws &^ LawInTurn.bit()},
	} {
		if got := allLaws.mandated(&test.profile); got != test.want {
			t.Errorf("%s: got %b, want %b", test.name, got, test.want)
		}
	}
}
