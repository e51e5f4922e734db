package accuracy

import (
	"slices"
	"strings"
	"testing"

	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/internal/lab/headers"
	"github.com/mendcap/mendcap/internal/lab/judge"
	"github.com/mendcap/mendcap/report"
)

// good is a row that meets all bars.
func good() result {
	return result{name: "lossy", degradation: lab.Degradation{Name: "rawsocket", ResponseFirst: .5}, trueKept: true, score: judge.Score{
		Packets: 2000, IPv6: 2000, NextHeader: judge.Tally{Right: 2000}, Destination: judge.Tally{Right: 1995, Unknown: 5},
		SpuriousBefore: 100, SpuriousAfter: 20, Genuine: 100, Kept: 96,
	}}
}

func TestBars(t *testing.T) {
	tests := []struct {
		name   string
		change func(*result)
		want   string // of the one line; "" for none
	}{
		{"all met", func(*result) {}, ""},
		{"a packet lost", func(r *result) { r.score.Lost = 1 }, "1 packets lost"},
		{"a packet changed", func(r *result) { r.score.Changed = 1 }, "1 changed"},
		{"a true capture changed", func(r *result) { r.trueKept = false }, "did not leave as it came"},
		{"next header unknown", func(r *result) { r.score.NextHeader = judge.Tally{Right: 1990, Unknown: 10} }, "next header right on 99.50"},
		{"destination wrong", func(r *result) { r.score.Destination = judge.Tally{Right: 1999, Wrong: 1} }, "destination wrong on 1"},
		{"too many flags left", func(r *result) { r.score.SpuriousAfter = 30 }, "fell by 70.00"},
		{"genuine flags gone", func(r *result) { r.score.Kept = 90 }, "kept: 90.00"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := good()
			test.change(&r)
			got := strings.Join(bars([]result{r}, options{tables: "all"}), "; ")
			if test.want == "" && got != "" || !strings.Contains(got, test.want) {
				t.Errorf("got %q, want %q in it", got, test.want)
			}
		})
	}
}

func TestOrderBars(t *testing.T) {
	tests := []struct {
		name   string
		change func(*result)
		want   string // of the one line; "" for none
	}{
		{"all met", func(*result) {}, ""},
		{"a true capture changed", func(r *result) { r.trueKept = false }, "did not leave as it came"},
		{"too many flags left in a cell", func(r *result) { r.score.SpuriousAfter = 11 }, "lossy, rawsocket: 11 flags that the truth does not have, want at most 10"},
		{"too many flags left by the times alone", func(r *result) { r.score.SpuriousBefore, r.score.SpuriousAfter, r.score.Floor = 10000, 105, 100 }, "105 of 10000 flags"},
		{"too many flags left in sum", func(r *result) { r.score.SpuriousBefore, r.score.SpuriousAfter = 99, 1 }, "1 of 99 flags"},
		{"genuine flags gone", func(r *result) { r.score.Kept = 994 }, "99.40 % of the genuine flags"},
		{"pairs harmed", func(r *result) { r.score.Order.Harmed = 11 }, "11 of 1000000 pairs"},
		{"times missed", func(r *result) { r.score.Held = 989 }, "98.90 % of the intervals"},
		{"moved without need", func(r *result) { r.degradation.ResponseFirst, r.score.Order.Touched = 0, 1 }, "yet 1 packets have another place"},
		{"moved with need", func(r *result) { r.score.Order.Touched = 1 }, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := good()
			r.score.SpuriousBefore, r.score.SpuriousAfter = 1000, 1
			r.score.Genuine, r.score.Kept, r.score.Times, r.score.Held = 1000, 995, 1000, 990
			r.score.Order.Pairs, r.score.Order.Harmed = 1e6, 10
			test.change(&r)
			got := strings.Join(orderBars([]result{r}), "; ")
			if test.want == "" && got != "" || !strings.Contains(got, test.want) {
				t.Errorf("got %q, want %q in it", got, test.want)
			}
		})
	}
}

