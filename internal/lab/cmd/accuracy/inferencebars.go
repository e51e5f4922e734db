package accuracy

import (
	"fmt"
	"math"
	"strings"

	"github.com/mendcap/mendcap/internal/lab/headers"
)

// The bars of inference.
const (
	maxWrongPackets     = 1e-5
	maxWrongFlows       = 1e-3
	minNextComplete     = .9999 // with complete tables, where some checksum covers the addresses
	minDstComplete      = .9995
	minNextTwoWay       = .98 // with no tables, on flows with traffic both ways
	minDstTwoWay        = .95
	maxCalibrationError = .02
	fewestInBin         = 100
	fewestLikely        = 1_000 // flows that are likely, and not proved
	maxWrongProved      = 1e-4
	maxBehindPlain      = .005 // one direction, complete tables, one address fits: right
	minWrongOfPlain     = 50   // the same: the plain method is wrong so many times as often
	fewestPackets       = 300_000
	fewestFlows         = 3_000
	minDstUnanswered    = .999 // complete tables, among UDP that nobody answers
)

// sizeBars says whether too little comes after the claims.
func sizeBars(packets, flows int) []string {
	if packets >= fewestPackets && flows >= fewestFlows {
		return nil
	}
	return []string{fmt.Sprintf("%d packets and %d flows, want at least %d and %d", packets, flows, fewestPackets, fewestFlows)}
}

// likelyBars says whether too few likely answers stand after what is said of
// them.
func likelyBars(rows []inferred) []string {
	flows := 0
	for i := range rows {
		flows += rows[i].ours.Likely.Flows
	}
	if flows >= fewestLikely {
		return nil
	}
	return []string{fmt.Sprintf("%d likely flows, want at least %d", flows, fewestLikely)}
}

// rowBars says which bars of inference the rows miss.
func rowBars(rows []inferred) []string {
	var missed []string
	miss := func(format string, args ...any) { missed = append(missed, fmt.Sprintf(format, args...)) }
	var all headers.Score
	for _, r := range rows {
		all.Add(r.ours)
		name := r.capture + ", " + r.condition.String()
		barGrades(miss, name, &r.ours)
		barTies(miss, name, &r.ours)
		if strings.HasSuffix(r.capture, unanswered) && isComplete(r.condition) {
			t := r.ours.Packets.Destination
			if got := share(t.Right, t.Total()); got < minDstUnanswered {
				miss("%s: destination right on %.3f %%, want %.2f", name, 100*got, 100*minDstUnanswered)
			}
		}
		if r.condition.Only == "" {
			barWrong(miss, name, &r.ours)
		}
		switch {
		case r.condition.Only != "":
		case r.condition.Tables == "all":
			barRight(miss, name+", with a checksum", r.ours.Summed, minNextComplete, minDstComplete)
		case r.condition.Tables == "none":
			barRight(miss, name+", both ways", r.ours.TwoWay, minNextTwoWay, minDstTwoWay)
		}
	}
	if got, bins := all.CalibrationError(fewestInBin); got > maxCalibrationError || bins == 0 {
		miss("expected calibration error %.4f over %d bins, want at most %.2f", got, bins, maxCalibrationError)
	}
	for i, g := range []headers.Grade{all.Proved, all.Likely} {
		name := [...]string{"proved", "likely"}[i]
		if off := math.Abs(float64(g.Wrong)-g.Doubt) / float64(max(1, g.Flows)); off > maxCalibrationError {
			miss("%s answers: %d of %d flows wrong, by their posteriors %.1f: off by more than %.2f", name, g.Wrong, g.Flows, g.Doubt, maxCalibrationError)
		}
	}
	barPlain(miss, rows)
	return missed
}

// barGrades holds each grade to its posteriors.
func barGrades(miss func(string, ...any), name string, s *headers.Score) {
	if g := &s.Proved; float64(g.Wrong) > maxWrongProved*float64(g.Flows) {
		miss("%s: %d of %d proved flows wrong", name, g.Wrong, g.Flows)
	}
	g := &s.Likely
	if most := g.Most(); g.Missed > most {
		miss("%s: %d of %d likely destinations wrong, by their posteriors at most %d", name, g.Missed, g.Destinations, most)
	}
	if most := g.MostFlows(); g.Wrong > most {
		miss("%s: %d of %d likely flows wrong, by their posteriors at most %d", name, g.Wrong, g.Flows, most)
	}
}

// isComplete reports whether both directions are there, the tables name all
// destinations, and checksums are whole.
func isComplete(c headers.Condition) bool {
	return (c.Tables == "all" || c.Tables == "no connections") && c.Snap == 0 && c.Offload == "" && c.Only == ""
}

// barTies asks for all candidates of every tie that isn't proved.
func barTies(miss func(string, ...any), name string, s *headers.Score) {
	if s.Listed != s.Unproved {
		miss("%s: all candidates listed in %d of %d flows that several addresses fit", name, s.Listed, s.Unproved)
	}
}

// barPlain holds what is answered of one direction with complete tables against
// the plain method, where one address fits.
func barPlain(miss func(string, ...any), rows []inferred) {
	for _, under := range conditions() {
		if under.Only == "" || under.Tables != "all" && under.Tables != "no connections" {
			continue
		}
		var ours, plain headers.Tally
		for _, r := range rows {
			if r.condition == under {
				ours.Plus(r.ours.Single)
				plain.Plus(r.plain.Single)
			}
		}
		if got, other := share(ours.Right, ours.Total()), share(plain.Right, plain.Total()); got < other-maxBehindPlain {
			miss("%s, one address fits: right in %.2f %% of flows, the plain method %.2f %%", under, 100*got, 100*other)
		}
		if ours.Wrong*minWrongOfPlain > plain.Wrong {
			miss("%s, one address fits: wrong in %d flows, the plain method in %d", under, ours.Wrong, plain.Wrong)
		}
	}
}

// barWrong holds what is proved and wrong to the bars: in a capture of fewer than
// 100,000 packets that is none.
func barWrong(miss func(string, ...any), name string, s *headers.Score) {
	packets, flows := &s.Proven[0], &s.Proven[1]
	for i, t := range [][2]headers.Tally{
		{packets.NextHeader, flows.NextHeader},
		{packets.Destination, flows.Destination},
	} {
		field := [...]string{"next header", "destination"}[i]
		if n := t[0].Wrong; float64(n) > maxWrongPackets*float64(t[0].Total()) {
			miss("%s: %s proved and wrong on %d of %d packets", name, field, n, t[0].Total())
		}
		if n := t[1].Wrong; float64(n) > maxWrongFlows*float64(t[1].Total()) {
			miss("%s: %s proved and wrong on %d of %d flows", name, field, n, t[1].Total())
		}
	}
}

func barRight(miss func(string, ...any), name string, f headers.Fields, next, dst float64) {
	if got := share(f.NextHeader.Right, f.NextHeader.Total()); got < next {
		miss("%s: next header right on %.3f %%, want %.2f", name, 100*got, 100*next)
	}
	if got := share(f.Destination.Right, f.Destination.Total()); got < dst {
		miss("%s: destination right on %.3f %%, want %.2f", name, 100*got, 100*dst)
	}
}
