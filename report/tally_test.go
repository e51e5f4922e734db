package report

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseKind(t *testing.T) {
	for text, want := range map[string]Kind{
		"loss":                                 {Verdict: Loss},
		"loss/retransmission":                  {Loss, "retransmission"},
		"drop/tcp.analysis.lost_segment":       {Drop, "lost_segment"},
		"undecided/out-ack":                    {Undecided, "out-ack"},
		"not-captured/tcp.analysis.keep_alive": {NotCaptured, "keep_alive"},
	} {
		got, err := ParseKind(text)
		if err != nil || got != want {
			t.Errorf("%s: got %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "/", "lost", "Loss", "loss/", "loss/tcp.analysis.", "/retransmission"} {
		if got, err := ParseKind(text); err == nil {
			t.Errorf("%q: got %v, want an error", text, got)
		}
	}
}

// TCP packets whose destination is unknown are held to 1 % of all where nothing
// else is asked for, and only where headers were inferred.
func TestUnknownPackets(t *testing.T) {
	capture := func(unanalysed int64) *Report {
		return &Report{Inference: Inference{Packets: 500, Unanalysed: unanalysed}, Analysis: Analysis{Segments: 1000 - unanalysed}}
	}
	max := func(text string) Rules {
		l, err := ParseLimit(text)
		if err != nil {
			t.Fatal(err)
		}
		return Rules{Max: []Limit{l}}
	}
	for _, test := range []struct {
		name    string
		rules   Rules
		unknown int64
		failed  bool
	}{
		{"one per cent", Rules{}, 10, false},
		{"more than that", Rules{}, 11, true},
		{"a number", max("unknown=20"), 20, false},
		{"more than the number", max("unknown=20"), 21, true},
		{"a share", max("unknown=5%"), 50, false},
		{"more than the share", max("unknown=5%"), 51, true},
		{"asked for", Rules{FailOn: []Kind{{Verdict: Unknown}}}, 1, true},
		{"not asked for", Rules{FailOn: []Kind{{Verdict: Loss}}}, 1000, false},
	} {
		if got := Failed(test.rules.Begin("x").Checks(capture(test.unknown))); got != test.failed {
			t.Errorf("%s: %d of 1,000 unknown: got failed %v, want %v", test.name, test.unknown, got, test.failed)
		}
	}
	none := &Report{Capture: Capture{Packets: 100}}
	for _, c := range (&Rules{}).Begin("x").Checks(none) {
		if c.Name == Unknown {
			t.Errorf("capture without inferred headers: got check %+v, want none of that name", c)
		}
	}
}

func TestLimitAllows(t *testing.T) {
	for _, c := range []struct {
		text    string
		packets int64
		want    int64
	}{
		{"loss=0", 1000, 0},
		{"loss=7", 3, 7},
		{"loss=0.5%", 1000, 5},
		{"loss=0.5%", 999, 4},
		{"loss=0.005", 1000, 5},
		{"loss=100%", 42, 42},
		{"loss=1.0", 42, 42},
		{"loss=0%", 42, 0},
		{"loss=0.0000001%", 1e9, 1},
		{"loss=100%", math.MaxInt64, math.MaxInt64},
	} {
		l, err := ParseLimit(c.text)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if got := l.allows(c.packets); got != c.want {
			t.Errorf("%s of %d packets: got %d, want %d", c.text, c.packets, got, c.want)
		}
	}
	for _, text := range []string{"loss", "loss=", "loss=-1", "loss=1e3", "loss=1/2", "loss=100.1%", "loss=1.5", "loss=%",
		"loss=.", "lost=1", "loss=" + strings.Repeat("9", 40) + "%"} {
		if l, err := ParseLimit(text); err == nil {
			t.Errorf("%s: got %+v, want an error", text, l)
		}
	}
}

// found returns a finding; left tells its bytes from those of others.
func found(frame int64, verdict Verdict, flag string, left uint32) *Finding {
	return &Finding{
		Frame: frame, Verdict: verdict, Flag: flag, Flow: ends("192.0.2.1:80 > 192.0.2.2:1024"), Evidence: "so it is",
		Sequence: &Range{left, left + 100},
	}
}

func TestTallyCountsBySpecificKind(t *testing.T) {
	rules := Rules{Max: []Limit{{Kind: Kind{Loss, "retransmission"}, Most: 1}}}
	tally := rules.Begin("x")
	tally.Add(found(9, Loss, "retransmission", 1))
	tally.Add(found(5, Loss, "retransmission", 101))
	tally.Add(found(7, Loss, "lost_segment", 1))
	tally.Add(found(1, Artefact, "retransmission", 1)) // does not count
	tally.Add(found(2, Genuine, "duplicate_ack", 1))   // nor does this
	got := map[string]Check{}
	for _, c := range tally.Checks(&Report{}) {
		got[c.Name] = c
	}
	if c := got["loss/retransmission"]; c.Found != 2 || c.Allowed != 1 || !c.Failed || c.Frame != 5 {
		t.Errorf("loss/retransmission: got %+v, want 2 found, 1 allowed, failed, first at frame 5", c)
	}
	if c := got["loss"]; c.Found != 1 || c.Allowed != 0 || !c.Failed || c.Frame != 7 {
		t.Errorf("loss: got %+v, want 1 found, none allowed, failed, at frame 7", c)
	}
	if c := got["drop"]; c.Found != 0 || c.Failed {
		t.Errorf("drop: got %+v, want nothing", c)
	}
	if _, ok := got["artefact"]; ok {
		t.Error("artefacts count, though nobody asked for them")
	}
}

func TestTallyNamesTheFirstExamples(t *testing.T) {
	tally := (&Rules{}).Begin("x")
	for frame := int64(40); frame > 0; frame-- {
		tally.Add(found(frame, Loss, "lost_segment", uint32(frame)))
	}
	for _, c := range tally.Checks(&Report{}) {
		if c.Name != string(Loss) {
			continue
		}
		if len(c.Examples) != examplesPerCheck || !strings.HasPrefix(c.Examples[0], "frame 1:") ||
			!strings.HasPrefix(c.Examples[examplesPerCheck-1], "frame 10:") {
			t.Errorf("got examples %q, want those of frames 1 to 10", c.Examples)
		}
	}
}

// TestPassingTalliesKeepNothing: what a baseline knows is known all the same.
func TestPassingTalliesKeepNothing(t *testing.T) {
	var b Baseline
	first := (&Rules{}).Begin("a.pcap")
	first.Add(found(3, Loss, "retransmission", 1))
	if err := b.Update(first); err != nil {
		t.Fatal(err)
	}
	tally := (&Rules{Baseline: &b, Passing: true}).Begin("a.pcap")
	for frame := int64(1); frame <= 5; frame++ {
		tally.Add(found(frame, Loss, "retransmission", uint32(frame)))
	}
	if len(tally.seen) > 0 {
		t.Errorf("got %d different findings kept, want none", len(tally.seen))
	}
	for _, c := range tally.Checks(&Report{}) {
		if c.Name == string(Loss) && (c.Found != 4 || c.Known != 1) {
			t.Errorf("loss: got %+v, want 4 found and 1 known", c)
		}
	}
}

func TestBaselineKnowsAsOftenAsItSaw(t *testing.T) {
	var b Baseline
	first := (&Rules{}).Begin("a.pcap")
	first.Add(found(3, Loss, "retransmission", 1))
	first.Add(found(4, Loss, "retransmission", 1))
	first.Add(found(5, Drop, "lost_segment", 1))
	if err := b.Update(first); err != nil {
		t.Fatal(err)
	}
	rules := Rules{Baseline: reread(t, &b)}
	again := rules.Begin("a.pcap")
	for frame := int64(13); frame < 16; frame++ { // elsewhere, and once more
		again.Add(found(frame, Loss, "retransmission", 1))
	}
	checks := again.Checks(&Report{})
	for _, c := range checks {
		if want := int64(1); c.Name == string(Loss) && (c.Found != want || c.Known != 2 || c.Frame != 15) {
			t.Errorf("loss: got %+v, want %d new one at frame 15 and 2 known", c, want)
		}
	}
	if c := again.Checked(&Report{}); c.Gone != 1 || len(c.Lost) != 1 || c.Failed != Failed(checks) || c.New+c.Known == 0 {
		t.Errorf("how the capture did: got %+v, want one finding gone, the others new or known", c)
	}
	if got := again.Gone(); got != 1 {
		t.Errorf("findings gone: got %d, want 1, the drop", got)
	}
	other := rules.Begin("b.pcap") // the baseline knows nothing of it
	other.Add(found(3, Loss, "retransmission", 1))
	if !Failed(other.Checks(&Report{})) {
		t.Error("a finding of another capture counts as known")
	}
}

// reread writes a baseline and reads it; writing that again must give the same.
func reread(t *testing.T, b *Baseline) *Baseline {
	t.Helper()
	var one, two bytes.Buffer
	if err := b.Write(&one); err != nil {
		t.Fatal(err)
	}
	again, err := ReadBaseline(bytes.NewReader(one.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Write(&two); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(one.String(), two.String()); diff != "" {
		t.Errorf("read and written again it differs (-first +second):\n%s", diff)
	}
	return again
}

func TestReadBaselineRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"empty":        "",
		"a report":     `{"schema":"mendcap.report/1"}`,
		"no schema":    `{"captures":[]}`,
		"count 0":      `{"schema":"mendcap.baseline/1","captures":[{"name":"x","findings":[{"verdict":"loss","count":0}]}]}`,
		"wrong shapes": `{"schema":"mendcap.baseline/1","captures":{"x":1}}`,
	} {
		if _, err := ReadBaseline(strings.NewReader(text)); !errors.Is(err, ErrBaseline) {
			t.Errorf("%s: got %v, want ErrBaseline", name, err)
		}
	}
}

func TestCompareReports(t *testing.T) {
	a, b := sample(), sample()
	if d := Compare(a, b); !d.Same() {
		t.Errorf("a report differs from itself: %+v", d)
	}
	b.Order.Moved++
	b.Findings.List[0].Frame += 10 // it is still what it was
	b.Findings.List[1].Verdict = Loss
	d := Compare(a, b)
	if want := []Change{{"order.moved", "1204", "1205"}}; !cmp.Equal(d.Figures, want) {
		t.Errorf("figures: got %v, want %v", d.Figures, want)
	}
	if d.Gained.Total != 1 || d.Lost.Total != 1 || d.Gained.List[0].Verdict != Loss || d.Lost.List[0].Verdict != Undecided {
		t.Errorf("gained %+v, lost %+v, want the finding whose verdict changed", d.Gained.List, d.Lost.List)
	}
	if !d.Partial {
		t.Error("the sample leaves findings out, yet the difference is not partial")
	}
}

func TestReadTakesWhatWasWritten(t *testing.T) {
	one := string(written(t, sample()))
	for name, c := range map[string]struct {
		text string
		n    int
	}{"one": {one, 1}, "array": {"[\n" + one + ",\n" + one + "]\n", 2}, "empty array": {"[]\n", 0}} {
		got, err := readAll(strings.NewReader(c.text))
		if err != nil || len(got) != c.n {
			t.Errorf("%s: got %d reports, %v, want %d", name, len(got), err, c.n)
			continue
		}
		for i := range got {
			var again bytes.Buffer
			if err := got[i].WriteJSON(&again); err != nil || again.String() != one {
				t.Errorf("%s: report %d reads back as another (%v)", name, i, err)
			}
		}
	}
	for _, text := range []string{"", "null", "{}", "[{}]", `{"schema":"mendcap.explain/1"}`, `{"schema":"mendcap.report/1","capture":3}`} {
		if _, err := readAll(strings.NewReader(text)); !errors.Is(err, ErrReport) {
			t.Errorf("%q: got %v, want ErrReport", text, err)
		}
	}
}

// Only findings that can become examples need their evidence: without that of all
// others the checks say the same.
func TestEvidenceIsNeededOfExamplesAlone(t *testing.T) {
	whole, sparing := (&Rules{}).Begin(""), (&Rules{}).Begin("")
	needed := 0
	for i := range 1000 {
		f := Finding{Frame: int64((i*7 + 500) % 1000), Verdict: Verdicts()[i%len(Verdicts())], Flag: "retransmission", Evidence: "as frame 1 tells"}
		whole.Add(&f)
		if sparing.NeedsEvidence(&f) {
			needed++
		} else {
			f.Evidence = ""
		}
		sparing.Add(&f)
	}
	var r Report
	if diff := cmp.Diff(whole.Checks(&r), sparing.Checks(&r)); diff != "" {
		t.Errorf("checks differ (-with all evidence +with that needed):\n%s", diff)
	}
	if needed > 500 {
		t.Errorf("evidence was needed of %d findings of 1000, want at most 500", needed)
	}
}

// Packets that were not read fail a check where the kind is named, and else are only said.
func TestUnreadPackets(t *testing.T) {
	r := &Report{Capture: Capture{Packets: 100}, Analysis: Analysis{NotRead: map[string]int64{"fragment": 3, "link": 2}}}
	limit := func(text string) []Limit {
		l, err := ParseLimit(text)
		if err != nil {
			t.Fatal(err)
		}
		return []Limit{l}
	}
	for _, test := range []struct {
		about string
		rules Rules
		want  Check
	}{
		{"not asked for", Rules{}, Check{Name: NotAnalysed, Found: 5, Allowed: 5, Message: "5 packets not analysed for TCP (3 fragment, 2 link)"}},
		{"none allowed", Rules{Max: limit("unread=0")}, Check{Name: Unread, Found: 5, Failed: true, Message: "5 packets not analysed for TCP (3 fragment, 2 link), 0 allowed"}},
		{"enough allowed", Rules{Max: limit("unread=5%")}, Check{Name: Unread, Found: 5, Allowed: 5, Message: "5 packets not analysed for TCP (3 fragment, 2 link), 5 allowed"}},
		{"failed on", Rules{FailOn: []Kind{{Verdict: Unread}}}, Check{Name: Unread, Found: 5, Failed: true, Message: "5 packets not analysed for TCP (3 fragment, 2 link), 0 allowed"}},
	} {
		all := test.rules.Begin("a").Checks(r)
		if diff := cmp.Diff(test.want, all[len(all)-1]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.about, diff)
		}
	}
}
