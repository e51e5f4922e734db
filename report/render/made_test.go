package render

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/mendcap/mendcap/report"
)

// footerOf is the footer of a page.
func footerOf(t *testing.T, page string) string {
	_, rest, begins := strings.Cut(page, "<footer>\n")
	said, _, ends := strings.Cut(rest, "</footer>")
	if !begins || !ends {
		t.Fatal("the page has no footer")
	}
	return said
}

// Pages of captures and of batches say in their footers how they were made; what came
// from the command line is no mark-up, and its control characters are shown.
func TestFooter(t *testing.T) {
	made := Made{Version: "v1.2.3", Command: "mendcap repair '<b>\x1b\u202e.pcap'", At: time.Date(2026, 1, 2, 3, 4, 5, 6, time.FixedZone("", 3600))}
	const want = "<p>Made by mendcap v1.2.3 at 2026-01-02 02:04:05 UTC. The last packet is of 2024-05-01 12:00:00 UTC. This page loads nothing from elsewhere.</p>\n" +
		`<p class="mono">mendcap repair &#39;&lt;b&gt;\x1b\u202e.pcap&#39;</p>` + "\n"
	last := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	early, late := readSample(t), readQuiet(t)
	early.Capture.Last, late.Capture.Last = last.Add(-time.Hour), last
	var several bytes.Buffer
	w, err := NewWriter(HTML, &several, WriterOptions{Several: true, Made: made})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Add(late), w.Add(early), w.Close()); err != nil {
		t.Fatal(err)
	}
	if got := footerOf(t, several.String()); got != want {
		t.Errorf("page: got\n%s\nwant\n%s", got, want)
	}
	b := report.NewBatch([]report.Entry{{Path: "x", Counts: report.Counts{First: last, Last: last}}}, report.Skipped{})
	var batch bytes.Buffer
	if err := BatchHTML(&batch, b, BatchOptions{Made: made}); err != nil {
		t.Fatal(err)
	}
	if got := footerOf(t, batch.String()); got != want {
		t.Errorf("batch: got\n%s\nwant\n%s", got, want)
	}
	if got := footerOf(t, string(render(t, HTML))); got != "<p>Made by mendcap. This page loads nothing from elsewhere.</p>\n" {
		t.Errorf("without anything: got %s", got)
	}
}
