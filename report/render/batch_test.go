package render

import (
	"bytes"
	"encoding/csv"
	"io"
	"strings"
	"testing"

	"github.com/mendcap/mendcap/internal/lab/golden"
	"github.com/mendcap/mendcap/report"
)

func TestBatchGolden(t *testing.T) {
	b := readBatch(t)
	planned := report.NewBatch([]report.Entry{{Path: "a/x.pcap", Output: "a/x.mended.pcapng", Outcome: report.OutcomePlanned}}, report.Skipped{Own: 1})
	for name, write := range map[string]func(io.Writer) error{
		"batch-80.txt":      func(w io.Writer) error { return BatchTerminal(w, b, 80) },
		"batch-planned.txt": func(w io.Writer) error { return BatchTerminal(w, planned, 0) },
		"batch.csv":         func(w io.Writer) error { return BatchCSV(w, b) },
		"batch.html":        func(w io.Writer) error { return BatchHTML(w, b, BatchOptions{}) },
	} {
		var buf bytes.Buffer
		if err := write(&buf); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		golden.Check(t, name, buf.Bytes())
	}
}

func TestBatchListsAreShortened(t *testing.T) {
	var entries []report.Entry
	for i := range 60 {
		e := report.Entry{Path: strings.Repeat("x", i+1) + ".pcap", Outcome: report.OutcomeIntact}
		if i%2 == 0 {
			e.Outcome, e.Code, e.Error = report.OutcomeFailed, 4, "no usable capture"
		}
		entries = append(entries, e)
	}
	var buf bytes.Buffer
	if err := BatchTerminal(&buf, report.NewBatch(entries, report.Skipped{}), 80); err != nil {
		t.Fatal(err)
	}
	if text := buf.String(); strings.Count(text, "\n") > 30 || !strings.Contains(text, "and 20 more") {
		t.Errorf("got\n%s\nwant ten failures, how many more, and no list of all", text)
	}
}

func TestBatchCSVHoldsNoFormula(t *testing.T) {
	b := report.NewBatch([]report.Entry{{Path: "=cmd|'/c calc'!A1", Output: "@x", Outcome: report.OutcomeIntact, Error: "-1+1"}}, report.Skipped{})
	var buf bytes.Buffer
	if err := BatchCSV(&buf, b); err != nil {
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
