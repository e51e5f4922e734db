package render

import (
	"fmt"
	"io"
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
		fmt.Fprintf(&b, "- %s: %s\n", f.Label, prose(strings.ReplaceAll(f.Text, "\n", "; ")))
	}
	if text := headline(r); text != "" {
		fmt.Fprintf(&b, "\n%s\n", prose(text))
	}
	if r.Findings.Total != 0 {
		writeMarkdownTable(&b, verdictsTable(r))
	}
	if flags := flagsSection(r); len(flags.Table.Rows) > 0 {
		writeMarkdownTable(&b, flags.Table.titled("tcp.analysis flag"))
		fmt.Fprintf(&b, "\n%s\n", beforeMeans)
	}
	writeMarkdownFlows(&b, r)
	writeMarkdownFindings(&b, r)
	if len(r.Notes) > 0 {
		b.WriteByte('\n')
	}
	note := func(note *string) string { return "Note: " + prose(*note) }
	for _, line := range cut(r.Notes, markdownNotes, 0, note, "and %d more notes") {
		fmt.Fprintf(&b, "- %s\n", line)
	}
	_, err := io.WriteString(m.w, b.String())
	return err
}

func (m *markdownWriter) Close() error { return nil }

func writeMarkdownFlows(b *strings.Builder, r *report.Report) {
	shown := r.Flows.List[:min(len(r.Flows.List), markdownFlows)]
	if len(shown) == 0 {
		return
	}
	writeMarkdownTable(b, flowsTable(shown).without("payload", "lasted"))
	if more := bounded.Sub(r.Flows.Total, int64(len(shown))); more > 0 {
		fmt.Fprintf(b, "\n%s more: %s in all.\n", text.Count(more), text.Plural(r.Flows.Total, "connection"))
	}
}

func writeMarkdownFindings(b *strings.Builder, r *report.Report) {
	shown := r.Findings.List[:min(len(r.Findings.List), markdownFindings)]
	if len(shown) == 0 {
		return
	}
	fmt.Fprintf(b, "\n<details><summary>The first %d of %s</summary>\n", len(shown), text.Plural(r.Findings.Total, "finding"))
	writeMarkdownTable(b, findingsTable(shown))
	b.WriteString("\n</details>\n")
}

// writeMarkdownTable writes a table after an empty line (GFM, section 4.10).
func writeMarkdownTable(b *strings.Builder, t *table) {
	names, rules := make([]string, len(t.Columns)), make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i], rules[i] = c.Name, "---"
		if c.Right() {
			rules[i] = "---:"
		}
	}
	b.WriteByte('\n')
	row(b, names)
	row(b, rules)
	for _, cells := range t.all() {
		shown := make([]string, len(cells))
		for i := range cells {
			if shown[i] = prose(cells[i].String()); looks[t.Columns[i].Look].code {
				shown[i] = code(cells[i].String())
			}
		}
		row(b, shown)
	}
}

func row(b *strings.Builder, cells []string) {
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
func prose(s string) string { return harmless.Replace(text.Sanitise(s)) }

// harmless escapes what Markdown takes for more than text.
var harmless = strings.NewReplacer("<", "&lt;", ">", "&gt;", "&", "&amp;", "@", "@<!-- -->", // nobody is mentioned
	`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "{", `\{`, "}", `\}`, "[", `\[`, "]", `\]`, "#", `\#`, "|", `\|`, "!", `\!`, "~", `\~`, "$", `\$`)
