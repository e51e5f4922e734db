package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// ErrBatch is wrapped by what ReadBatch says of files that hold no summary.
var ErrBatch = errors.New("not the summary of a batch")

// WriteJSON writes b as indented JSON with a closing line feed, as reports are
// written.
func (b *Batch) WriteJSON(w io.Writer) error {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(b); err != nil {
		return fmt.Errorf("encode summary: %w", err)
	}
	_, err := w.Write(escape(buf.Bytes()))
	return err
}

// ReadBatch reads what Batch.WriteJSON wrote. The totals are counted anew. Its
// errors about the content are ErrBatch.
func ReadBatch(r io.Reader) (*Batch, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxStored+1))
	switch {
	case err != nil:
		return nil, err
	case len(data) > maxStored:
		return nil, fmt.Errorf("%w: larger than %d bytes", ErrBatch, maxStored)
	}
	var b Batch
	if err := json.Unmarshal(data, &b); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBatch, err)
	}
	if b.Schema != BatchSchema {
		return nil, fmt.Errorf("%w: its schema is %q, want %q", ErrBatch, b.Schema, BatchSchema)
	}
	return NewBatch(b.Captures, b.Skipped), nil
}
