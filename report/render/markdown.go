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
	if r.Findings.Total == 0 {
		return
	}
	b.WriteString("\n| verdict | findings | meaning |\n| --- | ---: | --- |\n")
	for _, v := range report.VerdictsIn(r.Findings.ByVerdict) {
		if n := r.Findings.ByVerdict[v]; n > 0 {
			row(b, code(v), text.Count(n), prose(report.Meaning(v)))
		}
	}
}

func writeMarkdownFlags(b *strings.Builder, r *report.Report) {
	flags := flagCounts(r)
	if len(flags) == 0 {
		return
	}
	b.WriteString("\n| tcp.analysis flag | before | after |\n| --- | ---: | ---: |\n")
	for _, f := range flags {
		row(b, code(f.name), text.Count(f.before), text.Count(f.after))
	}
	b.WriteString("\n" + beforeMeans + "\n")
}

func writeMarkdownFlows(b *strings.Builder, r *report.Report) {
	if len(r.Flows.List) == 0 {
		return
	}
	b.WriteString("\n| connection | packets | moved | flags before | after | findings |\n| --- | ---: | ---: | ---: | ---: | --- |\n")
	shown := r.Flows.List[:min(len(r.Flows.List), markdownFlows)]
	for i := range shown {
		f := &shown[i]
		row(b, code(f.Name), text.Count(f.Packets), text.Count(f.Moved), text.Count(f.Before), text.Count(f.After), prose(verdictCounts(f)))
	}
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
	b.WriteString("\n| frame | flag | verdict | connection | evidence |\n| ---: | --- | --- | --- | --- |\n")
	for i := range shown {
		f := &shown[i]
		row(b, findingFrames(f), code(f.Label()), prose(verdictText(f)), code(f.Flow), prose(f.Evidence))
	}
	b.WriteString("\n</details>\n")
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
