package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/mendcap/mendcap/report/internal/text"
)

// ErrReport is wrapped by what is said of files that hold no report that can be
// read.
var ErrReport = errors.New("not a stored report")

// Reader reads what WriteJSON wrote, or an array of that, one report after the
// other: it holds no more than one. There may be 10,000 reports, each of 32 MiB,
// 65,536 objects (findings, packets of pictures and the like) and 1,048,576 elements
// of lists.
type Reader struct {
	from  boundedReader
	dec   *json.Decoder
	array bool
	ended bool
	count int
}

// NewReader returns a Reader of the reports in r.
func NewReader(r io.Reader) *Reader {
	s := &Reader{from: boundedReader{r: r, left: reportForm.bytes}}
	s.dec = json.NewDecoder(&s.from)
	return s
}

// More reports whether another report follows those that were read.
func (s *Reader) More() bool { return s.array && !s.ended && s.dec.More() }

// Next returns the next report, io.EOF after the last. Its errors about the
// content are ErrReport.
func (s *Reader) Next() (*Report, error) {
	r, err := s.next()
	switch {
	case err == nil, err == io.EOF, errors.Is(err, ErrReport):
		return r, err
	case errors.Is(err, errTooLarge):
		return nil, fmt.Errorf("%w: larger than %d bytes; --findings N stores fewer of them", ErrReport, reportForm.bytes)
	case s.from.failed != nil:
		return nil, s.from.failed
	}
	return nil, fmt.Errorf("%w: %w", ErrReport, err)
}

// errCut says that a text ends where it must go on.
var errCut = errors.New("it is cut short")

func (s *Reader) next() (*Report, error) {
	if s.ended {
		return nil, io.EOF
	}
	if s.dec.InputOffset() == 0 {
		if err := s.begin(); err != nil {
			return nil, err
		}
	}
	if s.array && !s.dec.More() {
		return nil, s.end()
	}
	if s.count++; s.count > maxStored {
		return nil, fmt.Errorf("%w: more than %d reports in one file", ErrReport, maxStored)
	}
	var one storedReport
	if err := s.dec.Decode(&one); err != nil {
		return nil, unexpected(err)
	}
	s.from.left = reportForm.bytes
	if len(one.report.Capture.Name) > maxStoredName {
		return nil, fmt.Errorf("%w: the name of its capture has more than %d bytes", ErrReport, maxStoredName)
	}
	if !s.array {
		if err := s.end(); err != io.EOF {
			return nil, err
		}
	}
	return &one.report, nil
}

// begin tells an array from a report alone.
func (s *Reader) begin() (err error) {
	s.dec.More() // passes over blanks, and fails where Decode will
	var first [1]byte
	if n, _ := s.dec.Buffered().Read(first[:]); n > 0 && first[0] == '[' {
		s.array = true
		_, err = s.dec.Token()
	}
	return err
}

// end returns io.EOF where nothing follows the last report.
func (s *Reader) end() error {
	defer func() { s.dec = nil }() // with what it holds of the text
	s.ended = true
	if s.array {
		if _, err := s.dec.Token(); err != nil {
			return unexpected(err)
		}
	}
	_, err := s.dec.Token()
	if err == nil {
		return errors.New("something follows the last report")
	}
	return err
}

// unexpected is an error where the text must go on.
func unexpected(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return errCut
	}
	return err
}

// storedReport is a report that is decoded only if it is within the limits.
type storedReport struct{ report Report }

// UnmarshalJSON implements json.Unmarshaler.
func (s *storedReport) UnmarshalJSON(text []byte) error { return reportForm.decode(text, &s.report) }

// ReadOne reads the only report of r. Several are an ErrReport.
func ReadOne(r io.Reader) (*Report, error) { return NewReader(r).Only() }

// Only returns the only report. Several are an ErrReport, none is one too.
func (s *Reader) Only() (*Report, error) {
	one, err := s.Next()
	if err == io.EOF {
		return nil, fmt.Errorf("%w: it holds none", ErrReport)
	}
	if err == nil {
		if _, err = s.Next(); err == io.EOF {
			return one, nil
		}
	}
	if err == nil {
		err = fmt.Errorf("%w: several in one file: store a report for each capture", ErrReport)
	}
	return nil, err
}

// boundedReader fails once more than left bytes were asked for, and remembers
// how reading failed.
type boundedReader struct {
	r      io.Reader
	left   int64
	failed error
}

// errTooLarge says that a boundedReader has come to its bound.
var errTooLarge = errors.New("too large")

func (b *boundedReader) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooLarge
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	if err != nil && err != io.EOF {
		b.failed = err
	}
	return n, err
}

// shortened cuts what is shown of a text that may be long.
func shortened(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	return text.Cut(text.Sanitise(s[:most]), most) + "…"
}
