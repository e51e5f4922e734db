package render

import (
	"io"
	"strings"

	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/internal/text"
)

// Explanations writes the explanations for a terminal of the given width in
// columns (80 if it is not positive): for each frame a line that names it, then
// sentences about its header, its order, the laws that hold it, and its flags. Where no
// frames were asked for, what remains is counted before them, and after them what is not
// explained.
func Explanations(w io.Writer, x *report.Explanations, width int) error {
	p := newPrinter(w, width)
	if r := x.Remains; r != nil {
		p.printf("%s\n", text.Wrap(text.Sanitise(strings.Join(sentences("remains", explainedRemains{x, r}), " ")), p.width))
		p.printf("%s", text.When(len(x.Frames) > 0, "\n"))
	}
	for i, e := range x.Frames {
		if i > 0 {
			p.printf("\n")
		}
		title := strings.Join(sentences("title", &e), " ")
		p.printf("%s\n", text.Wrap(text.Sanitise(title), p.width))
		p.table(explanationFacts(inWords(x, &e)).table(asLines))
	}
	if r := x.Remains; r != nil && r.More > 0 {
		p.printf("\n%s\n", text.Wrap(strings.Join(sentences("more", r), " "), p.width))
	}
	return p.err
}

// explainedRemains is what the template speaks of before all frames.
type explainedRemains struct {
	*report.Explanations
	*report.ExplainedRemains
}

// Counts lists the verdicts with how many findings have each.
func (r explainedRemains) Counts() string {
	counts := verdictsCell(r.ByVerdict)
	return counts.String()
}

func explanationFacts(said report.ExplainedInWords) (all facts) {
	all.add("Header", sanitisedLines(said.Header))
	all.add("Order", sanitisedLines(said.Order))
	all.add("Laws", sanitisedLines(said.Laws))
	all.add("Analyser", sanitisedLines(said.Flags))
	return all
}

// sanitisedText sanitises text of several lines.
func sanitisedText(text string) string { return sanitisedLines(strings.Split(text, "\n")) }

// sanitisedLines puts each sentence on a line of its own.
func sanitisedLines(sentences []string) string {
	lines := make([]string, len(sentences))
	for i, s := range sentences {
		lines[i] = text.Sanitise(s)
	}
	return strings.Join(lines, "\n")
}

// FillText gives each frame its sentences, anew.
func FillText(x *report.Explanations) {
	for i := range x.Frames {
		x.Frames[i].Text = inWords(x, &x.Frames[i])
	}
}