// The new rows are held to what has been reached; what is wanted of them is told.
func TestOrderTargets(t *testing.T) {
	row := func(name string, scatter bool, after, kept int) result {
		r := good()
		r.name, r.score.SpuriousBefore, r.score.SpuriousAfter, r.score.Genuine, r.score.Kept = name, 1000, after, 1000, kept
		if r.degradation = (lab.Degradation{Name: "ports"}); scatter {
			r.degradation.Scatter = 1
		}
		return r
	}
	all := []result{row("lossy", true, 4, 990), row("cross-a", true, 12, 979), row("cross-b-held", true, 1, 1000)}
	got := strings.Join(orderTargets(all), "; ")
	want := "cross-a, ports: 12 flags that the truth does not have, want at most 10 over the floor of 0; " +
		"cross-a, ports: 979 of 1000 genuine flags kept, want 98 %; " +
		"in sum of those tuned on 16 of 2000 flags that the truth does not have are left, want at most 0.1 %; " +
		"in sum of those tuned on 98.45 % of the genuine flags kept, want 99.5"
	if got != want {
		t.Errorf("targets: got %q, want %q", got, want)
	}
	bars := strings.Join(orderBars(all), "; ")
	if want := "in sum of the new ones that are tuned on 16 of 2000 flags that the truth does not have are left, want at most 0.6 %; " +
		"in sum of the new ones that are tuned on 98.45 % of the genuine flags kept, want 98.5"; bars != want {
		t.Errorf("bars: got %q, want %q", bars, want)
	}
	if got := orderTargets([]result{row("lossy", false, 1000, 0)}); len(got) != 0 {
		t.Errorf("an old row: got targets %q, want none", got)
	}
}

func TestArrivalBars(t *testing.T) {
	row := func(name string, left, hidden int) sampled {
		return sampled{name: name, score: judge.Score{SpuriousBefore: 1000, SpuriousAfter: left, Genuine: 1000, Kept: 1000 - hidden}}
	}
	rows := []sampled{row("heavy-ports", 5, 10), row("reorder-ports", 5, 15), row("threads-4", 1000, 900)}
	if got := arrivalBars(rows); len(got) != 0 {
		t.Errorf("all met: got %q", got)
	}
	rows = []sampled{row("heavy-ports", 6, 11), row("reorder-ports", 5, 16), row("threads-4", 1001, 0)}
	if got := arrivalBars(rows); len(got) != 4 {
		t.Errorf("all missed: got %q, want four lines", got)
	}
	rows = []sampled{row("raw-gro", 1001, 0), row("raw-flows", 0, 0)}
	rows[0].score.Destination.Unknown, rows[1].score.Changed = 1, 1
	if got := arrivalBars(rows); len(got) != 1 || got[0] != "raw-flows: 1 packets lost, added or changed, want none" {
		t.Errorf("open headers, and a packet that was changed: got %q", got)
	}
}

func TestHeaderBars(t *testing.T) {
	row := func(name string, open, wrong int) sampled {
		return sampled{name: name, score: judge.Score{Destination: judge.Tally{Right: 10, Unknown: open, Wrong: wrong}}}
	}
	rows := []sampled{row("raw-gro", 1, 0), row("raw-flows", 0, 0), row("threads-4", 1, 0)}
	if got := headerBars(rows, "none"); len(got) != 0 {
		t.Errorf("without tables: got %q, want none missed", got)
	}
	if got := headerBars(rows, "all"); len(got) != 1 || got[0] != "raw-gro: 1 fields of headers are open, want none" {
		t.Errorf("complete tables: got %q", got)
	}
	if got := headerBars([]sampled{row("raw-flows", 0, 2)}, "none"); len(got) != 1 || got[0] != "raw-flows: 2 fields of headers are wrong, want none" {
		t.Errorf("wrong ones: got %q", got)
	}
}

func TestRecordedSumsKeepHeldOutApart(t *testing.T) {
	one := judge.Score{Packets: 1}
	sums := recordedSums([]sampled{{name: "raw-gro", recorded: true, score: one}, {name: "raw-flows", recorded: true, score: one},
		{name: "raw-gro-held", recorded: true, score: one}, {name: "heavy-ports", score: one}})
	if got, want := [2]int{sums[0].score.Packets, sums[1].score.Packets}, [2]int{2, 1}; got != want {
		t.Errorf("got %d packets recorded and held out, want %d", got, want)
	}
}

