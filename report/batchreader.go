package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// BatchReader reads the JSON summary of a batch capture by capture, however many there
// are: what Batch.WriteJSON and BatchWriter wrote.
type BatchReader struct {
	from    *patient
	d       *json.Decoder
	seen    map[string]bool // fields
	within  bool            // the list of captures
	skipped Skipped
}

// NewBatchReader returns a reader of one summary.
func NewBatchReader(r io.Reader) *BatchReader {
	from := &patient{r: r}
	return &BatchReader{from: from, d: json.NewDecoder(from), seen: make(map[string]bool)}
}

// Skipped is what the summary says of other files. It is known after the last capture.
func (b *BatchReader) Skipped() Skipped { return b.skipped }

// Next reads the next capture, which is the caller's; io.EOF after the last. A capture has
// up to 1 MiB of text. Errors about the content are ErrBatch.
func (b *BatchReader) Next() (*Entry, error) {
	e, err := b.next()
	switch {
	case err == nil || err == errEnd:
	case b.from.err != nil:
		return nil, b.from.err
	case errors.Is(err, io.EOF):
		return nil, fmt.Errorf("%w: %w", ErrBatch, errCut)
	default:
		return nil, fmt.Errorf("%w: %w", ErrBatch, err)
	}
	if err == errEnd {
		return nil, io.EOF
	}
	return e, nil
}

// errEnd says that the whole summary was read.
var errEnd = errors.New("end of the summary")

func (b *BatchReader) next() (*Entry, error) {
	if len(b.seen) == 0 {
		if err := b.token(json.Delim('{')); err != nil {
			return nil, err
		}
	}
	for !b.within || !b.d.More() {
		if b.within {
			if err := b.token(json.Delim(']')); err != nil {
				return nil, err
			}
			b.within = false
		}
		if !b.d.More() {
			return nil, b.end()
		}
		if err := b.field(); err != nil {
			return nil, err
		}
	}
	var one struct{ Captures []Entry }
	if err := b.value(`{"captures":[%s]}`, &one); err != nil {
		return nil, err
	}
	if one.Captures[0].Path == "" {
		return nil, errors.New("a capture has no path")
	}
	return &one.Captures[0], nil
}

// field reads the next field of the summary, or the start of the list of captures.
func (b *BatchReader) field() error {
	token, err := b.d.Token()
	if err != nil {
		return err
	}
	name, _ := token.(string) // Decoder takes nothing else
	if b.seen[name] || len(b.seen) > maxNames {
		return fmt.Errorf("it has %q twice, or very many fields", shortened(name))
	}
	b.seen[name] = true
	switch name {
	case "captures":
		b.within = true
		return b.token(json.Delim('['))
	case "schema":
		var head struct{ Schema string }
		err := b.value(`{"schema":%s}`, &head)
		if err == nil && head.Schema != BatchSchema {
			err = fmt.Errorf("its schema is %q, want %q", shortened(head.Schema), BatchSchema)
		}
		return err
	case "skipped":
		one := struct{ Skipped *Skipped }{&b.skipped}
		return b.value(`{"skipped":%s}`, &one)
	}
	var other any // the totals are counted anew
	return b.value(`{"other":%s}`, &other)
}

// end checks what the summary is to have, and that nothing follows it.
func (b *BatchReader) end() error {
	if err := b.token(json.Delim('}')); err != nil {
		return err
	}
	if !b.seen["schema"] {
		return fmt.Errorf("it has no schema, want %q", BatchSchema)
	}
	if _, err := b.d.Token(); err != io.EOF {
		return errors.New("something follows it")
	}
	return errEnd
}

// token reads a token that must be there.
func (b *BatchReader) token(want json.Token) error {
	got, err := b.d.Token()
	if err == nil && got != want {
		err = fmt.Errorf("%v instead of %v", got, want)
	}
	return err
}

// value decodes the next value as a part of a summary.
func (b *BatchReader) value(of string, v any) error {
	var raw json.RawMessage
	if err := b.d.Decode(&raw); err != nil {
		return err
	}
	if b.from.since = 0; len(raw) > longestLine {
		return errLongValue
	}
	before, after, _ := bytes.Cut([]byte(of), []byte("%s"))
	text := bytes.Join([][]byte{before, raw, after}, nil)
	if err := batchForm.check(text); err != nil {
		return err
	}
	return json.Unmarshal(byNewNames(text), v)
}

var errLongValue = fmt.Errorf("one of its captures has more than %d bytes", longestLine)

// patient reads as long as values are not too long.
type patient struct {
	r     io.Reader
	since int   // bytes since the last value ended
	err   error // of reading
}

func (p *patient) Read(to []byte) (int, error) {
	const most = 1 << 16
	if p.since > longestLine+most {
		return 0, errLongValue
	}
	n, err := p.r.Read(to[:min(len(to), most)])
	p.since += n
	if err != nil && err != io.EOF {
		p.err = err
	}
	return n, err
}
