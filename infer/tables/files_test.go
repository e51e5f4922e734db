package tables

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func writeFiles(t *testing.T, folder string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFind(t *testing.T) {
	folder := t.TempDir()
	stem := filepath.Join(folder, "a")
	writeFiles(t, folder, map[string]string{
		"a.tables/z.txt":           "",
		"a.tables/b.json":          "",
		"a.tables/deeper/no.txt":   "",
		"a.pcapng.gz.tables/c.txt": "",
		"a.tables.txt":             "",
		"a.tables.json":            "",
		"a.tables.csv":             "",
		"ab.tables.txt":            "",
		"a.etl":                    "",
		"ab.etl":                   "",
	})
	got, err := Find(stem+".pcapng.gz", stem)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, path := range got {
		name, err := filepath.Rel(folder, path)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, filepath.ToSlash(name))
	}
	want := []string{"a.etl", "a.pcapng.gz.tables/c.txt", "a.tables.json", "a.tables.txt", "a.tables/b.json", "a.tables/z.txt"}
	if !slices.Equal(names, want) {
		t.Errorf("got %q, want %q", names, want)
	}
	if got, err = Find(filepath.Join(folder, "x.pcap"), filepath.Join(folder, "x")); err != nil || len(got) != 0 {
		t.Errorf("beside x.pcap: got %q, %v, want none", got, err)
	}
	if got, err = Find(stem, stem); err != nil || len(got) != 5 {
		t.Errorf("a capture without suffix: got %q, %v, want each of 5 files once", got, err)
	}
	for _, capture := range []string{".etl", ".etl.gz"} {
		if got, err = Find(stem+capture, stem); err != nil || slices.Contains(got, stem+".etl") {
			t.Errorf("beside a%s: got %q, %v, want no trace that is the capture", capture, got, err)
		}
	}
}

func TestLoad(t *testing.T) {
	folder := t.TempDir()
	const row = "TCP [2001:db8::1]:5000 [2001:db8::2]:443 ESTABLISHED\n"
	writeFiles(t, folder, map[string]string{
		"t/2.txt":         row,
		"t/1.txt":         row + "TCP [2001:db8::1]:5001 [2001:db8::3]:443 ESTABLISHED\n",
		"t/3.bin":         "\x00\x01\x02\x03\x04\x05\x06",
		"t/deeper/no.txt": row,
		"empty.txt":       "",
	})
	snapshot, results, err := Load(t.Context(), filepath.Join(folder, "empty.txt"), filepath.Join(folder, "t"))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(snapshot.TCPConnections); n != 2 {
		t.Errorf("got %d connections, want 2: the same row counts once", n)
	}
	var got []string
	for _, result := range results {
		got = append(got, filepath.Base(result.Name)+" "+result.Problem)
	}
	want := []string{"empty.txt empty", "1.txt ", "2.txt ", "3.bin binary, or text in mixed encodings"}
	if !slices.Equal(got, want) {
		t.Errorf("got results %q, want %q", got, want)
	}
}

func TestLoadMissing(t *testing.T) {
	folder := t.TempDir()
	writeFiles(t, folder, map[string]string{"a.txt": "TCP [2001:db8::1]:5000 [2001:db8::2]:443\n"})
	snapshot, results, err := Load(t.Context(), filepath.Join(folder, "missing"), filepath.Join(folder, "a.txt"))
	if err == nil || !strings.Contains(err.Error(), "missing") {
		t.Errorf("got error %v, want one that names the missing file", err)
	}
	if len(results) != 1 || len(snapshot.TCPConnections) != 1 {
		t.Errorf("got %d results, %d connections, want 1, 1 from the other file", len(results), len(snapshot.TCPConnections))
	}
}

// A link that leads nowhere, a device and a folder among tables are no reason not
// to read the others: each has a result that says why it gave nothing.
func TestLoadUnreadable(t *testing.T) {
	folder := t.TempDir()
	stem := filepath.Join(folder, "a")
	writeFiles(t, folder, map[string]string{"a.tables/a.txt": "TCP [2001:db8::1]:5000 [2001:db8::2]:443\n"})
	for name, to := range map[string]string{"a.tables/b.txt": "nowhere", "a.tables/c.txt": os.DevNull, "a.tables.json": "nowhere", "a.pcap.tables": "nowhere"} {
		if err := os.Symlink(to, filepath.Join(folder, name)); err != nil {
			t.Skip(err)
		}
	}
	if os.Geteuid() != 0 {
		writeFiles(t, folder, map[string]string{"a.tables/d.txt": "x"})
		if err := os.Chmod(filepath.Join(folder, "a.tables/d.txt"), 0); err != nil {
			t.Fatal(err)
		}
	}
	found, err := Find(stem+".pcap", stem)
	if err != nil {
		t.Fatal(err)
	}
	snapshot, results, err := Load(t.Context(), append(found, filepath.Join(folder, "a.tables", "c.txt"))...)
	if err != nil || len(snapshot.TCPConnections) != 1 {
		t.Errorf("got %v, %d connections, want that of the file that can be read", err, len(snapshot.TCPConnections))
	}
	got := make(map[string]string)
	for _, r := range results {
		got[filepath.Base(r.Name)] = r.Problem
	}
	want := map[string]string{
		"a.txt": "", "b.txt": "a link that leads nowhere", "c.txt": "not a regular file",
		"a.tables.json": "a link that leads nowhere", "a.pcap.tables": "a link that leads nowhere",
	}
	if os.Geteuid() != 0 {
		want["d.txt"] = "permission denied"
	}
	if !maps.Equal(got, want) {
		t.Errorf("problems: got %q, want %q", got, want)
	}
}
