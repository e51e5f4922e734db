package compare

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/lab/strict"
	"github.com/mendcap/mendcap/report"
)

// bySense returns what results say, whatever their words: exit codes, captures
// without the text of packets' comments, and reports in JSON by the words of today.
// What else is text for people is left out.
func bySense(results map[string][]byte) (map[string][]byte, error) {
	said := make(map[string][]byte)
	for name, text := range results {
		var err error
		switch {
		case strings.HasSuffix(name, "'s exit code"):
			said[name] = text
		case strings.HasSuffix(name, ".pcapng"):
			said[name], err = withoutComments(text)
		case strings.HasSuffix(name, ".json"):
			said[name], err = byTodaysWords(text)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return said, nil
}

// withoutComments lists the blocks of a capture, a line each; of a packet only how
// many comments it has.
func withoutComments(file []byte) ([]byte, error) {
	r, err := strict.NewReader(bytes.NewReader(file), capture.ReaderOptions{})
	if err != nil {
		return nil, err
	}
	var list bytes.Buffer
	for {
		batch, err := r.Next()
		if errors.Is(err, io.EOF) {
			return list.Bytes(), nil
		}
		if err != nil {
			return nil, err
		}
		for i := range batch.Blocks {
			if b := &batch.Blocks[i]; b.Kind != capture.Packet {
				fmt.Fprintf(&list, "%x\n", b.Raw)
			} else {
				fmt.Fprintf(&list, "%d on %d at %d (%v): %d bytes, %x, %d comments\n",
					b.Type, b.Interface.ID, b.Ticks, b.HasStamp, b.OrigLen, b.Data, len(b.Comments()))
			}
		}
		batch.Release()
	}
}

// byTodaysWords reads a report, whatever words its time had for things, and writes it
// again.
func byTodaysWords(text []byte) ([]byte, error) {
	r, err := report.ReadOne(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	var again bytes.Buffer
	err = r.WriteJSON(&again)
	return again.Bytes(), err
}
