package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// maxStored is the largest file of stored reports that is read, bytes.
const maxStored = 1 << 30

// ErrReport is wrapped by what Read says of files that hold no report.
var ErrReport = errors.New("not a stored report")

// Read reads what WriteJSON or an Array wrote: one report, or several. Its
// errors about the content are ErrReport.
func Read(r io.Reader) ([]Report, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxStored+1))
	switch {
	case err != nil:
		return nil, err
	case len(data) > maxStored:
		return nil, fmt.Errorf("%w: larger than %d bytes", ErrReport, maxStored)
	}
	var all []Report
	if bytes.HasPrefix(bytes.TrimLeft(data, " \t\r\n"), []byte("[")) {
		err = json.Unmarshal(data, &all)
	} else {
		all = make([]Report, 1)
		err = json.Unmarshal(data, &all[0])
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrReport, err)
	}
	for i := range all {
		if all[i].Schema != Schema {
			return nil, fmt.Errorf("%w: its schema is %q, want %q", ErrReport, all[i].Schema, Schema)
		}
	}
	return all, nil
}
