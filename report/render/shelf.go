package render

import (
	"bytes"
	"encoding/csv"
	"io"
	"os"
	"slices"

	"github.com/mendcap/mendcap/report"
)

// shelfMemory is how much of one shelf is kept in memory, bytes.
const shelfMemory = 1 << 20

// shelf keeps text until what comes before it is written: the first of it in memory,
// more in a temporary file.
type shelf struct {
	kept bytes.Buffer
	file *os.File
	rows *csv.Writer // to the shelf itself; nil before the first row
}

// row adds one row of a spreadsheet.
func (s *shelf) row(cells []string) error {
	if s.rows == nil {
		s.rows = csv.NewWriter(s)
	}
	return s.rows.WriteAll([][]string{cells})
}

// Write implements io.Writer.
func (s *shelf) Write(p []byte) (int, error) {
	if s.kept.Len()+len(p) > shelfMemory {
		if s.file == nil {
			file, err := os.CreateTemp("", "mendcap-report-*")
			if err != nil {
				return 0, err
			}
			s.file = file
			_ = os.Remove(file.Name()) // nobody else needs its name; Windows refuses, and clear does it
		}
		if _, err := s.kept.WriteTo(s.file); err != nil {
			return 0, err
		}
	}
	return s.kept.Write(p)
}

// empty writes all to w, and keeps nothing.
func (s *shelf) empty(w io.Writer) error {
	defer s.clear()
	if s.file != nil {
		if _, err := s.file.Seek(0, io.SeekStart); err != nil {
			return err
		}
		if _, err := io.Copy(w, s.file); err != nil {
			return err
		}
	}
	_, err := s.kept.WriteTo(w)
	return err
}

// clear forgets all.
func (s *shelf) clear() {
	s.kept.Reset()
	if s.file != nil {
		_ = s.file.Close() // what it held is not needed
		_ = os.Remove(s.file.Name())
		s.file = nil
	}
}

// shelves are one for each verdict, those that ask for most attention first, after one
// for verdicts that are unknown.
type shelves struct {
	verdicts []report.Verdict
	all      []shelf
}

func newShelves() *shelves {
	verdicts := report.Verdicts()
	return &shelves{verdicts, make([]shelf, 1+len(verdicts))}
}

// of is the shelf of a verdict.
func (s *shelves) of(v report.Verdict) *shelf { return &s.all[1+slices.Index(s.verdicts, v)] }

// empty writes all to w, shelf by shelf.
func (s *shelves) empty(w io.Writer) error {
	for i := range s.all {
		if err := s.all[i].empty(w); err != nil {
			return err
		}
	}
	return nil
}

func (s *shelves) clear() {
	for i := range s.all {
		s.all[i].clear()
	}
}
