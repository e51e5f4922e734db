package report

import (
	"fmt"
	"strings"

	"github.com/mendcap/mendcap/report/internal/text"
)

// storedLimits bound what a stored text may cost those who read it: its sizes are
// known before anything of it is decoded.
type storedLimits struct {
	bytes    int64 // of the text
	objects  int   // in it
	elements int   // of all lists
	names    int   // of one object
	text     int   // of one string as it is written there, bytes
}

// longestNumber is the longest number that is read, digits.
const longestNumber = 64

// The limits of the texts that are read. What mendcap writes by default is well
// within them.
var (
	reportLimits   = storedLimits{bytes: 32 << 20, objects: 1 << 16, elements: 1 << 20, names: 1000, text: 1 << 14}
	batchLimits    = storedLimits{bytes: 24 << 20, objects: 1 << 16, elements: 1 << 18, names: 1000, text: 1 << 16}
	baselineLimits = storedLimits{bytes: 64 << 20, objects: 1 << 18, elements: 1 << 18, names: 1000, text: 1 << 14}
)

// maxStored is how many reports one file may have.
const maxStored = 10_000

// maxStoredName is the longest name of a capture in a stored report, bytes: those
// of file systems, whose bytes may all have become U+FFFD.
const maxStoredName = 1024

// open is an object or a list whose end was not met yet.
type open struct {
	object bool
	commas int // met in it
	path   int // length of its path
}

// check returns an error if a text, which must be valid JSON, is beyond a limit.
func (l *storedLimits) check(stored []byte) error {
	var within []open
	objects, elements := 0, 0
	for i := 0; i < len(stored); i++ {
		switch stored[i] {
		case '"':
			end := text.ClosingQuote(stored, i+1)
			if end-i-1 > l.text {
				return fmt.Errorf("a string of more than %d bytes at byte %d", l.text, i)
			}
			i = end
		case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
			end := i
			for end < len(stored) && strings.IndexByte(",]} \t\r\n", stored[end]) < 0 {
				end++
			}
			if end-i > longestNumber {
				return fmt.Errorf("a number of more than %d digits at byte %d", longestNumber, i)
			}
			i = end - 1
		case '{', '[':
			within = append(within, open{object: stored[i] == '{'})
			if stored[i] == '{' {
				objects++
			} else {
				elements++
			}
		case '}', ']':
			within = within[:len(within)-1]
		case ',':
			at := &within[len(within)-1]
			at.commas++
			if !at.object {
				elements++
			} else if at.commas >= l.names {
				return fmt.Errorf("more than %d names in one object at byte %d", l.names, i)
			}
		}
		switch {
		case objects > l.objects:
			return fmt.Errorf("more than %d objects", l.objects)
		case elements > l.elements:
			return fmt.Errorf("more than %d elements of lists", l.elements)
		}
	}
	return nil
}
