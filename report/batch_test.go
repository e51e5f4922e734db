package report

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// sampleBatch is a batch with one entry of each fate.
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
		{Path: "archive/=evil\a<b>.pcap", Fate: FateFailed, Code: 4, Error: "no usable capture: \x1b[2J"},
		{Path: "archive/full.pcap", Fate: FateFailed, Code: 5, Error: "i/o failed: no space left on device"},
	}, Skipped{Other: 7, Own: 2, Excluded: 1, Links: 1, Special: 3})
}

func TestBatchGolden(t *testing.T) {
	b := sampleBatch()
	planned := NewBatch([]Entry{{Path: "a/x.pcap", Output: "a/x.mended.pcapng", Fate: FatePlanned}}, Skipped{Own: 1})
	for name, write := range map[string]func(io.Writer) error{
		"batch-80.txt":      func(w io.Writer) error { return b.WriteTerminal(w, 80) },
		"batch-planned.txt": func(w io.Writer) error { return planned.WriteTerminal(w, 0) },
		"batch.json":        b.WriteJSON,
		"batch.csv":         b.WriteCSV,
		"batch.html":        b.WriteHTML,
	} {
		var buf bytes.Buffer
		if err := write(&buf); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		golden(t, name, buf.Bytes())
	}
}

func TestBatchListsAreShortened(t *testing.T) {
	var entries []Entry
	for i := range 60 {
		e := Entry{Path: strings.Repeat("x", i+1) + ".pcap", Fate: FateSound}
		if i%2 == 0 {
			e.Fate, e.Code, e.Error = FateFailed, 4, "no usable capture"
		}
		entries = append(entries, e)
	}
	var buf bytes.Buffer
	if err := NewBatch(entries, Skipped{}).WriteTerminal(&buf, 80); err != nil {
		t.Fatal(err)
	}
	if text := buf.String(); strings.Count(text, "\n") > 30 || !strings.Contains(text, "and 20 more") {
		t.Errorf("got\n%s\nwant ten failures, how many more, and no list of all", text)
	}
}

func TestBatchReadsBack(t *testing.T) {
	b := sampleBatch()
	var buf bytes.Buffer
	if err := b.WriteJSON(&buf); err != nil {
		t.Fatal(err)
	}
	got, err := ReadBatch(&buf)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(b, got); diff != "" {
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
	if diff := cmp.Diff(whole, MergeBatches(parts...)); diff != "" {
		t.Errorf("merged (-whole +got):\n%s", diff)
	}
	again := NewBatch([]Entry{{Path: "archive/full.pcap", Fate: FateSound, Packets: 5}}, Skipped{})
	merged := MergeBatches(whole, again)
	if got, want := merged.Totals.ByFate[FateFailed], int64(1); got != want || merged.Totals.Captures != whole.Totals.Captures {
		t.Errorf("after a later run of one that failed: got %+v, want one failure less", merged.Totals)
	}
	if got := MergeBatches(again, whole).Totals.ByFate[FateFailed]; got != 2 {
		t.Errorf("the other way round: got %d failures, want the later summary's 2", got)
	}
}

func TestBatchCodes(t *testing.T) {
	for _, c := range []struct {
		entries []Entry
		want    int
	}{
		{nil, 0},
		{[]Entry{{Path: "a", Fate: FateSound}, {Path: "b", Fate: FateRepaired}}, 0},
		{[]Entry{{Path: "a", Fate: FateDamaged, Code: 3}, {Path: "b", Fate: FateRepaired}}, 3},
		{[]Entry{{Path: "a", Fate: FateDamaged, Code: 3}, {Path: "b", Fate: FateFailed, Code: 4}}, 6},
	} {
		if got := NewBatch(c.entries, Skipped{}).Code(); got != c.want {
			t.Errorf("%v: got %d, want %d", c.entries, got, c.want)
		}
	}
}

func TestBatchCSVHoldsNoFormula(t *testing.T) {
	b := NewBatch([]Entry{{Path: "=cmd|'/c calc'!A1", Output: "@x", Fate: FateSound, Error: "-1+1"}}, Skipped{})
	var buf bytes.Buffer
	if err := b.WriteCSV(&buf); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&buf).ReadAll()
	if err != nil || len(rows) != 2 || len(rows[0]) != len(rows[1]) {
		t.Fatalf("got %v, %v; want names and one row of as many cells", rows, err)
	}
	for _, cell := range rows[1] {
		if strings.HasPrefix(cell, "=") || strings.HasPrefix(cell, "@") || strings.HasPrefix(cell, "-") {
			t.Errorf("cell %q is a formula", cell)
		}
	}
}
