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
	b.WriteString(text.When(m.begun, "\n"))
	m.begun = true
	p := capturePage(r, 0, room{flows: markdownFlows, findings: markdownFindings, notes: markdownNotes, moreNotes: "and %d more notes"})
	fmt.Fprintf(&b, "## %s\n\n", span(p.Name))
	for _, f := range p.Facts {
		fmt.Fprintf(&b, "- %s: %s\n", f.Label, prose(strings.ReplaceAll(f.Text, "\n", "; ")))
	}
	b.WriteString(text.When(p.Headline != "", "\n"+prose(p.Headline)+"\n"))
	if r.Findings.Total != 0 {
		writeMarkdownTable(&b, verdictsTable(r))
	}
	for _, id := range []string{"flags", "flows", "findings"} {
		writeMarkdownSection(&b, p.section(id))
	}
	b.WriteString(text.When(len(p.Notes) > 0, "\n"))
	for _, note := range p.Notes {
		fmt.Fprintf(&b, "- Note: %s\n", prose(note))
	}
	b.WriteString(text.When(p.MoreNotes != "", "- "+p.MoreNotes+"\n"))
	_, err := io.WriteString(m.w, b.String())
	return err
}

func (m *markdownWriter) Close() error { return nil }

// writeMarkdownSection writes a section in the form that suits a comment: without a
// heading, and what is long closed.
func writeMarkdownSection(b *strings.Builder, s section) {
	rows := int64(len(s.Table.Rows))
	switch s.ID {
	case "flags":
		writeMarkdownTable(b, s.Table.titled("tcp.analysis flag"))
		fmt.Fprintf(b, "\n%s\n", beforeMeans)
	case "flows":
		writeMarkdownTable(b, s.Table.without("payload", "lasted"))
		if more := bounded.Sub(s.Total, rows); more > 0 {
			fmt.Fprintf(b, "\n%s more: %s in all.\n", text.Count(more), text.Plural(s.Total, "connection"))
		}
	case "findings":
		fmt.Fprintf(b, "\n<details><summary>The first %d of %s</summary>\n", rows, text.Plural(s.Total, "finding"))
		writeMarkdownTable(b, s.Table)
		b.WriteString("\n</details>\n")
	}
}

// writeMarkdownTable writes a table after an empty line (GFM, section 4.10).
func writeMarkdownTable(b *strings.Builder, t *table) {
	names, rules := make([]string, len(t.Columns)), make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i], rules[i] = c.Name, "---"+text.When(c.Right(), ":")
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
