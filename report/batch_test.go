package report

import (
	"bytes"
	"errors"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"
	"weak"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/mendcap/mendcap/internal/lab/golden"
)

// sampleBatch is a batch with one entry of each outcome.
func sampleBatch() *Batch {
	first := time.Date(2026, 3, 1, 12, 0, 0, 1000, time.UTC)
	r := sample()
	mended := NewEntry("archive/office.pcapng", "office.mended.pcapng", r)
	sound := NewEntry("archive/quiet.pcap.gz", "quiet.mended.pcapng", &Report{Capture: Capture{
		Format: "pcap", Compression: "gzip", Packets: 12, Bytes: 3456, First: first, Last: first.Add(time.Second),
	}})
	broken := NewEntry("archive/z.zip/a/cut.pcap", "z.zip.mended/a/cut.mended.pcapng", &Report{
		Capture: Capture{Format: "pcap", Packets: 3}, Damage: []Damage{{Frame: 3, Offset: 99, What: "cut short"}},
	})
	return NewBatch([]Entry{
		sound, mended, broken,
		{Path: "archive/=evil\a<b>.pcap", Outcome: OutcomeFailed, Code: 4, Error: "no usable capture: \x1b[2J"},
		{Path: "archive/full.pcap", Outcome: OutcomeFailed, Code: 5, Error: "i/o failed: no space left on device"},
	}, Skipped{Other: 7, Own: 2, Excluded: 1, Links: 1, Special: 3})
}

// An entry of a batch keeps nothing of its capture's findings, of which there may be
// thousands for each.
func TestEntriesKeepNoFindings(t *testing.T) {
	var r Report
	for i := range int64(worstGroups + 3) {
		r.Findings.List = append(r.Findings.List, Finding{Frame: i + 1, FrameAfter: i + 1, Flag: "retransmission", Verdict: Loss, Detail: string(rune('a' + i))})
	}
	findings := weak.Make(&r.Findings.List[0])
	e := NewEntry("a.pcap", "a.mended.pcapng", &r)
	r = Report{}
	runtime.GC()
	if len(e.Worst) != worstGroups || findings.Value() != nil {
		t.Errorf("got %d groups, and the findings are kept: %v; want %d, and that they are not", len(e.Worst), findings.Value() != nil, worstGroups)
	}
	runtime.KeepAlive(&e)
}

func TestBatchReadsBack(t *testing.T) {
	b := sampleBatch()
	var buf bytes.Buffer
	if err := b.WriteJSON(&buf); err != nil {
		t.Fatal(err)
	}
	golden.Check(t, "batch.json", buf.Bytes())
	got, err := ReadBatch(&buf)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(b, got, cmpopts.EquateComparable(netip.AddrPort{})); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
	for name, text := range map[string]string{
		"nothing": "", "half": `{"schema": "mendcap.batch/1"`, "report": `{"schema": "mendcap.report/1"}`, "list": "[]",
		"times": `{"schema": "mendcap.batch/1", "captures": [{"first": "noon"}]}`,
	} {
		if _, err := ReadBatch(strings.NewReader(text)); !errors.Is(err, ErrBatch) {
			t.Errorf("%s: got %v, want %v", name, err, ErrBatch)
		}
	}
}

// Summaries of parts make that of the whole, in whatever parts.
func TestBatchMerges(t *testing.T) {
	whole := sampleBatch()
	parts := []*Batch{
		NewBatch(whole.Captures[:1], Skipped{Other: 7}), NewBatch(whole.Captures[3:], Skipped{Own: 2, Excluded: 1}),
		NewBatch(whole.Captures[1:3], Skipped{Links: 1, Special: 3}),
	}
	if diff := cmp.Diff(whole, MergeBatches(parts...), cmpopts.EquateComparable(netip.AddrPort{})); diff != "" {
		t.Errorf("merged (-whole +got):\n%s", diff)
	}
	again := NewBatch([]Entry{{Path: "archive/full.pcap", Outcome: OutcomeIntact, Counts: Counts{Packets: 5}}}, Skipped{})
	merged := MergeBatches(whole, again)
	if got, want := merged.Totals.ByOutcome[OutcomeFailed], int64(1); got != want || merged.Totals.Captures != whole.Totals.Captures {
		t.Errorf("after a later run of one that failed: got %+v, want one failure less", merged.Totals)
	}
	if got := MergeBatches(again, whole).Totals.ByOutcome[OutcomeFailed]; got != 2 {
		t.Errorf("the other way round: got %d failures, want the later summary's 2", got)
	}
}

func TestBatchCodes(t *testing.T) {
	for _, c := range []struct {
		entries []Entry
		want    int
	}{
		{nil, 0},
		{[]Entry{{Path: "a", Outcome: OutcomeIntact}, {Path: "b", Outcome: OutcomeRepaired}}, 0},
		{[]Entry{{Path: "a", Outcome: OutcomeDamaged, Code: 3}, {Path: "b", Outcome: OutcomeRepaired}}, 3},
		{[]Entry{{Path: "a", Outcome: OutcomeDamaged, Code: 3}, {Path: "b", Outcome: OutcomeFailed, Code: 4}}, 6},
	} {
		if got := NewBatch(c.entries, Skipped{}).Code(); got != c.want {
			t.Errorf("%v: got %d, want %d", c.entries, got, c.want)
		}
	}
}
