package report

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/mendcap/mendcap/report/internal/bounded"
	"github.com/mendcap/mendcap/report/internal/text"
)

// LotSchema names the form of the summary of one lot of a batch: JSON lines, a LotHead
// and then a LotEntry a line, by path.
const LotSchema = "mendcap.lot/1"

// LotHead is what the first line of the summary of a lot says.
type LotHead struct {
	Schema  string         `json:"schema"`
	Lot     int            `json:"lot"`             // its number, from 0; of what the plan itself found, -1
	First   string         `json:"first,omitempty"` // path of the first entry
	Totals  Totals         `json:"totals"`
	Skipped Skipped        `json:"skipped"`
	Worst   []WorstOfEntry `json:"worst,omitempty"` // by verdict, and then by path
}

// WorstOfEntry is a group of findings that is among the worst ones, and whose it is.
type WorstOfEntry struct {
	Path  string `json:"path"`
	Group Group  `json:"group"`
}

// ErrLot is wrapped by what is said of files that hold no summary of a lot.
var ErrLot = errors.New("not the summary of a lot")

// WriteLot writes the summary of a lot, as NewLot has it.
func WriteLot(w io.Writer, lot int, b *Batch) error {
	head := LotHead{Schema: LotSchema, Lot: lot, Totals: b.Totals, Skipped: b.Skipped}
	if len(b.Captures) > 0 {
		head.First = escapeName(b.Captures[0].Path)
	}
	for _, r := range b.Worst() {
		head.Worst = append(head.Worst, WorstOfEntry{escapeName(r.Of.Path), r.Group})
	}
	if err := text.WriteJSON(w, head, ""); err != nil {
		return err
	}
	for i := range b.Captures {
		e := LotEntry(b.Captures[i])
		e.mapNames(escapeName)
		if err := text.WriteJSON(w, Entry(e), ""); err != nil {
			return err
		}
	}
	return nil
}

// longestLine is how long a line of the summary of a lot may be, bytes: that bounds what
// is decoded too.
const longestLine = 1 << 20

// LotReader reads what WriteLot wrote: lines of up to 1 MiB, one at a time.
type LotReader struct {
	LotHead
	lines *bufio.Reader
	line  []byte
	left  int64 // entries that must follow
	sum   Totals
}

// NewLotReader reads the head. Errors about the content are ErrLot.
func NewLotReader(r io.Reader) (*LotReader, error) {
	l := &LotReader{lines: bufio.NewReaderSize(r, 1<<16)}
	if err := l.read(&l.LotHead); err != nil {
		return nil, err
	}
	if l.Schema != LotSchema {
		return nil, fmt.Errorf("%w: its schema is %q, want %q", ErrLot, shortened(l.Schema), LotSchema)
	}
	if l.Totals.Captures < 0 {
		return nil, fmt.Errorf("%w: it has %d captures", ErrLot, l.Totals.Captures)
	}
	l.sum = noTotals()
	l.left, l.First = l.Totals.Captures, unescapeName(l.First)
	for i := range l.Worst {
		l.Worst[i].Path = unescapeName(l.Worst[i].Path)
	}
	return l, nil
}

// Next reads the next entry, which is the caller's; io.EOF after the last. The head must
// have said what the entries do.
func (l *LotReader) Next() (*Entry, error) {
	if l.left == 0 {
		if _, err := l.lines.ReadByte(); err != io.EOF {
			return nil, fmt.Errorf("%w: something follows the last capture", ErrLot)
		}
		return nil, l.end()
	}
	l.left--
	e := &Entry{}
	if err := l.read(e); err != nil { // as a LotEntry it would be gone through twice
		return nil, err
	}
	(*LotEntry)(e).mapNames(unescapeName)
	l.sum.addEntry(e)
	return e, nil
}

// end returns io.EOF if the totals are those of the entries.
func (l *LotReader) end() error {
	var want, got bytes.Buffer
	if err := errors.Join(text.WriteJSON(&want, l.sum, ""), text.WriteJSON(&got, l.Totals, "")); err != nil {
		return err
	}
	if !bytes.Equal(want.Bytes(), got.Bytes()) {
		return fmt.Errorf("%w: its totals are not those of its captures", ErrLot)
	}
	return io.EOF
}

