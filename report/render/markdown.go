package render

import (
	_ "embed"
	"io"
	"strings"
	"sync"
	"text/template"

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

//go:embed markdown.tmpl
var markdownText string

// markdownTemplate shows a capture's page. Whatever it shows of that goes through
// prose, facts, code or span.
var markdownTemplate = sync.OnceValue(func() *template.Template {
	helpers := template.FuncMap{
		"prose": prose, "facts": proseLines, "code": code, "span": span, "count": text.Count, "plural": text.Plural,
	}
	return template.Must(template.New("markdown").Funcs(helpers).Parse(markdownText))
})

// markdownWriter writes a section for each capture, in the form that GitHub
// and GitLab share, for pull requests and job summaries.
type markdownWriter struct {
	w     io.Writer
	begun bool
}

func (m *markdownWriter) Add(r *report.Report) error {
	p := capturePage(r, 0, room{
		flows: markdownFlows, findings: markdownFindings, notes: markdownNotes, moreNotes: " notes",
	})
	flags, flows := p.section("flags"), p.section("flows")
	flags.Table.titled("tcp.analysis flag")
	flows.Table.without("payload", "lasted")
	more := bounded.Sub(flows.Total, int64(len(flows.Table.Rows)))
	begun := m.begun
	m.begun = true
	return markdownTemplate().Execute(m.w, map[string]any{
		"Begun": begun, "Page": p, "Flags": flags, "Before": beforeMeans,
		"Flows": flows, "MoreFlows": max(0, more), "Remaining": p.section("remaining"), "Findings": p.section("findings"),
	})
}

func (m *markdownWriter) Close() error { return nil }

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

// proseLines puts texts of several lines on one.
func proseLines(s string) string { return prose(strings.ReplaceAll(s, "\n", "; ")) }

// harmless escapes what Markdown takes for more than text.
var harmless = strings.NewReplacer("<", "&lt;", ">", "&gt;", "&", "&amp;", "@", "@<!-- -->", // nobody is mentioned
	`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "{", `\{`, "}", `\}`, "[", `\[`, "]", `\]`, "#", `\#`, "|", `\|`, "!", `\!`, "~", `\~`, "$", `\$`)