func TestFloorsAreNamed(t *testing.T) {
	cell := func(after, floor int) result {
		r := good()
		r.score.SpuriousBefore, r.score.SpuriousAfter, r.score.Floor = 1000, after, floor
		return r
	}
	got := floors([]result{cell(10, 5), cell(12, 5), cell(20, 5)})
	if want := "lossy, rawsocket: 12 flags that the truth does not have, over 10; 5 of them its own order has with these times"; len(got) != 1 || got[0] != want {
		t.Errorf("got %q, want the second cell alone", got)
	}
}

func TestUndegradedBars(t *testing.T) {
	all := []undegraded{{name: "a"}, {name: "b", moved: 2}, {name: "c", refused: true}}
	if got := strings.Join(undegradedBars(all), "; "); got != "b was not degraded, yet 2 packets moved" {
		t.Errorf("got %q", got)
	}
}

func TestRawcapBars(t *testing.T) {
	before := tally{sum: 5000, inversions: 2000}
	tests := []struct {
		name          string
		with, without tally
		want          int
	}{
		{"met", tally{sum: 50, inversions: 20}, tally{sum: 5000, inversions: 2000}, 0},
		{"flags left", tally{sum: 51}, tally{}, 1},
		{"inversions left", tally{inversions: 21}, tally{}, 1},
		{"worse without the law", tally{}, tally{inversions: 2001}, 1},
	}
	for _, test := range tests {
		if got := rawcapBars([]tally{before, test.with, test.without}); len(got) != test.want {
			t.Errorf("%s: got %q, want %d lines", test.name, got, test.want)
		}
	}
}

// pair is a truth and a verdict.
func pair(truth, verdict report.Verdict) [2]string { return [2]string{string(truth), string(verdict)} }

func TestVerdictBars(t *testing.T) {
	good := func() judge.Confusion {
		return judge.Confusion{Counts: map[[2]string]int{
			pair(report.Artefact, report.Artefact): 900, pair(report.Loss, report.Loss): 95, pair(report.Loss, report.Undecided): 5, pair(report.Drop, report.Drop): 100,
		}}
	}
	tests := []struct {
		name   string
		change func(*judge.Confusion)
		want   string // of the one line; "" for none
	}{
		{"all met", func(*judge.Confusion) {}, ""},
		{"a loss called an artefact", func(c *judge.Confusion) { c.Counts[pair(report.Loss, report.Artefact)] = 1 }, "1 genuine losses were called artefacts"},
		{"an artefact called a loss is no bar of its own", func(c *judge.Confusion) { c.Counts[pair(report.Artefact, report.Loss)] = 1 }, ""},
		{"a rare verdict always wrong", func(c *judge.Confusion) { c.Counts[pair(report.Spurious, report.Loss)] = 1 }, "macro-F1 is 0.74"},
		{"too much undecided", func(c *judge.Confusion) { c.Counts[pair(report.Artefact, report.Undecided)] = 40 }, "45 of 1140 flags undecided"},
		{"a flag without verdict", func(c *judge.Confusion) { c.Unheard = 1 }, "1 flags without verdict"},
		{"copies of the capture's called the network's", func(c *judge.Confusion) {
			c.Kinds = map[[2]string]int{{judge.KindCopies, "duplicate (capture)"}: 97, {judge.KindCopies, "duplicate (network)"}: 3}
		}, "copies of the capture's: 97 of 100 are called duplicate (capture), want 98 %"},
		{"a flag with two", func(c *judge.Confusion) { c.Twice = 1 }, "1 with two"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := good()
			test.change(&c)
			got := strings.Join(verdictBars(&c, minOfKind), "; ")
			if test.want == "" && got != "" || !strings.Contains(got, test.want) {
				t.Errorf("got %q, want %q in it", got, test.want)
			}
		})
	}
}

