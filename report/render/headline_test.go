package render

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/mendcap/mendcap/report"
)

// What remains is counted by verdict, the worst first, and apart from what was repaired.
func TestHeadline(t *testing.T) {
	for _, test := range []struct {
		by   map[report.Verdict]int64
		want string
	}{
		{map[report.Verdict]int64{report.Duplicate: 12}, "12 of 12 findings remain: 12 duplicate."},
		{map[report.Verdict]int64{report.Loss: 1}, "1 of 1 finding remains: 1 loss."},
		{map[report.Verdict]int64{report.Loss: 1, report.Artefact: 2}, "1 of 3 findings remains: 1 loss; 2 made by the capture's order, repaired."},
		{nil, "Nothing was looked at: the capture has no packets."},
		{map[report.Verdict]int64{report.Artefact: 7}, "0 of 7 findings remain; 7 made by the capture's order, repaired."},
		{map[report.Verdict]int64{report.Artefact: 1200, report.Loss: 2, report.Genuine: 3, report.NotCaptured: 2, report.Undecided: 1, report.Created: 4},
			"12 of 1,212 findings remain: 1 undecided, 4 created, 2 loss, 2 not-captured, 3 genuine; 1,200 made by the capture's order, repaired."},
	} {
		r := &report.Report{Findings: report.Findings{ByVerdict: test.by}}
		for _, n := range test.by {
			r.Findings.Total += n
		}
		left := r.Remaining()
		if got := headline(r, &left); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}

// Nothing odd is said of the packets alone that were analysed.
func TestHeadlineOfPacketsThatWereNotAnalysed(t *testing.T) {
	r := &report.Report{Analysis: report.Analysis{NotRead: map[string]int64{"hidden": 3, "cut": 1}}}
	want := "4 packets could not be analysed for TCP: the notes say why. In the others nothing odd was found."
	left := r.Remaining()
	if got := headline(r, &left); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// No count of tshark is claimed for what it doesn't read.
func TestFlagsOfWhatTsharkReads(t *testing.T) {
	for format, want := range map[string]string{
		"etl":        "a: 3 flags once converted, 2 after the repair",
		"netmon 2.3": "a: 3 flags in tshark as it is, 2 after the repair",
		"pcap":       "a: 3 flags in tshark as it is, 2 after the repair",
	} {
		r := &report.Report{Capture: report.Capture{Name: "a", Format: format}}
		r.Analysis.Before, r.Analysis.After = map[string]int64{"retransmission": 3}, map[string]int64{"retransmission": 2}
		if got := flagsText(r); got != want {
			t.Errorf("%s: got %q, want %q", format, got, want)
		}
	}
}

// A damaged input is never said to have nothing odd, and events are counted beside findings.
func TestHeadlineOfDamageAndEvents(t *testing.T) {
	r := &report.Report{Capture: report.Capture{Packets: 2}, Damage: []report.Damage{{Offset: 7}}}
	want := "The input is damaged in 1 place. In what could be read no flag of the analyser was found, and no law of order broken."
	left := r.Remaining()
	if got := headline(r, &left); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	r.Findings = report.Findings{Total: 35, Events: 6, ByVerdict: map[report.Verdict]int64{report.Loss: 35}}
	want = "35 of 35 findings remain in 6 events: 35 loss. The input is damaged in 1 place."
	left = r.Remaining()
	if got := headline(r, &left); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A flag that changes its name is two findings: the first line says how many are new.
func TestFlagsSayWhatIsNew(t *testing.T) {
	r := &report.Report{
		Capture:  report.Capture{Name: "a.pcap"},
		Analysis: report.Analysis{Before: map[string]int64{"retransmission": 2}, After: map[string]int64{"fast_retransmission": 1}},
		Findings: report.Findings{Total: 3, ByVerdict: map[report.Verdict]int64{report.Created: 1, report.Artefact: 2}},
	}
	if got, want := flagsText(r), "a.pcap: 2 flags in tshark as it is, 1 after the repair, 1 of them not before"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// The table of flags fits on a narrow screen.
func TestFlagsFitNarrowScreens(t *testing.T) {
	r := &report.Report{Analysis: report.Analysis{Before: map[string]int64{"spurious_retransmission": 2}, After: map[string]int64{}}}
	var screen strings.Builder
	if err := Terminal(&screen, r, Screen{Width: 60}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(screen.String(), "spurious_retransmission") {
		t.Fatalf("got no flag in\n%s", screen.String())
	}
	for line := range strings.Lines(screen.String()) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 60 {
			t.Errorf("got a line of %d columns, want at most 60: %s", n, line)
		}
	}
}
