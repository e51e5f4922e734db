package diagnose

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/mendcap/mendcap/internal/tcp"
	"github.com/mendcap/mendcap/reorder"
)

// evidence is a sentence with its figures, written out only where it is asked
// for.
type evidence struct {
	words   string // with %d or %s for each figure, in their order, and no other %
	figures [maxFigures]int64
	kinds   [maxFigures]kind
	n       uint8
}

// maxFigures is how many figures a sentence has at most.
const maxFigures = 4

// kind is what a figure means.
type kind uint8

const (
	plain kind = iota // a frame or a number
	span              // nanoseconds
	law
	flags // a tcp.Analysis
)

// because makes evidence of words and frames or numbers.
func because(words string, figures ...int64) (e evidence) {
	e.words, e.n = words, uint8(copy(e.figures[:], figures))
	return e
}

// lasting adds a span of time, nanoseconds, as the next figure.
func (e evidence) lasting(ns int64) evidence { return e.with(ns, span) }

// and adds a frame or a number as the next figure.
func (e evidence) and(value int64) evidence { return e.with(value, plain) }

// by adds the name of a law as the next figure.
func (e evidence) by(l reorder.Law) evidence { return e.with(int64(l), law) }

// of adds the names of the analyser's flags as the next figure.
func (e evidence) of(all tcp.Analysis) evidence { return e.with(int64(all), flags) }

func (e evidence) with(value int64, k kind) evidence {
	e.figures[e.n], e.kinds[e.n] = value, k
	e.n++
	return e
}

// String writes the sentence out. A hostile capture has several for each packet
// where all findings are listed, so the figures are put in by hand.
func (e *evidence) String() string {
	var room [256]byte
	text, rest := room[:0], e.words
	for i := range e.figures[:e.n] {
		words, verb, _ := strings.Cut(rest, "%")
		text, rest = e.appendFigure(append(text, words...), i), verb[1:]
	}
	return string(append(text, rest...))
}

// appendFigure adds figure i in words.
func (e *evidence) appendFigure(text []byte, i int) []byte {
	v := e.figures[i]
	switch e.kinds[i] {
	case span:
		return append(text, spanInWords(v)...)
	case law:
		return append(text, reorder.Law(v).String()...)
	case flags:
		return append(text, strings.Join(tcp.Analysis(v).Names(), ", ")...)
	}
	return strconv.AppendInt(text, v, 10)
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
