package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/mendcap/mendcap/report/internal/bounded"
	"github.com/mendcap/mendcap/report/internal/text"
)

// Check is one thing that a capture was held to, and what came out.
type Check struct {
	Name     string   `json:"name"`    // "loss", "loss/retransmission", "input"
	Found    int64    `json:"found"`   // that count
	Allowed  int64    `json:"allowed"` // of them
	Known    int64    `json:"known"`   // more of them that a baseline knows
	Gone     int64    `json:"gone"`    // that a baseline knows, and that did not come
	Failed   bool     `json:"failed"`
	Frame    int64    `json:"frame"`              // of the first that counts, in the input; 0 = none
	Message  string   `json:"message"`            // in words
	Examples []string `json:"examples,omitempty"` // the first findings, one a line
}

// Checked is how a capture did in a check.
type Checked struct {
	Failed bool     `json:"failed"`
	New    int64    `json:"new"`            // findings of the kinds that count
	Known  int64    `json:"known"`          // more of them that the baseline knows
	Gone   int64    `json:"gone"`           // that the baseline knows, and that did not come
	Checks []Check  `json:"checks"`         // first that of the input
	Lost   []string `json:"lost,omitempty"` // the first of those that did not come, one a line
}

// Text says whether the capture passed, and what its findings come to.
func (c *Checked) Text() string {
	said := "passed"
	if c.Failed {
		said = "failed"
	}
	return text.Join(": ", said, text.Join(", ", text.When(c.New > 0, text.Plural(c.New, "new finding")),
		text.When(c.Known > 0, text.Count(c.Known)+" in the baseline"), text.When(c.Gone > 0, text.Count(c.Gone)+" of the baseline did not come")))
}

// examplesPerCheck is how many findings a check names.
const examplesPerCheck = 10

// Checks holds a capture to having no findings but those that are repaired
// (artefact) and those that are plain (genuine), and to being whole. Each
// verdict is one check. Where headers were inferred one more holds it to the
// share of TCP packets that could be analysed.
func Checks(r *Report) []Check {
	all := []Check{inputCheck(r)}
	for _, verdict := range VerdictsIn(r.Findings.ByVerdict) {
		n := r.Findings.ByVerdict[verdict]
		c := Check{Name: string(verdict), Found: n, Failed: n > 0 && FailsCheck(verdict)}
		c.Message = fmt.Sprintf("%s: %s", text.Plural(n, "finding"), verdict.Meaning())
		for _, f := range r.Findings.List {
			if f.Verdict == verdict && len(c.Examples) < examplesPerCheck {
				c.Examples = append(c.Examples, f.line())
			}
		}
		all = append(all, c)
	}
	if r.Inference.Packets > 0 {
		unknown := Limit{Kind: Kind{Verdict: Unknown}, PPB: unknownPPB}
		all = append(all, unknown.checkUnknown(r))
	}
	return append(all, readCheck(r)...)
}

// inputCheck holds the input to being whole.
func inputCheck(r *Report) Check {
	c := Check{Name: "input", Found: int64(len(r.Damage)), Failed: len(r.Damage) > 0}
	c.Message = "the input is " + cmp.Or(text.When(c.Failed, "damaged"), "whole")
	for _, d := range r.Damage[:min(len(r.Damage), examplesPerCheck)] {
		c.Examples = append(c.Examples, d.Text())
	}
	return c
}

// NotAnalysed is the name of the check that says how many packets were not analysed, and
// never fails. A check of Unread takes its place.
const NotAnalysed = "not analysed"

// readCheck says how many packets were not analysed; it does not fail. It is missing where
// all were.
func readCheck(r *Report) []Check {
	n, message := notRead(r)
	if n == 0 {
		return nil
	}
	return []Check{{Name: NotAnalysed, Found: n, Allowed: n, Message: message}}
}

// checkRead holds a capture to how many of its packets may be left unread.
func (l *Limit) checkRead(r *Report) Check {
	n, message := notRead(r)
	allowed := l.allows(r.Capture.Packets)
	return Check{Name: l.Kind.String(), Found: n, Allowed: allowed, Failed: n > allowed,
		Message: message + ", " + text.Count(allowed) + " allowed"}
}

// notRead counts the packets that were not analysed, and says so.
func notRead(r *Report) (n int64, said string) {
	var parts []string
	for _, reason := range slices.Sorted(maps.Keys(r.Analysis.NotRead)) {
		packets := r.Analysis.NotRead[reason]
		n = bounded.Add(n, packets)
		parts = append(parts, text.Count(packets)+" "+reason)
	}
	reasons := strings.Join(parts, ", ")
	return n, text.Plural(n, "packet") + " not analysed for TCP" + text.When(n > 0, " ("+reasons+")")
}

// line says of one finding where it is and what.
func (f *Finding) line() string {
	return fmt.Sprintf("frame %d: %s, %s: %s", f.Frame, f.Label(), f.Flow, f.Evidence)
}
