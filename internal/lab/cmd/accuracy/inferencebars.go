package main

import (
	"fmt"

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
	fewestPackets       = 300_000
	fewestFlows         = 3_000
)

// sizeBars says whether too little stands behind the claims.
func sizeBars(packets, flows int) []string {
	if packets >= fewestPackets && flows >= fewestFlows {
		return nil
	}
	return []string{fmt.Sprintf("%d packets and %d flows, want at least %d and %d", packets, flows, fewestPackets, fewestFlows)}
}

// rowBars says which bars of inference the rows miss.
func rowBars(rows []inferred) []string {
	var missed []string
	miss := func(format string, args ...any) { missed = append(missed, fmt.Sprintf(format, args...)) }
	var all headers.Score
	for _, r := range rows {
		all.Add(r.ours)
		name := r.capture + ", " + r.condition.String()
		barWrong(miss, name, &r.ours)
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
	return missed
}

// barWrong holds what is wrong to the bars: in a capture of fewer than 100,000
// packets that is none.
func barWrong(miss func(string, ...any), name string, s *headers.Score) {
	for i, t := range [][2]headers.Tally{
		{s.Packets.NextHeader, s.Flows.NextHeader},
		{s.Packets.Destination, s.Flows.Destination},
	} {
		field := [...]string{"next header", "destination"}[i]
		if n := t[0].Wrong; float64(n) > maxWrongPackets*float64(t[0].Total()) {
			miss("%s: %s wrong on %d of %d packets", name, field, n, t[0].Total())
		}
		if n := t[1].Wrong; float64(n) > maxWrongFlows*float64(t[1].Total()) {
			miss("%s: %s wrong on %d of %d flows", name, field, n, t[1].Total())
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
