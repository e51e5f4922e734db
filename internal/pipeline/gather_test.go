package pipeline

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/mendcap/mendcap/report"
)

// inflated returns the content of a recording.
func inflated(t *testing.T, name string) []byte {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "..", "testdata", "recordings", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// Whether the first pass reads the whole capture or only its beginning changes
// neither the output nor the report: also where what it missed comes later.
func TestBeginningTellsAsMuchAsTheWhole(t *testing.T) {
	whole := inflated(t, "lossy.pcapng.gz")
	headerless, err := os.ReadFile(filepath.Join("..", "..", "testdata", "rawsocket.pcapng"))
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{
		"whole packets":            whole,
		"header-less ones after":   append(bytes.Clone(whole), headerless...),
		"header-less ones between": append(append(bytes.Clone(whole), headerless...), whole...),
		"cut short":                whole[:len(whole)-30],
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			in := filepath.Join(dir, "in.pcapng")
			if err := os.WriteFile(in, content, 0o600); err != nil {
				t.Fatal(err)
			}
			out, all := repairedFrom(t, in, int64(len(content)))
			early, some := repairedFrom(t, in, 1)
			if !bytes.Equal(out, early) {
				t.Errorf("output: got other bytes from the beginning alone (%d, want %d)", len(early), len(out))
			}
			if !reflect.DeepEqual(all, some) {
				t.Errorf("report: got %+v, want %+v", some, all)
			}
		})
	}
}

// A beginning that showed nothing of the host does not keep out what TTLs
// show later, where the first pass begins again.
func TestVantageBeginsAgainWithTheFirstPass(t *testing.T) {
	headerless, err := os.ReadFile(filepath.Join("..", "..", "testdata", "rawsocket.pcapng"))
	if err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(written(t, beginning(t, "lossy", 600), false))
	if err != nil {
		t.Fatal(err)
	}
	in := filepath.Join(t.TempDir(), "in.pcapng")
	if err := os.WriteFile(in, append(whole, headerless...), 0o600); err != nil {
		t.Fatal(err)
	}
	vantage := func(beginning int64) string {
		_, r := repairedBy(t, in, func(j *job) { j.beginning, j.o.Tables = beginning, nil })
		return r.Order.Vantage
	}
	if all, some := vantage(vantagePackets), vantage(1); all != "TTL" || some != all {
		t.Errorf("vantage by: got %q from the whole and %q from the beginning, want TTL from both", all, some)
	}
}

// repairedFrom repairs with a first pass over so many packets, if all have their
// header.
func repairedFrom(t *testing.T, in string, beginning int64) ([]byte, report.Report) {
	t.Helper()
	return repairedBy(t, in, func(j *job) { j.beginning = beginning })
}

// repairedBy repairs with a job that was adjusted.
func repairedBy(t *testing.T, in string, adjust func(*job)) ([]byte, report.Report) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out.pcapng")
	j, err := newJob(in, out, Options{Tables: []string{filepath.Join("..", "..", "testdata", "rawsocket.tables")}})
	if err != nil {
		t.Fatal(err)
	}
	adjust(j)
	if err := j.run(context.Background(), (*job).write); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return content, j.report.Report
}
