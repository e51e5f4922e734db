package batch

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"

	"github.com/mendcap/mendcap/internal/lab/schema"
	"github.com/mendcap/mendcap/report"
)

// packets returns a pcap file of n UDP packets.
func packets(n int) []byte {
	b := binary.LittleEndian.AppendUint32(nil, 0xA1B2C3D4)
	b = append(b, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0, 101, 0, 0, 0)
	ip := []byte{0x45, 0, 0, 32, 0, 1, 0, 0, 64, 17, 0xF6, 0xC9, 192, 0, 2, 1, 192, 0, 2, 2, 0x13, 0x88, 0x13, 0x89, 0, 12, 0, 0, 'd', 'a', 't', 'a'}
	for i := range n {
		for _, v := range []uint32{1_700_000_000, uint32(i), uint32(len(ip)), uint32(len(ip))} {
			b = binary.LittleEndian.AppendUint32(b, v)
		}
		b = append(b, ip...)
	}
	return b
}

// repeated returns a pcap file of about so many bytes, all packets of which are
// the same.
func repeated(size int) []byte {
	header, one := packets(0), packets(1)[len(packets(0)):]
	return append(header, bytes.Repeat(one, size/len(one))...)
}

// entry is one file of an archive that is made.
type entry struct {
	name string
	data []byte
}

func tarOf(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Mode: 0o644, Size: int64(len(e.data)), Typeflag: tar.TypeReg}
		if e.data == nil {
			h.Typeflag, h.Linkname = tar.TypeSymlink, "/etc/passwd"
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(e.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zipOf(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range entries {
		f, err := w.Create(e.name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(e.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gzipped(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// write writes a file below dir, and returns its path.
func write(t *testing.T, dir, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// run finds and repairs all that is in paths.
func run(t *testing.T, o Options, paths ...string) *report.Batch {
	t.Helper()
	return runWithin(t, o, generous(), paths...)
}

func runWithin(t *testing.T, o Options, l limits, paths ...string) *report.Batch {
	t.Helper()
	plan, err := find(context.Background(), paths, o, l)
	if err != nil {
		t.Fatal(err)
	}
	b, err := plan.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	checkJSON(t, o.Dir, b)
	return b
}

// checkJSON holds a summary, and the reports of a folder, to their schemas. Tests put other
// files by the names of reports into it, which are passed over.
func checkJSON(t *testing.T, dir string, b *report.Batch) {
	t.Helper()
	set, err := schema.Compile(report.Schemas(), report.SchemaText)
	if err != nil {
		t.Fatal(err)
	}
	var summary bytes.Buffer
	if err := b.WriteJSON(&summary); err != nil {
		t.Fatal(err)
	}
	if _, err := set.Check(summary.Bytes()); err != nil {
		t.Errorf("summary: %v", err)
	}
	if dir == "" {
		return
	}
	err = filepath.WalkDir(dir, func(path string, is fs.DirEntry, err error) error {
		if err != nil || !is.Type().IsRegular() || !strings.HasSuffix(path, ".mended.json") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil || !bytes.HasPrefix(text, []byte("{\n  \"schema\": \"mendcap.report/")) {
			return err
		}
		if _, err := set.Check(text); err != nil {
			t.Errorf("%s: %v", filepath.Base(path), err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// outcomes lists the entries as "path outcome", or "path outcome: error", without dir.
func outcomes(b *report.Batch, dir string) string {
	var lines []string
	for _, e := range b.Captures {
		line := strings.TrimPrefix(e.Path, filepath.ToSlash(dir)+"/") + " " + string(e.Outcome)
		if e.Error != "" {
			line += ": " + e.Error
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// files lists all files below dir, with slashes.
func files(t *testing.T, dir string) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		all = append(all, filepath.ToSlash(rel))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// contents maps all files below dir to their bytes.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := make(map[string]string)
	for _, name := range files(t, dir) {
		data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		all[name] = string(data)
	}
	return all
}
