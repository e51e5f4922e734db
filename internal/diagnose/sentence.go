package diagnose

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/mendcap/mendcap/internal/tcp"
	"github.com/mendcap/mendcap/reorder"
)

// sentence is a verdict with what speaks for it, which is written out only where it is
// asked for. The zero value is none.
type sentence struct {
	Verdict  Verdict
	Repaired bool   // the flag is gone in the repaired order
	Detail   string // of report's
	words    string // with a verb for each figure, in their order, and no other %
	figures  [maxFigures]int64
	drop     string // who dropped a packet, and why
}

// maxFigures is how many figures a sentence has at most.
const maxFigures = 4

// verdict makes a sentence of a verdict, words and their figures. The verbs are %d for a
// number, which is that of a frame after the word "frame" and no other, %s for a span of time in nanoseconds, %l for a reorder.Law, and %f
// for the flags of a tcp.Analysis. Figures beyond the verbs are not used.
func verdict(as Verdict, words string, figures ...int64) sentence {
	s := sentence{Verdict: as, words: words}
	copy(s.figures[:], figures)
	return s
}

// with adds a detail.
func (s sentence) with(detail string) sentence {
	s.Detail = detail
	return s
}

// Evidence is what speaks for the verdict, in words, of which who dropped a packet are
// the last. Frames in it are those of the input.
func (s *sentence) Evidence() string { return s.EvidenceBy(nil) }

// Form is what Evidence is made of: the same for all sentences that differ in figures only.
func (s *sentence) Form() string { return s.words }

// EvidenceBy is Evidence with the numbers of frames that number gives for those of the
// input, unless it is nil. A hostile capture has several sentences for each packet where
// all findings are listed, so the figures are put in by hand.
func (s *sentence) EvidenceBy(number func(frame int64) int64) string {
	var room [256]byte
	text, rest := room[:0], s.words
	for _, figure := range s.figures {
		words, verb, found := strings.Cut(rest, "%")
		if !found {
			break
		}
		if number != nil && strings.HasSuffix(words, "frame ") {
			figure = number(figure)
		}
		text, rest = appendFigure(append(text, words...), verb[0], figure), verb[1:]
	}
	return string(append(append(text, rest...), s.drop...))
}

// appendFigure adds a figure as its verb says.
func appendFigure(text []byte, verb byte, figure int64) []byte {
	switch verb {
	case 's':
		return append(text, spanInWords(figure)...)
	case 'l':
		return append(text, reorder.Law(figure).String()...)
	case 'f':
		return append(text, strings.Join(tcp.Analysis(figure).Names(), ", ")...)
	}
	return strconv.AppendInt(text, figure, 10)
}

// spanInWords rounds a span to what a reader needs of it.
func spanInWords(ns int64) string {
	d := time.Duration(ns)
	switch {
	case d >= time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d >= 10*time.Millisecond:
		return strconv.FormatInt(int64(d.Round(time.Millisecond)/time.Millisecond), 10) + " ms"
	case d < 100*time.Microsecond:
		return strconv.FormatInt(int64(d/time.Microsecond), 10) + " µs"
	}
	return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
}
