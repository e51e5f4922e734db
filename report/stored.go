package report

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/mendcap/mendcap/report/internal/text"
)

// form is a form of stored text, and what a text may cost those who read it: its sizes
// are known before anything of it is decoded.
type form struct {
	schema   string
	failure  error // what a text is that can't be read
	bytes    int64 // of the text
	objects  int   // in it
	elements int   // of all lists
	text     int   // of one string as it is written there, bytes
}

// Limits of every form.
const (
	longestNumber = 64   // digits
	maxNames      = 1000 // of one object
)

// The forms that are read. What mendcap writes by default is well within their limits.
var (
	reportForm   = form{Schema, ErrReport, 32 << 20, 1 << 16, 1 << 20, 1 << 14}
	batchForm    = form{BatchSchema, ErrBatch, 24 << 20, 1 << 16, 1 << 18, 1 << 16}
	baselineForm = form{BaselineSchema, ErrBaseline, 64 << 20, 1 << 18, 1 << 18, 1 << 14}
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

// read reads the whole of a text and decodes it into v, if it is within the limits.
func (f *form) read(r io.Reader, v any) error {
	text, err := io.ReadAll(io.LimitReader(r, f.bytes+1))
	switch {
	case err != nil:
		return err
	case int64(len(text)) > f.bytes:
		err = fmt.Errorf("larger than %d bytes", f.bytes)
	case !json.Valid(text):
		err = json.Unmarshal(text, v) // says where
	default:
		err = f.decode(text, v)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", f.failure, err)
	}
	return nil
}

// decode decodes a text, which must be valid JSON, into v, if it is within the limits.
func (f *form) decode(stored []byte, v any) error {
	if err := f.check(stored); err != nil {
		return err
	}
	var head struct{ Schema string } // another one says more than that a field does not fit
	if json.Unmarshal(stored, &head) == nil && head.Schema != f.schema {
		return fmt.Errorf("its schema is %q, want %q", shortened(head.Schema), f.schema)
	}
	return json.Unmarshal(byNewNames(stored), v)
}

// check returns an error if a text, which must be valid JSON, is beyond a limit.
func (f *form) check(stored []byte) error {
	var within []open
	objects, elements := 0, 0
	for i := 0; i < len(stored); i++ {
		switch stored[i] {
		case '"':
			end := text.ClosingQuote(stored, i+1)
			if end-i-1 > f.text {
				return fmt.Errorf("a string of more than %d bytes at byte %d", f.text, i)
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
			} else if at.commas >= maxNames {
				return fmt.Errorf("more than %d names in one object at byte %d", maxNames, i)
			}
		}
		switch {
		case objects > f.objects:
			return fmt.Errorf("more than %d objects", f.objects)
		case elements > f.elements:
			return fmt.Errorf("more than %d elements of lists", f.elements)
		}
	}
	return nil
}
