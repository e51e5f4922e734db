// Package strict reads captures up to where damage begins. It judges what salvage gives,
// and knows nothing of it.
package strict

import (
	"errors"
	"fmt"
	"io"

	"github.com/mendcap/mendcap/internal/capture"
)

// Reader reads a capture block by block, and ends where a block can't be read.
type Reader struct{ *capture.Reader }

// NewReader finds out what the bytes are. It returns a *capture.FormatError where they
// are nothing that it can read, and the error of r where that failed.
func NewReader(r io.Reader, opts capture.ReaderOptions) (Reader, error) {
	s := Reader{capture.Unopened(r, opts)}
	head, err := s.Head()
	if err == nil {
		err = s.Recognise(head)
	}
	return s, err
}

// Next delivers the next blocks, at least one. It returns io.EOF after the last block of
// an undamaged file. Of a damaged file every block before the damage is delivered, and
// then a *capture.FormatError.
func (s Reader) Next() (*capture.Batch, error) { return s.Drive(s) }

// Step reads the blocks that are there.
func (s Reader) Step(bool) (need int, err error) {
	for !s.Full() {
		p := s.Rest()
		size, err := s.Size(p)
		switch {
		case err != nil:
			return 0, s.Broken(err)
		case size == 0 || size > len(p):
			return max(size, len(p)+capture.MinBatchSize), nil
		}
		if _, err := s.Read(p[:size:size], size); err != nil {
			return 0, s.Broken(err)
		}
	}
	return 0, nil
}

// Ended says what it means that the source ended with err.
func (s Reader) Ended(err error) error {
	left, damaged := len(s.Rest()), s.Damaged(err)
	switch {
	case s.Source.Err != nil || left == 0:
		return s.End(left, err)
	case damaged == nil:
		return s.Broken(capture.CutShort(left))
	case !errors.Is(damaged, capture.ErrTruncated):
		damaged = fmt.Errorf("%w: %w", capture.ErrTruncated, damaged)
	}
	return s.Broken(damaged)
}
