package comment

import "strings"

// Comment is one of mendcap's comments on a packet, as it was read.
type Comment struct {
	Text    string   // what comes after the Mark; not sanitised
	Header  bool     // it says what was inferred of a header
	Move    *Move    // what it says, if it is a move's
	Verdict *Verdict // what it says, if it is a verdict's
}

// MadeUp begins the last part of a comment on an inferred header, which comes after "; ".
const MadeUp = "made up "

// Parse reads a comment on a packet; ok is false where it is not mendcap's. A Move or a
// Verdict is understood only if it is, letter by letter, as Append writes it.
func Parse(text string) (c Comment, ok bool) {
	if c.Text, ok = strings.CutPrefix(text, Mark); !ok {
		return Comment{}, false
	}
	if m := parseMove(text); string(m.Append(nil)) == text {
		c.Move = &m
	} else if v := parseVerdict(text); v.Verdict != "" && string(v.Append(nil)) == text {
		c.Verdict = &v
	} else {
		c.Header = strings.Contains(text, "; "+MadeUp) || strings.HasPrefix(c.Text, MadeUp)
	}
	return c, true
}
