package render

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"

	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/internal/text"
)

// BatchHTML writes the summary as one page that needs nothing else: totals, what
// failed or is damaged, and a row a capture.
func BatchHTML(w io.Writer, b *report.Batch) error {
	pages, err := pageTemplates()
	if err != nil {
		return fmt.Errorf("read page templates: %w", err)
	}
	return pages.ExecuteTemplate(w, "batch", viewBatch(b))
}

//go:embed page/batch.css
var batchStyle string

// entryView is a row of one of the page's tables; its texts are sanitised.
type entryView struct {
	Path, Output, Fate, Why                     string
	Packets, Size, Edited, Moved, Before, After string
}

// batchView is all that the page says of a batch.
type batchView struct {
	Style    template.CSS
	Facts    []factView
	Troubles []entryView
	Entries  []entryView
}

func viewBatch(b *report.Batch) batchView {
	p := batchView{Style: template.CSS(batchStyle)}
	for _, f := range batchFacts(b) {
		p.Facts = append(p.Facts, factView{f.label, f.text})
	}
	for i := range b.Captures {
		p.Entries = append(p.Entries, viewEntry(&b.Captures[i]))
	}
	for _, fate := range []string{report.FateFailed, report.FateDamaged} {
		for _, e := range worstEntries(b, fate) {
			p.Troubles = append(p.Troubles, viewEntry(e))
		}
	}
	return p
}

func viewEntry(e *report.Entry) entryView {
	h := entryView{Path: text.Sanitise(e.Path), Output: text.Sanitise(e.Output), Fate: text.Sanitise(e.Fate), Why: text.Sanitise(e.Error)}
	if h.Why == "" && e.Damage > 0 {
		h.Why = "in " + text.Plural(e.Damage, "place")
	}
	if e.Fate == report.FateFailed || e.Fate == report.FatePlanned {
		return h
	}
	h.Packets, h.Size = text.Count(e.Packets), text.Size(e.Bytes)
	h.Edited, h.Moved, h.Before, h.After = text.Count(e.Edited), text.Count(e.Moved), text.Count(e.Before), text.Count(e.After)
	return h
}
