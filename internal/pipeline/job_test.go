package pipeline

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mendcap/mendcap/reorder"
)

// samples returns the folder of shared captures, which the project must not
// hold itself.
func samples(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("MENDCAP_SAMPLES")
	if dir == "" {
		t.Skip("MENDCAP_SAMPLES is not set")
	}
	return filepath.Join(dir, "captures")
}

// A capture in which no law is broken comes back byte for byte.
func TestCleanPcapngComesBackByteForByte(t *testing.T) {
	for _, name := range []string{"pktmon-converted.pcapng", "public/two-interfaces.pcapng", "public/le-test008.pcapng",
		"public/le-test902.pcapng", "public/be-test202.pcapng"} {
		t.Run(name, func(t *testing.T) {
			in := filepath.Join(samples(t), name)
			out := filepath.Join(t.TempDir(), "out.pcapng")
			r, err := File(context.Background(), in, out, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if r.Output.Changed || r.Order.Moved != 0 {
				t.Errorf("changed: got %v with %d packets moved, want none", r.Output.Changed, r.Order.Moved)
			}
			wantSameBytes(t, in, out)
		})
	}
}

func wantSameBytes(t *testing.T, in, out string) {
	t.Helper()
	a, err := os.ReadFile(in)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a, b) {
		t.Errorf("output: got %d bytes that differ from the input's %d, want the same", len(b), len(a))
	}
}

func TestBadInput(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, c := range []struct {
		name, path string
		want       error
	}{
		{"missing", filepath.Join(dir, "nowhere.pcap"), ErrNoCapture},
		{"folder", dir, ErrNoCapture},
		{"empty", write("empty.pcap", ""), ErrNoCapture},
		{"text", write("notes.pcap", "these are notes, not packets\n"), ErrNoCapture},
	} {
		t.Run(c.name, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "out.pcapng")
			_, err := File(context.Background(), c.path, out, Options{})
			if !errors.Is(err, c.want) {
				t.Errorf("error: got %v, want %v", err, c.want)
			}
			if _, err := os.Stat(out); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("output after a failure: got %v, want none", err)
			}
		})
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for name, o := range map[string]Options{
		"law":      {Without: []reorder.Law{reorder.Law(reorder.NumLaws)}},
		"layout":   {UserLayout: "plan9"},
		"findings": {Findings: -1},
	} {
		if _, err := File(context.Background(), "x.pcap", "y.pcapng", o); !errors.Is(err, ErrUsage) {
			t.Errorf("%s: got %v, want a usage error", name, err)
		}
	}
}

// The real raw-socket capture whose true order is known by its IPv4 IDs.
func TestRawSocketCapture(t *testing.T) {
	in := filepath.Join(samples(t), "rawcap-loopback.pcap")
	out := filepath.Join(t.TempDir(), "out.pcapng")
	r, err := File(context.Background(), in, out, Options{})
	if err != nil {
		t.Fatal(err)
	}
	before, after := int64(0), int64(0)
	for flag, n := range r.Analysis.Before {
		before, after = before+n, after+r.Analysis.After[flag]
	}
	if before != 5185 {
		t.Errorf("flags before: got %d, want the 5,185 that tshark counts", before)
	}
	if after*100 > before {
		t.Errorf("flags after: got %d, want at most 1 %% of %d", after, before)
	}
	again := filepath.Join(t.TempDir(), "again.pcapng")
	if _, err := File(context.Background(), out, again, Options{}); err != nil {
		t.Fatal(err)
	}
	wantSameBytes(t, out, again)
}

func TestCancelLeavesNoOutput(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	dir := t.TempDir()
	in := filepath.Join(samples(t), "rawcap-loopback.pcap")
	_, err := File(ctx, in, filepath.Join(dir, "out.pcapng"), Options{})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error: got %v, want %v", err, context.Canceled)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 0 {
		t.Errorf("files after cancelling: got %v, want none", entries)
	}
}

func TestExistingOutput(t *testing.T) {
	in := filepath.Join(samples(t), "public", "http-206.pcap")
	out := filepath.Join(t.TempDir(), "out.pcapng")
	if err := os.WriteFile(out, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := File(context.Background(), in, out, Options{})
	if !errors.Is(err, ErrExists) || !errors.Is(err, ErrIO) {
		t.Errorf("another output there: got %v, want %v", err, ErrExists)
	}
	if kept, _ := os.ReadFile(out); string(kept) != "precious" {
		t.Errorf("existing output: got %q, want it untouched", kept)
	}
	for _, want := range []string{statusWritten, statusUnchanged} {
		r, err := File(context.Background(), in, out, Options{Force: true})
		if err != nil {
			t.Fatal(err)
		}
		if r.Output.Status != want {
			t.Errorf("status: got %q, want %q", r.Output.Status, want)
		}
	}
}

func TestStandardStreams(t *testing.T) {
	in, err := os.Open(filepath.Join(samples(t), "public", "http-206.pcap"))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	var out bytes.Buffer
	r, err := File(context.Background(), "-", "-", Options{Stdin: in, Stdout: &out})
	if err != nil {
		t.Fatal(err)
	}
	if r.Output.Name != "-" || !strings.HasPrefix(out.String(), "\x0a\x0d\x0d\x0a") {
		t.Errorf("standard output: got %d bytes as %q, want a pcapng", out.Len(), r.Output.Name)
	}
}
