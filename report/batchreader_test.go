package report

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// readCaptures reads a summary capture by capture.
func readCaptures(r io.Reader) (*Batch, error) {
	from := NewBatchReader(r)
	var entries []Entry
	for {
		e, err := from.Next()
		if err == io.EOF {
			return NewBatch(entries, from.Skipped()), nil
		}
		if err != nil {
			return nil, err
		}
		entries = append(entries, *e)
	}
}

// TestBatchReaderReads what ReadBatch reads: also by old names, in another order, and byte
// by byte.
func TestBatchReaderReads(t *testing.T) {
	var sample bytes.Buffer
	if err := sampleBatch().WriteJSON(&sample); err != nil {
		t.Fatal(err)
	}
	old, err := io.ReadAll(before(t, "batch.json"))
	if err != nil {
		t.Fatal(err)
	}
	for name, stored := range map[string]string{
		"sample": sample.String(), "old names": string(old),
		"other order": `{"captures": [{"path": "a", "outcome": "failed", "code": 4}], "new": {"x": [1]}, "skipped": {"other": 3}, "schema": "mendcap.batch/1"}`,
		"no captures": `{"schema": "mendcap.batch/1", "captures": []}`,
	} {
		want, err := ReadBatch(strings.NewReader(stored))
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range []io.Reader{strings.NewReader(stored), iotest.OneByteReader(strings.NewReader(stored))} {
			got, err := readCaptures(r)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			var a, b bytes.Buffer
			if err := errors.Join(want.WriteJSON(&a), got.WriteJSON(&b)); err != nil || a.String() != b.String() {
				t.Errorf("%s: got\n%s\nwant\n%s (%v)", name, b.String(), a.String(), err)
			}
		}
	}
}

// start begins the summary of a batch up to its first capture.
const start = `{"schema": "mendcap.batch/1", "captures": [`

// TestBatchReaderRefuses what is no summary, and what would take much memory.
func TestBatchReaderRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"nothing": "", "half": `{"schema": "mendcap.batch/1"`, "report": `{"schema": "mendcap.report/1"}`, "list": "[]",
		"times": start + `{"first": "noon"}]}`, "no object": start + "7]}", "null": start + "null]}", "no path": start + `{"outcome": "intact"}]}`, "cut in a capture": start + `{"path": "x`,
		"no schema": `{"captures": []}`, "twice": start + `], "captures": []}`, "no list": `{"schema": "mendcap.batch/1", "captures": {}}`,
		"followed":    start + "]} x",
		"long string": start + `{"path": "` + strings.Repeat("x", 1<<17) + `"}]}`,
		"many names":  start + `{` + strings.Repeat(`"x": 1, `, 2000) + `"y": 1}]}`,
		"no captures": start + strings.Repeat("[", 1<<16),
	} {
		if _, err := readCaptures(strings.NewReader(text)); !errors.Is(err, ErrBatch) {
			t.Errorf("%s: got %v, want %v", name, err, ErrBatch)
		}
	}
	endless := io.MultiReader(strings.NewReader(start+`{"path": "`), endlessText{})
	if _, err := readCaptures(endless); !errors.Is(err, ErrBatch) || !strings.Contains(err.Error(), "more than") {
		t.Errorf("a capture without an end: got %v, want %v", err, ErrBatch)
	}
	failed := errors.New("the disk is gone")
	if _, err := readCaptures(io.MultiReader(strings.NewReader(start), iotest.ErrReader(failed))); err != failed {
		t.Errorf("where reading fails: got %v, want %v", err, failed)
	}
}

// TestBatchReaderTakesAny number of captures: more than ReadBatch does.
func TestBatchReaderTakesAny(t *testing.T) {
	const captures = 70_000
	r, w := io.Pipe()
	go func() {
		_, err := io.WriteString(w, start)
		for n := range captures {
			if n > 0 && err == nil {
				_, err = io.WriteString(w, ",")
			}
			if err == nil {
				_, err = io.WriteString(w, `{"path": "a", "outcome": "intact", "packets": 1}`)
			}
		}
		if err == nil {
			_, err = io.WriteString(w, "]}")
		}
		w.CloseWithError(err)
	}()
	from, got := NewBatchReader(r), int64(0)
	for {
		e, err := from.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		got += e.Packets
	}
	if got != captures {
		t.Errorf("got %d captures, want %d", got, captures)
	}
}

// endlessText has no end.
type endlessText struct{}

func (endlessText) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}
