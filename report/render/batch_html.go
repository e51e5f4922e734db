package render

import (
	"html/template"
	"io"

	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/internal/text"
)

// BatchHTML writes the summary as one page that needs nothing else: totals, what
// failed or is damaged, and a row a capture.
func BatchHTML(w io.Writer, b *report.Batch) error {
	return batchPage.Execute(w, viewBatch(b))
}

type htmlFact struct{ Label, Text string }

type htmlEntry struct {
	Path, Output, Fate, Why                     string
	Packets, Size, Edited, Moved, Before, After string
}

type htmlBatch struct {
	Facts    []htmlFact
	Troubles []htmlEntry
	Entries  []htmlEntry
}

func viewBatch(b *report.Batch) htmlBatch {
	var p htmlBatch
	for _, f := range batchFacts(b) {
		p.Facts = append(p.Facts, htmlFact{f.label, f.text})
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

func viewEntry(e *report.Entry) htmlEntry {
	h := htmlEntry{Path: text.Sanitise(e.Path), Output: text.Sanitise(e.Output), Fate: text.Sanitise(e.Fate), Why: text.Sanitise(e.Error)}
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

var batchPage = template.Must(template.New("batch").Parse(`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>mendcap: batch</title>
<style>
:root { color-scheme: light dark; --rule: #8886; --bad: #c0392b; --warn: #b9770e; --good: #2e7d4f; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.2rem; }
dt { font-weight: 600; } dd { margin: 0; white-space: pre-line; }
div.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .25rem .6rem; border-bottom: 1px solid var(--rule); vertical-align: top; }
th { position: sticky; top: 0; background: Canvas; } td.n, th.n { text-align: right; white-space: nowrap; }
td.path { overflow-wrap: anywhere; }
.failed { color: var(--bad); } .damaged { color: var(--warn); } .repaired { color: var(--good); }
</style>
</head>
<body>
<h1>Batch</h1>
<dl>{{range .Facts}}
<dt>{{.Label}}</dt><dd>{{.Text}}</dd>{{end}}
</dl>
{{- if .Troubles}}
<h2>Failed or damaged</h2>
<div class="scroll"><table>
<thead><tr><th>capture</th><th>fate</th><th>why</th></tr></thead>
<tbody>{{range .Troubles}}
<tr><td class="path">{{.Path}}</td><td class="{{.Fate}}">{{.Fate}}</td><td>{{.Why}}</td></tr>{{end}}
</tbody>
</table></div>
{{- end}}
<h2>All captures</h2>
<div class="scroll"><table>
<thead><tr><th>capture</th><th class="n">packets</th><th class="n">bytes</th><th class="n">edited</th><th class="n">moved</th><th class="n">flags before</th><th class="n">after</th><th>fate</th><th>output</th></tr></thead>
<tbody>{{range .Entries}}
<tr><td class="path">{{.Path}}</td><td class="n">{{.Packets}}</td><td class="n">{{.Size}}</td><td class="n">{{.Edited}}</td><td class="n">{{.Moved}}</td><td class="n">{{.Before}}</td><td class="n">{{.After}}</td><td class="{{.Fate}}">{{.Fate}}</td><td class="path">{{.Output}}</td></tr>{{end}}
</tbody>
</table></div>
</body>
</html>
`))