func TestLossBars(t *testing.T) {
	good := lossRow{runs: 100, enough: 50, worst: .09, holds: 95, holdsLongRun: 95}
	tests := []struct {
		name   string
		change func(*lossRow)
		want   string
	}{
		{"all met", func(*lossRow) {}, ""},
		{"off", func(r *lossRow) { r.worst = .11 }, "off by 11.00 %"},
		{"intervals miss what was dropped", func(r *lossRow) { r.holds = 91 }, "91.00 % of the intervals hold what was dropped"},
		{"intervals miss the rate", func(r *lossRow) { r.holdsLongRun = 91 }, "91.00 % of the intervals hold the rate of drops"},
		{"nothing shown", func(r *lossRow) { r.enough = 0 }, "nothing was shown"},
	}
	for _, test := range tests {
		r := good
		test.change(&r)
		got := strings.Join(lossBars(&r), "; ")
		if test.want == "" && got != "" || !strings.Contains(got, test.want) {
			t.Errorf("%s: got %q, want %q in it", test.name, got, test.want)
		}
	}
}

// TestLongRun compares the share of packets that bursts drop with what the
// degradation does drop.
func TestLongRun(t *testing.T) {
	truth := make([]lab.Packet, 400_000)
	for _, kind := range lossRates {
		kept := lab.Degrade(truth, lab.Degradation{DropRate: kind.rate, DropBurst: kind.burst}, 1)
		got := 1 - float64(len(kept))/float64(len(truth))
		if want := longRun(kind.rate, kind.burst); got < want*.9 || got > want*1.1 {
			t.Errorf("%.3f in bursts of %d: got %.5f dropped, want about %.5f", kind.rate, kind.burst, got, want)
		}
	}
}