// read decodes one line.
func (l *LotReader) read(v any) error {
	l.line = l.line[:0]
	for {
		part, err := l.lines.ReadSlice('\n')
		l.line = append(l.line, part...)
		switch {
		case len(l.line) > longestLine:
			return fmt.Errorf("%w: a line of more than %d bytes", ErrLot, longestLine)
		case err == nil:
			if err := json.Unmarshal(l.line, v); err != nil {
				return fmt.Errorf("%w: %w", ErrLot, err)
			}
			return nil
		case err == io.EOF:
			return fmt.Errorf("%w: %w", ErrLot, errCut)
		case err != bufio.ErrBufferFull:
			return err
		}
	}
}

// BatchHead is the summary of a batch but for its captures, from the heads of its lots.
type BatchHead struct {
	Totals  Totals
	Skipped Skipped
	worst   []WorstOfEntry
}

// NewBatchHead returns that of a batch without lots.
func NewBatchHead() *BatchHead { return &BatchHead{Totals: noTotals()} }

// Add takes in another lot, which has no capture that one before it has.
func (h *BatchHead) Add(lot *LotHead) {
	h.Skipped.Add(&lot.Skipped)
	h.Totals.Captures = bounded.Add(h.Totals.Captures, lot.Totals.Captures)
	for outcome, n := range lot.Totals.ByOutcome {
		h.Totals.ByOutcome[outcome] = bounded.Add(h.Totals.ByOutcome[outcome], n)
	}
	h.Totals.add(&lot.Totals.Counts)
	h.worst = append(h.worst, lot.Worst...)
	h.sortWorst()
}

func (h *BatchHead) sortWorst() {
	slices.SortStableFunc(h.worst, func(x, y WorstOfEntry) int {
		return cmp.Or(compareWorst(&x.Group, &y.Group), cmp.Compare(x.Path, y.Path))
	})
	h.worst = h.worst[:min(len(h.worst), worstGroups)]
}

// AddEntry takes in one more capture. They come by path.
func (h *BatchHead) AddEntry(e *Entry) {
	h.Totals.addEntry(e)
	if len(e.Worst) == 0 {
		return
	}
	for i := range e.Worst {
		h.worst = append(h.worst, WorstOfEntry{e.Path, e.Worst[i]})
	}
	h.sortWorst()
}

// KeepWorst takes the groups that are not among the worst of the batch out of an entry,
// as the entries of a Batch have them.
func (h *BatchHead) KeepWorst(e *Entry) {
	e.Worst = nil
	for _, w := range h.worst {
		if w.Path == e.Path {
			e.Worst = append(e.Worst, w.Group)
		}
	}
}

// BatchWriter writes the JSON summary of a batch, capture by capture: what
// Batch.WriteJSON writes of all of them.
type BatchWriter struct {
	w     *bufio.Writer
	one   bytes.Buffer
	count int
}

// NewBatchWriter writes the totals.
func NewBatchWriter(w io.Writer, h *BatchHead) (*BatchWriter, error) {
	b := &BatchWriter{w: bufio.NewWriterSize(w, 1<<16)}
	err := text.WriteJSON(&b.one, struct {
		Schema  string  `json:"schema"`
		Totals  Totals  `json:"totals"`
		Skipped Skipped `json:"skipped"`
	}{BatchSchema, h.Totals, h.Skipped}, indent)
	b.w.Write(bytes.TrimSuffix(b.one.Bytes(), []byte("\n}\n")))
	b.w.WriteString(",\n" + indent + `"captures": [`)
	return b, err
}

// indent is that of a level of stored texts.
const indent = "  "

// Add writes the next capture; they come by path.
func (b *BatchWriter) Add(e *Entry) error {
	if b.count > 0 {
		b.w.WriteByte(',')
	}
	b.count++
	b.one.Reset()
	if err := text.WriteJSONWithin(&b.one, e, indent, 2); err != nil {
		return err
	}
	b.w.WriteString("\n" + indent + indent)
	_, err := b.w.Write(bytes.TrimSuffix(b.one.Bytes(), []byte("\n"))) // the first error comes again
	return err
}

// Close ends the text. It closes no file.
func (b *BatchWriter) Close() error {
	if b.count > 0 {
		b.w.WriteString("\n" + indent)
	}
	b.w.WriteString("]\n}\n")
	return b.w.Flush()
}
