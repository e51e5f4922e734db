package render

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/internal/text"
)

// BatchCSV writes a line a capture, for spreadsheets (RFC 4180, with a line of
// names, and lines that end in LF alone).
func BatchCSV(w io.Writer, b *report.Batch) error {
	out := csv.NewWriter(w)
	if err := out.Write([]string{
		"path", "output", "fate", "code", "error", "format", "compression", "packets", "bytes", "first", "last",
		"headerless", "destinations", "edited", "moved", "flags_before", "flags_after", "damage", "notes",
	}); err != nil {
		return fmt.Errorf("write summary: %w", err)
	}
	for i := range b.Captures {
		if err := out.Write(entryCells(&b.Captures[i])); err != nil {
			return fmt.Errorf("write summary: %w", err)
		}
	}
	out.Flush()
	return out.Error()
}

func entryCells(e *report.Entry) []string {
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	stamp := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.UTC().Format(time.RFC3339Nano)
	}
	cells := []string{
		e.Path, e.Output, e.Fate, strconv.Itoa(e.Code), e.Error, e.Format, e.Compression, number(e.Packets), number(e.Bytes),
		stamp(e.First), stamp(e.Last), number(e.Headerless), number(e.Destinations), number(e.Edited), number(e.Moved),
		number(e.Before), number(e.After), number(e.Damage), number(e.Notes),
	}
	for i, cell := range cells {
		cells[i] = defused(text.Sanitise(cell))
	}
	return cells
}
