package diagnose

import (
	"fmt"
	"time"
)

// evidence is a sentence with its figures, written out only where it is asked
// for.
type evidence struct {
	words   string // with a verb for each figure, in their order
	figures [5]figure
	n       int
}

// figure is a frame or a number, or a span of time.
type figure struct {
	value int64
	span  bool // nanoseconds
}

// because makes evidence of words and frames or numbers.
func because(words string, figures ...int64) (e evidence) {
	e.words = words
	for _, v := range figures {
		e.figures[e.n] = figure{value: v}
		e.n++
	}
	return e
}

// lasting adds a span of time, nanoseconds, as the next figure.
func (e evidence) lasting(span int64) evidence {
	e.figures[e.n] = figure{span, true}
	e.n++
	return e
}

// and adds a frame or a number as the next figure.
func (e evidence) and(value int64) evidence {
	e.figures[e.n] = figure{value: value}
	e.n++
	return e
}

func (e evidence) String() string {
	values := make([]any, e.n)
	for i, f := range e.figures[:e.n] {
		values[i] = f.value
		if f.span {
			values[i] = spanInWords(f.value)
		}
	}
	return fmt.Sprintf(e.words, values...)
}

// spanInWords rounds a span to what a reader needs of it.
func spanInWords(ns int64) string {
	d := time.Duration(ns)
	switch {
	case d >= time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d >= 10*time.Millisecond:
		return fmt.Sprintf("%d ms", d.Round(time.Millisecond)/time.Millisecond)
	}
	return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
}
