package netmon

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxGroups is how deep groups of RTF may be in each other; deeper ones are read as
// if they were not there.
const maxGroups = 64

// isRTF says whether a text is RTF.
func isRTF(p []byte) bool { return bytes.HasPrefix(p, []byte(`{\rtf`)) }

// plain gives the text of RTF, at most so many bytes of it: its paragraphs as lines,
// without fonts, colours, pictures and what else is not text. The rules are those of
// Microsoft's "Rich Text Format Specification", version 1.9.1.
func plain(p []byte, most int) (text string, cut bool) {
	r := rtf{rest: p, most: most}
	r.state.skip = 1
	for len(r.rest) > 0 && !r.cut && !r.done {
		r.token()
	}
	r.surrogate(0)
	return strings.TrimRight(r.out.String(), " \t\n"), r.cut
}

// rtf is the reading of one document.
type rtf struct {
	rest  []byte
	out   strings.Builder
	most  int
	cut   bool // there was more than that
	done  bool // the document's group has ended
	state group
	outer []group // around the present group
	depth int     // of groups, those that are not in outer among them
	fonts map[int]bool
	font  int    // that is being described in the font table
	high  uint16 // the first half of a surrogate pair
	left  int    // characters that are passed over after \u
}

// group is what holds within a group, and ends with it.
type group struct {
	hidden  bool // it is no text
	skip    int  // how many characters stand for one after \u
	table   bool // it is the font table
	foreign bool // its font is not of code page 1252
}

// token reads the next character, control or brace.
func (r *rtf) token() {
	c := r.rest[0]
	r.rest = r.rest[1:]
	switch c {
	case '{':
		if r.depth++; r.depth <= maxGroups {
			r.outer = append(r.outer, r.state)
		}
		r.left = 0
	case '}':
		r.leave()
	case '\\':
		r.control()
	case '\r', '\n', 0:
	default:
		r.character(rune(c), c)
	}
}

// leave ends a group.
func (r *rtf) leave() {
	if r.depth <= len(r.outer) && r.depth > 0 {
		r.state = r.outer[r.depth-1]
		r.outer = r.outer[:r.depth-1]
	}
	r.depth--
	r.left = 0
	r.done = r.depth <= 0
}

// control reads what follows a backslash: a symbol, or a word with a number.
func (r *rtf) control() {
	if len(r.rest) == 0 {
		return
	}
	c := r.rest[0]
	if !letter(c) {
		r.rest = r.rest[1:]
		r.symbol(c)
		return
	}
	n := 1
	for n < len(r.rest) && n < 32 && letter(r.rest[n]) {
		n++
	}
	word, number, has := string(r.rest[:n]), 0, false
	r.rest = r.rest[n:]
	n = 0
	for n < len(r.rest) && n < 11 && (r.rest[n] >= '0' && r.rest[n] <= '9' || n == 0 && r.rest[n] == '-') {
		n++
	}
	if v, err := strconv.ParseInt(string(r.rest[:n]), 10, 32); err == nil {
		number, has = int(v), true
	}
	r.rest = r.rest[n:]
	if len(r.rest) > 0 && r.rest[0] == ' ' {
		r.rest = r.rest[1:]
	}
	r.word(word, number, has)
}

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// symbol reads a control symbol.
func (r *rtf) symbol(c byte) {
	switch c {
	case '\'':
		if len(r.rest) < 2 {
			r.rest = nil
			return
		}
		v, err := strconv.ParseUint(string(r.rest[:2]), 16, 8)
		r.rest = r.rest[2:]
		if err == nil {
			r.character(ansi(byte(v)), byte(v))
		}
	case '\\', '{', '}':
		r.character(rune(c), c)
	case '~':
		r.character('\u00a0', ' ')
	case '_':
		r.character('\u2011', '-')
	case '*': // a destination that readers need not know
		r.state.hidden = true
	case '\r', '\n':
		r.character('\n', ' ')
	}
}

// word reads a control word.
func (r *rtf) word(word string, number int, has bool) {
	if text, ok := written[word]; ok {
		r.character(text, ' ')
		return
	}
	switch word {
	case "fonttbl":
		r.state.hidden, r.state.table = true, true
	case "colortbl", "stylesheet", "info", "pict", "object", "header", "footer", "headerl", "headerr", "headerf",
		"footerl", "footerr", "footerf", "footnote", "filetbl", "listtable", "listoverridetable", "revtbl", "rsidtbl", "nonshppict", "fldinst":
		r.state.hidden = true
	case "uc":
		r.state.skip = max(0, number)
	case "u":
		r.left = 0
		if has {
			r.unit(uint16(number))
		}
		r.left = r.state.skip
	case "bin":
		r.rest = r.rest[min(max(0, number), len(r.rest)):]
	case "f":
		if r.state.table {
			r.font = number
		} else {
			r.state.foreign = r.fonts[number]
		}
	case "plain":
		r.state.foreign = false
	case "fcharset":
		r.charset(number)
	}
}

// written are the control words that stand for a character.
var written = map[string]rune{
	"par": '\n', "line": '\n', "sect": '\n', "page": '\n', "row": '\n', "tab": '\t', "cell": '\t',
	"lquote": '‘', "rquote": '’', "ldblquote": '“', "rdblquote": '”', "bullet": '•', "endash": '–', "emdash": '—',
	"emspace": '\u2003', "enspace": '\u2002',
}

// charset takes in which characters the font has that is being described. Those of
// other code pages than 1252 are not told from each other.
func (r *rtf) charset(number int) {
	const western, standard, symbols, maxFonts = 0, 1, 2, 1024
	foreign := number != western && number != standard && number != symbols
	if r.state.table && foreign && len(r.fonts) < maxFonts {
		if r.fonts == nil {
			r.fonts = map[int]bool{}
		}
		r.fonts[r.font] = true
	}
}

// unit takes in half of a character, or all of it, in UTF-16.
func (r *rtf) unit(u uint16) {
	if utf16.IsSurrogate(rune(u)) {
		r.surrogate(u)
		return
	}
	r.character(rune(u), 0)
}

// surrogate takes in half of a pair; 0 says that none follows.
func (r *rtf) surrogate(u uint16) {
	if r.state.hidden {
		return
	}
	high := r.high
	r.high = 0
	if high == 0 {
		if u != 0 {
			r.high = u
		}
		return
	}
	r.put(utf16.DecodeRune(rune(high), rune(u)))
}

// character takes in a character, which b stands for in the code page.
func (r *rtf) character(c rune, b byte) {
	if r.left > 0 {
		r.left--
		return
	}
	if r.state.hidden {
		return
	}
	if r.high != 0 {
		r.surrogate(0)
	}
	if b >= 0x80 && r.state.foreign {
		c = utf8.RuneError
	}
	if c != 0 {
		r.put(c)
	}
}

// put adds a character to the text, if there is room.
func (r *rtf) put(c rune) {
	if r.out.Len()+utf8.UTFMax > r.most {
		r.cut = true
		return
	}
	r.out.WriteRune(c)
}
