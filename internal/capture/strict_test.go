package capture

import (
	"errors"
	"fmt"
	"io"
)

// NewReader gives a Reader for Next, which reads strictly: it ends where damage begins.
func NewReader(r io.Reader, opts ReaderOptions) (*Reader, error) {
	rd := Unopened(r, opts)
	head, err := rd.Head()
	if err == nil {
		err = rd.Recognise(head)
	}
	if err != nil {
		return nil, err
	}
	return rd, nil
}

// Next delivers the next blocks. It returns io.EOF after the last block of an undamaged
// file, and a *FormatError where damage begins.
func (r *Reader) Next() (*Batch, error) { return r.Drive((*strict)(r)) }

// strict is a driver that ends where a block can't be read.
type strict Reader

func (s *strict) Step(bool) (need int, err error) {
	r := (*Reader)(s)
	for !r.Full() {
		p := r.Rest()
		size, err := r.Size(p)
		switch {
		case err != nil:
			return 0, r.Broken(err)
		case size == 0 || size > len(p):
			return max(size, len(p)+MinBatchSize), nil
		}
		if _, err := r.Read(p[:size:size], size); err != nil {
			return 0, r.Broken(err)
		}
	}
	return 0, nil
}

func (s *strict) Ended(err error) error {
	r := (*Reader)(s)
	left, damaged := len(r.Rest()), r.Damaged(err)
	switch {
	case r.Source.Err != nil || left == 0:
		return r.End(left, err)
	case damaged == nil:
		return r.Broken(CutShort(left))
	case !errors.Is(damaged, ErrTruncated):
		damaged = fmt.Errorf("%w: %w", ErrTruncated, damaged)
	}
	return r.Broken(damaged)
}
