package tables

import "strings"

// kept is how many lines before the current one can be looked back at.
const kept = 6

// lines is a cursor over a text's lines. It holds no more than the text and a
// few lines around the current one, however many there are.
type lines struct {
	text    string
	start   int // offset of the current line
	end     int // offset of the next line
	number  int // of the current line, from 1
	current string
	before  [kept]string // before[0] is the last one
	words   []string     // of the current line, once they were asked for; else nil
}

// mark is a line, for what is said of it later.
type mark struct {
	number int // from 1
	text   string
}

func (l *lines) mark() mark { return mark{l.number, l.current} }

func newLines(text string) *lines {
	l := &lines{text: text, number: 1}
	l.current, l.end = cutLine(text, 0)
	return l
}

// cutLine returns the line that starts at an offset, without its ending, and
// the offset of the next one. Redirected netsh output ends lines in \r\r\n.
func cutLine(text string, start int) (line string, next int) {
	if i := strings.IndexByte(text[start:], '\n'); i >= 0 {
		return strings.TrimRight(text[start:start+i], "\r"), start + i + 1
	}
	return strings.TrimRight(text[start:], "\r"), len(text)
}

func (l *lines) done() bool { return l.start >= len(l.text) }

// next moves to the next line.
func (l *lines) next() {
	copy(l.before[1:], l.before[:kept-1])
	l.before[0] = l.current
	l.start = l.end
	l.current, l.end = cutLine(l.text, l.start)
	l.words = nil
	l.number++
}

// fields returns the words of the current line.
func (l *lines) fields() []string {
	if l.words == nil {
		l.words = wordsOf(l.current)
	}
	return l.words
}

// wordsOf returns the words of a line; none of one that is too long to be a table's.
func wordsOf(line string) []string {
	if len(line) > maxLine {
		return nil
	}
	return strings.Fields(line)
}

// indented reports whether the current line begins with a space.
func (l *lines) indented() bool {
	return l.current != "" && (l.current[0] == ' ' || l.current[0] == '\t')
}

// peek returns the n-th line after the current one; past the end of the text they
// are empty.
func (l *lines) peek(n int) string {
	line, at := l.current, l.end
	for range n {
		line, at = cutLine(l.text, at)
	}
	return line
}

// rest returns the text from the start of the current line.
func (l *lines) rest() string { return l.text[l.start:] }

// skip moves to the first line that starts at or after an offset of rest.
func (l *lines) skip(n int) {
	for offset := l.start + n; !l.done() && l.start < offset; {
		l.next()
	}
}

func blank(line string) bool { return strings.TrimSpace(line) == "" }
