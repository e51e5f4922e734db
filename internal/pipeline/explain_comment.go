package pipeline

import (
	"slices"
	"strings"

	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/comment"
	"github.com/mendcap/mendcap/report"
)

// maxComments is how many of mendcap's comments on a packet are explained, and
// maxCommentText how much of each, bytes: more than any has that mendcap writes.
const (
	maxComments    = 16
	maxCommentText = 2048
)

// explainComments says what mendcap's comments on a packet of the input say.
func explainComments(b *capture.Block) (list []report.ExplainedComment) {
	for _, text := range b.Comments() {
		if len(text) > maxCommentText {
			text = strings.ToValidUTF8(strings.Clone(text[:maxCommentText]), "")
		}
		c, ok := comment.Parse(text)
		if !ok || len(list) == maxComments {
			continue
		}
		e := report.ExplainedComment{Text: c.Text}
		if m := c.Move; m != nil {
			e.Frame, e.Law, e.Shift = m.Frame, report.LawName(m.Law), m.Earlier
			if m.Timed {
				e.Recorded = utc(m.Recorded)
			}
		}
		if v := c.Verdict; v != nil {
			e.Verdict, e.Detail, e.About, e.Evidence = v.Verdict, v.Detail, v.About, v.Evidence
		}
		list = append(list, e)
	}
	return list
}

// saysHeader reports whether an earlier repair says by a comment that it has filled in the
// header of a packet.
func saysHeader(b *capture.Block) bool {
	return slices.ContainsFunc(b.Comments(), func(text string) bool {
		c, _ := comment.Parse(text)
		return c.Header
	})
}
