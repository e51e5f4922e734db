package render

import (
	"cmp"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"sync"
	"time"

	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/internal/bounded"
	"github.com/mendcap/mendcap/report/internal/text"
)

// What a page shows, so that it stays quick to open: of each capture, and in
// all. The rest is counted.
const (
	pageFindings    = 500
	pageFlows       = 100
	pageGraphs      = 20
	pageRows        = 50 // of other tables
	pageNotes       = 50
	allPageFindings = 2_000
	allPageGraphs   = 30
	allPageCaptures = 2_000 // in the list of all captures
)

// The styles of a page, and of them those of pictures, which a picture has too that
// stands alone.
var (
	//go:embed page/page.css
	pageOnly string
	//go:embed page/graph.css
	graphStyle string
	//go:embed page/light.css
	lightStyle string

	pageStyle = lightStyle + pageOnly + graphStyle
)

//go:embed page/page.js
var pageScript string

//go:embed page/*.tmpl
var pageFiles embed.FS

// pageTemplates parses the templates of all pages once. Whatever they show of a
// page goes through safe or lines.
var pageTemplates = sync.OnceValue(func() *template.Template {
	helpers := template.FuncMap{"safe": text.Sanitise, "lines": sanitisedText, "class": tagClass}
	return template.Must(template.New("").Funcs(helpers).ParseFS(pageFiles, "page/*.tmpl"))
})

// htmlWriter writes one page that holds all it needs: its policy forbids the
// browser to load or run anything else. Captures follow each other; of several,
// a list comes after them.
type htmlWriter struct {
	w                io.Writer
	several          bool
	captures         int
	findings, graphs int // written so far
	index            *table
	style, script    string
	made             Made
	last             time.Time // of the captures' packets
}

func newHTMLWriter(w io.Writer, several bool, made Made) *htmlWriter {
	return &htmlWriter{style: pageStyle, script: pageScript, w: w, several: several, made: made, index: newTable([]column{
		{"capture", asName}, {"packets", asNumber}, {"moved", asNumber}, {"flags before", asNumber}, {"after", asNumber}, {"findings", asSentence},
	})}
}

// write writes a part of the page.
func (h *htmlWriter) write(part string, of any) error {
	return pageTemplates().ExecuteTemplate(h.w, part, of)
}

// head begins the page, unless a capture has.
func (h *htmlWriter) head(title string) error {
	if h.captures > 0 {
		return nil
	}
	return h.write("head", map[string]any{
		"Title": title, "Several": h.several, "Style": template.CSS(h.style),
		"Policy": "default-src 'none'; style-src " + sourceHash(h.style) + "; script-src " + sourceHash(h.script) +
			"; img-src data:; base-uri 'none'; form-action 'none'",
	})
}

// sourceHash names an inline style or script in a policy (CSP level 3, section
// 2.3.1).
func sourceHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

func (h *htmlWriter) Add(r *report.Report) error {
	if err := h.head(cmp.Or(text.When(h.several, "mendcap report"), "mendcap: "+r.Capture.Name)); err != nil {
		return err
	}
	h.captures++
	if r.Capture.Last.After(h.last) {
		h.last = r.Capture.Last
	}
	p := capturePage(r, h.captures, room{
		flows: pageFlows, findings: min(pageFindings, allPageFindings-h.findings), notes: pageNotes,
		graphs: min(pageGraphs, allPageGraphs-h.graphs), charts: true,
	})
	h.findings += len(p.section("remaining").Table.Rows) + len(p.section("findings").Table.Rows)
	h.graphs += len(p.section("flows").Graphs)
	if h.several && len(h.index.Rows) < allPageCaptures {
		h.index.add(r.Capture.Name, r.Capture.Packets, r.Order.Moved, bounded.Sum(r.Analysis.Before), bounded.Sum(r.Analysis.After), p.Headline)
	}
	return h.write("page", p)
}

func (h *htmlWriter) Close() error {
	if err := h.head("mendcap report"); err != nil {
		return err
	}
	var all []section
	if h.several && h.captures > 0 {
		label := "All captures"
		if more := h.captures - len(h.index.Rows); more > 0 {
			label = fmt.Sprintf("The first %d captures of %d", len(h.index.Rows), h.captures)
		}
		all = append(all, section{ID: "captures", Heading: "All captures", Label: label, Table: h.index})
	}
	return h.tail(all, h.captures == 0)
}

// tail ends the page, after the sections about all captures.
func (h *htmlWriter) tail(all []section, none bool) error {
	return h.write("tail", map[string]any{
		"Script": template.JS(h.script), "All": &page{Sections: all}, "None": none, "Made": h.made.text(h.last), "Command": h.made.Command,
	})
}
