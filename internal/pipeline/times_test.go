package pipeline

import (
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// Times that can't be true are left out of the capture's, unless it has no others.
func TestTimesThatCannotBeTrue(t *testing.T) {
	const from = 1_700_000_000
	for name, c := range map[string]struct {
		stamps      []uint32
		first, last int64
		note        string
	}{
		"one of 1970":          {[]uint32{from, 0, from + 5}, from, from + 5, "1 packet has a time before 1990 or after 2099, which the capture's times leave out"},
		"of 1970 and 2106":     {[]uint32{0, from, 0xFFFFFFFF, from + 5}, from, from + 5, "2 packets have times before 1990 or after 2099, which the capture's times leave out"},
		"all count from 0":     {[]uint32{0, 1, 7}, 0, 7, ""},
		"all of them are true": {[]uint32{from, from + 9}, from, from + 9, ""},
	} {
		le := binary.LittleEndian
		data := le.AppendUint32(nil, 0xA1B2C3D4)
		data = le.AppendUint16(le.AppendUint16(data, 2), 4)
		for _, v := range []uint32{0, 0, 65535, 1} {
			data = le.AppendUint32(data, v)
		}
		for _, stamp := range c.stamps {
			for _, v := range []uint32{stamp, 0, 60, 60} {
				data = le.AppendUint32(data, v)
			}
			data = append(data, make([]byte, 60)...)
		}
		dir := t.TempDir()
		in := filepath.Join(dir, "in.pcap")
		if err := os.WriteFile(in, data, 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := File(context.Background(), in, filepath.Join(dir, "out.pcapng"), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if first, last := time.Unix(c.first, 0).UTC(), time.Unix(c.last, 0).UTC(); !r.Capture.First.Equal(first) || !r.Capture.Last.Equal(last) {
			t.Errorf("%s: got %v to %v, want %v to %v", name, r.Capture.First, r.Capture.Last, first, last)
		}
		said := slices.DeleteFunc(slices.Clone(r.Notes), func(note string) bool { return !strings.Contains(note, "leave out") })
		if want := strings.Fields(c.note); len(said) != min(len(want), 1) || len(said) == 1 && said[0] != c.note {
			t.Errorf("%s: got the notes %q, want %q", name, r.Notes, c.note)
		}
	}
}