func TestInferenceBars(t *testing.T) {
	whole := func(n int) headers.Fields {
		return headers.Fields{NextHeader: headers.Tally{Right: n}, Destination: headers.Tally{Right: n}}
	}
	goodRow := func(tables string) inferred {
		r := inferred{capture: "c", condition: headers.Condition{Tables: tables}}
		r.ours = headers.Score{Packets: whole(400_000), Flows: whole(4_000), Proven: [2]headers.Fields{whole(400_000), whole(4_000)}, Summed: whole(100_000), TwoWay: whole(100_000)}
		r.ours.Bins[9] = headers.Bin{Flows: 4_000, Right: 4_000, Posterior: 3_999}
		return r
	}
	alone := slices.Repeat([]headers.Group{{Flows: 1, Doubt: 0.04}}, 100)
	tests := []struct {
		name, tables string
		change       func(*headers.Score)
		want         string
	}{
		{"all met", "all", func(*headers.Score) {}, ""},
		{"four wrong of 400,000", "none", func(s *headers.Score) { s.Proven[0].Destination.Wrong = 4 }, ""},
		{"five wrong", "none", func(s *headers.Score) { s.Proven[0].Destination.Wrong = 5 }, "destination proved and wrong on 5 of 400005 packets"},
		{"flows wrong", "half", func(s *headers.Score) { s.Proven[1].NextHeader.Wrong = 5 }, "next header proved and wrong on 5 of 4005 flows"},
		{"a tie that isn't listed", "half", func(s *headers.Score) { s.Unproved, s.Listed = 7, 6 }, "all candidates listed in 6 of 7 flows"},
		{"open with all tables", "all", func(s *headers.Score) { s.Summed.Destination.Open = 60 }, "with a checksum: destination right on 99.940"},
		{"open without tables", "none", func(s *headers.Score) { s.TwoWay.NextHeader.Open = 3_000 }, "both ways: next header right on 97.087"},
		{"open with half of them", "half", func(s *headers.Score) { s.TwoWay.NextHeader.Open = 3_000 }, ""},
		{"overconfident", "all", func(s *headers.Score) { s.Bins[9].Right = 3_900 }, "expected calibration error 0.0248"},
		{"proved and wrong", "half", func(s *headers.Score) { s.Proved = headers.Grade{Flows: 9_999, Wrong: 1, Doubt: 1} }, "1 of 9999 proved flows wrong"},
		{"likely as their posteriors say", "half", func(s *headers.Score) {
			s.Likely = headers.Grade{Flows: 100, Wrong: 4, Doubt: 4, Destinations: 100, Missed: 11, Expected: 4, Groups: alone}
		}, ""},
		{"likely and wrong too often", "half", func(s *headers.Score) {
			s.Likely = headers.Grade{Flows: 100, Wrong: 4, Doubt: 4, Destinations: 100, Missed: 12, Expected: 4, Groups: alone}
		}, "12 of 100 likely destinations wrong, by their posteriors at most 11"},
		{"likely flows wrong too often", "half", func(s *headers.Score) {
			s.Likely = headers.Grade{Flows: 100, Wrong: 12, Doubt: 12, Destinations: 100, Missed: 4, Expected: 4, Groups: alone}
		}, "12 of 100 likely flows wrong, by their posteriors at most 11"},
		{"as many to one destination", "half", func(s *headers.Score) {
			s.Likely = headers.Grade{Flows: 100, Wrong: 12, Doubt: 12, Destinations: 2, Missed: 1, Expected: 0.08, Groups: []headers.Group{{Flows: 12, Doubt: 0.5}, {Flows: 88, Doubt: 3.5}}}
		}, ""},
		{"likely flows off their posteriors", "half", func(s *headers.Score) { s.Likely = headers.Grade{Flows: 100, Wrong: 7, Doubt: 4} }, "likely answers: 7 of 100"},
		{"nothing to calibrate on", "all", func(s *headers.Score) { s.Bins[9].Flows = 99 }, "over 0 bins"},
	}
	for _, test := range tests {
		r := goodRow(test.tables)
		test.change(&r.ours)
		got := strings.Join(rowBars([]inferred{r}), "; ")
		if test.want == "" && got != "" || !strings.Contains(got, test.want) {
			t.Errorf("%s: got %q, want %q in it", test.name, got, test.want)
		}
	}
	oneWay := func(ours, plain headers.Tally) string {
		r := goodRow("all")
		r.condition.Only, r.ours.Single, r.plain.Single = "out", ours, plain
		return strings.Join(rowBars([]inferred{r}), "; ")
	}
	for _, test := range []struct {
		ours, plain headers.Tally
		want        string
	}{
		{headers.Tally{Right: 994, Open: 6}, headers.Tally{Right: 999, Wrong: 1}, ""},
		{headers.Tally{Right: 993, Open: 7}, headers.Tally{Right: 999, Wrong: 1}, "right in 99.30 % of flows, the plain method 99.90 %"},
		{headers.Tally{Right: 999, Wrong: 1}, headers.Tally{Right: 950, Wrong: 50}, ""},
		{headers.Tally{Right: 999, Wrong: 1}, headers.Tally{Right: 951, Wrong: 49}, "wrong in 1 flows, the plain method in 49"},
	} {
		if got := oneWay(test.ours, test.plain); test.want == "" && got != "" || !strings.Contains(got, test.want) {
			t.Errorf("one direction, %+v beside %+v: got %q, want %q in it", test.ours, test.plain, got, test.want)
		}
	}
	silent := goodRow("no connections")
	silent.capture += unanswered
	silent.ours.Packets.Destination = headers.Tally{Right: 9_989, Open: 11}
	if got := strings.Join(rowBars([]inferred{silent}), "; "); !strings.Contains(got, "destination right on 99.890 %") {
		t.Errorf("UDP that nobody answers: got %q, want the bar missed", got)
	}
	if got := likelyBars(nil); len(got) != 1 {
		t.Errorf("no likely flows: got %q, want a line", got)
	}
	if got := sizeBars(299_999, 5_000); len(got) != 1 {
		t.Errorf("too few packets: got %q, want a line", got)
	}
	if got := sizeBars(300_000, 3_000); len(got) != 0 {
		t.Errorf("enough packets: got %q, want none", got)
	}
}

func TestClockBars(t *testing.T) {
	d := lab.Degradation{Name: "set back"}
	for _, test := range []struct {
		held, touched int
		want          string // of the one line; "" for none
	}{
		{990, 0, ""}, {989, 0, "set back: 98.90 % of the intervals hold the true time, want 99"}, {1000, 2, "2 packets have another place"},
	} {
		s := judge.Score{Times: 500, Held: test.held / 2, Order: judge.OrderScore{Touched: test.touched}}
		rest := judge.Score{Times: 500, Held: test.held - test.held/2}
		got := strings.Join(clockBars([]result{{degradation: d, score: s}, {degradation: d, score: rest}}), "; ")
		if test.want == "" && got != "" || !strings.Contains(got, test.want) {
			t.Errorf("%d held, %d touched: got %q, want %q in it", test.held, test.touched, got, test.want)
		}
	}
}
