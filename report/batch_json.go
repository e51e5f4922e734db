package report

import (
	"errors"
	"fmt"
	"io"
)

// ErrBatch is wrapped by what ReadBatch says of files that hold no summary.
var ErrBatch = errors.New("not the summary of a batch")

// WriteJSON writes b as indented JSON with a closing line feed, as reports are
// written.
func (b *Batch) WriteJSON(w io.Writer) error {
	return writeJSON(w, b)
}

// ReadBatch reads what Batch.WriteJSON wrote, up to 65,000 entries and 24 MiB. The totals are counted anew. Its
// errors about the content are ErrBatch.
func ReadBatch(r io.Reader) (*Batch, error) {
	var b Batch
	if err := readStored(r, &batchLimits, &b, ErrBatch); err != nil {
		return nil, err
	}
	if b.Schema != BatchSchema {
		return nil, fmt.Errorf("%w: its schema is %q, want %q", ErrBatch, shortened(b.Schema), BatchSchema)
	}
	return NewBatch(b.Captures, b.Skipped), nil
}
