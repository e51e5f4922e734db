package render

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/internal/bounded"
	"github.com/mendcap/mendcap/report/internal/text"
)

// What Markdown shows of lists that can be long.
const (
	markdownFlows    = 10
	markdownFindings = 20
	markdownNotes    = 10
)

// markdownWriter writes a section for each capture, in the form that GitHub
// and GitLab share, for pull requests and job summaries.
type markdownWriter struct {
	w     io.Writer
	begun bool
}

func (m *markdownWriter) Add(r *report.Report) error {
	var b strings.Builder
	if m.begun {
		b.WriteByte('\n')
	}
	m.begun = true
	fmt.Fprintf(&b, "## %s\n\n", span(r.Capture.Name))
	for _, f := range reportFacts(r) {
		fmt.Fprintf(&b, "- %s: %s\n", f.label, prose(strings.ReplaceAll(f.text, "\n", "; ")))
	}
	if text := headline(r); text != "" {
		fmt.Fprintf(&b, "\n%s\n", prose(text))
	}
	writeMarkdownVerdicts(&b, r)
	writeMarkdownFlags(&b, r)
	writeMarkdownFlows(&b, r)
	writeMarkdownFindings(&b, r)
	if len(r.Notes) > 0 {
		b.WriteByte('\n')
	}
	for i, note := range r.Notes {
		if i == markdownNotes {
			fmt.Fprintf(&b, "- and %d more notes\n", len(r.Notes)-i)
			break
		}
		fmt.Fprintf(&b, "- Note: %s\n", prose(note))
	}
	_, err := io.WriteString(m.w, b.String())
	return err
}

func (m *markdownWriter) Close() error { return nil }

func writeMarkdownVerdicts(b *strings.Builder, r *report.Report) {
	if r.Findings.Total != 0 {
		writeMarkdownTable(b, verdictsTable(r))
	}
}

func writeMarkdownFlags(b *strings.Builder, r *report.Report) {
	if flags := flagCounts(r); len(flags) > 0 {
		writeMarkdownTable(b, flagsTable(flags).titled("tcp.analysis flag"))
		b.WriteString("\n" + beforeMeans + "\n")
	}
}

func writeMarkdownFlows(b *strings.Builder, r *report.Report) {
	if len(r.Flows.List) == 0 {
		return
	}
	shown := r.Flows.List[:min(len(r.Flows.List), markdownFlows)]
	writeMarkdownTable(b, flowsTable(shown).without("payload", "lasted"))
	if more := bounded.Sub(r.Flows.Total, int64(len(shown))); more > 0 {
		fmt.Fprintf(b, "\n%s more: %s in all.\n", text.Count(more), text.Plural(r.Flows.Total, "connection"))
	}
}

func writeMarkdownFindings(b *strings.Builder, r *report.Report) {
	if len(r.Findings.List) == 0 {
		return
	}
	shown := r.Findings.List[:min(len(r.Findings.List), markdownFindings)]
	fmt.Fprintf(b, "\n<details><summary>The first %d of %s</summary>\n", len(shown), text.Plural(r.Findings.Total, "finding"))
	writeMarkdownTable(b, findingsTable(shown))
	b.WriteString("\n</details>\n")
}

// writeMarkdownTable writes a table after an empty line (GFM, section 4.10).
func writeMarkdownTable(b *strings.Builder, t *table) {
	names, rules := make([]string, len(t.columns)), make([]string, len(t.columns))
	for i, c := range t.columns {
		names[i], rules[i] = c.name, "---"
		if c.look == asNumber {
			rules[i] = "---:"
		}
	}
	b.WriteByte('\n')
	row(b, names...)
	row(b, rules...)
	rows := t.rows
	if t.foot != nil {
		rows = append(slices.Clone(rows), t.foot)
	}
	for _, cells := range rows {
		shown := make([]string, len(cells))
		for i := range cells {
			switch t.columns[i].look {
			case asCode, asFlag, asConnection:
				shown[i] = code(cells[i].String())
			default:
				shown[i] = prose(cells[i].String())
			}
		}
		row(b, shown...)
	}
}

func row(b *strings.Builder, cells ...string) {
	b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
}

// code returns text as a code span in a table, where bars end a cell even
// there (GFM, section 4.10).
func code(s string) string { return strings.ReplaceAll(span(s), "|", `\|`) }

// span returns text as a code span (GFM, section 6.3): no mark-up, HTML or
// mention works in it. Its fence is longer than any run of backticks in it.
func span(s string) string {
	if s == "" {
		return ""
	}
	fence := "`"
	for strings.Contains(s, fence) {
		fence += "`"
	}
	s = text.Sanitise(s)
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") || strings.TrimSpace(s) == "" {
		s = " " + s + " "
	}
	return fence + s + fence
}

// prose returns text without any mark-up, HTML or mention.
func prose(s string) string {
	var b strings.Builder
	for _, r := range text.Sanitise(s) {
		switch {
		case r == '<':
			b.WriteString("&lt;")
		case r == '>':
			b.WriteString("&gt;")
		case r == '&':
			b.WriteString("&amp;")
		case r == '@':
			b.WriteString("@<!-- -->") // nobody is mentioned
		case strings.ContainsRune("\\`*_{}[]#|!~$", r):
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
