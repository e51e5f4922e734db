package render

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/mendcap/mendcap/report"
)

// stored is a file of the model's golden ones, which its tests hold to the
// values that they were made from.
func stored(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// readSample is a report in which every field is set, with text that a terminal
// must not see as it is.
func readSample(t *testing.T) *report.Report { return readReport(t, "report.json") }

// readQuiet is a report on a capture without faults.
func readQuiet(t *testing.T) *report.Report { return readReport(t, "quiet.json") }

func readReport(t *testing.T, name string) *report.Report {
	t.Helper()
	r := &report.Report{}
	if err := json.Unmarshal(stored(t, name), r); err != nil {
		t.Fatal(err)
	}
	return r
}

// readBatch is a batch with one entry of each outcome.
func readBatch(t *testing.T) *report.Batch {
	t.Helper()
	b := &report.Batch{}
	if err := json.Unmarshal(stored(t, "batch.json"), b); err != nil {
		t.Fatal(err)
	}
	return b
}

func sampleTables() []TableFile {
	return []TableFile{
		{Table: report.Table{Name: "office.tables/netstat.txt", Format: "netstat", Rows: 61, Addresses: 17}},
		{
			Table: report.Table{Name: "office.tables/neighbors.txt", Format: "netsh neighbors", Rows: 12, Addresses: 12, NotUnderstood: 3, Cut: 1},
			Lines: []TableLine{
				{7, "fe80::1%3 \x1b[2J incompl\xff", "address is cut"},
				{19, "2001:db8:85a3:8d3:1319:8a2e:370:7348 is a line that is too long for one row of eighty columns", "no known table"},
			},
		},
		{Table: report.Table{Name: "notes.bin", Format: ""}, Problem: "binary file, no table of any known format"},
	}
}
