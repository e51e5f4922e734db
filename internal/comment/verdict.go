package comment

import (
	"slices"
	"strings"

	"github.com/mendcap/mendcap/report"
)

// Verdict says what one or several flags of a packet were, of which the same is said.
type Verdict struct {
	Verdict  report.Verdict
	Detail   string // of report's
	Evidence string
	About    string // what report.Finding.Label calls each of them, with ", " between
}

// Append adds the comment to a list of bytes: "mendcap: loss (fast retransmission), open
// since frame 552, and sent again [retransmission]".
func (v *Verdict) Append(to []byte) []byte {
	to = append(append(to, Mark...), v.Verdict...)
	if v.Detail != "" {
		to = append(append(append(to, " ("...), strings.ReplaceAll(v.Detail, "-", " ")...), ')')
	}
	to = append(append(to, ", "...), v.Evidence...)
	return append(append(append(to, " ["...), v.About...), ']')
}

// parseVerdict reads what Append writes; of other text anything may come out, of a verdict
// that is unknown nothing.
func parseVerdict(text string) (v Verdict) {
	head, rest, _ := strings.Cut(strings.TrimPrefix(text, Mark), ", ")
	word, detail, _ := strings.Cut(head, " (")
	if !slices.Contains(report.Verdicts(), report.Verdict(word)) {
		return v
	}
	v.Verdict, v.Detail = report.Verdict(word), strings.ReplaceAll(strings.TrimSuffix(detail, ")"), " ", "-")
	rest = strings.TrimSuffix(rest, "]")
	if at := strings.LastIndex(rest, " ["); at >= 0 {
		v.Evidence, v.About = rest[:at], rest[at+2:]
	}
	return v
}
