package batch

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// No archive, however hostile, gets beyond the limits or costs more than they
// allow; its members are the same each time.
func FuzzVisit(f *testing.F) {
	inner := tarOf(f, entry{"x.pcap", packets(2)}, entry{"../y", []byte("text")})
	for _, seed := range [][]byte{
		inner, zipOf(f, entry{"a/x.pcap", packets(1)}, entry{"inner.tar", inner}), tarOf(f, entry{"in.zip", zipOf(f, entry{"z.pcap", packets(1)})}),
		gzipped(f, inner), []byte("PK\x05\x06"), make([]byte, 1024),
	} {
		f.Add(seed)
	}
	l := generous()
	l.members, l.nesting, l.unpacked, l.grace, l.ratio = 50, 2, 1<<16, 1<<12, 20
	f.Fuzz(func(t *testing.T, data []byte) {
		kind, _, err := sniff(bytes.NewReader(data))
		if err != nil {
			t.Fatalf("bytes in memory can't be read: %v", err)
		}
		if kind != kindTar && kind != kindZip {
			return
		}
		name := filepath.Join(t.TempDir(), "archive")
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
		first, unpacked, err := visited(name, kind, l)
		if int64(unpacked) > l.unpacked && !errors.Is(err, errLimit) {
			t.Errorf("unpacked %d bytes, the limit is %d: %v", unpacked, l.unpacked, err)
		}
		if len(first) > l.members {
			t.Errorf("got %d members, the limit is %d", len(first), l.members)
		}
		second, _, _ := visited(name, kind, l)
		if len(first) != len(second) {
			t.Fatalf("members: got %d, then %d", len(first), len(second))
		}
		for i := range first {
			if first[i] != second[i] {
				t.Fatalf("member %d: got %s, then %s", i, first[i], second[i])
			}
		}
	})
}

// visited lists the members of an archive, each read to its end.
func visited(name string, kind kind, l limits) (names []string, unpacked int64, err error) {
	err = visit(context.Background(), source{path: name}, kind, l, func(m *member) error {
		names = append(names, m.name)
		if m.body == nil {
			return nil
		}
		n, err := io.Copy(io.Discard, m.body)
		unpacked += n
		if errors.Is(err, errLimit) {
			return err
		}
		return nil
	})
	return names, unpacked, err
}
