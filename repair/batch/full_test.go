//go:build linux

package batch

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/mendcap/mendcap/report"
)

// smallDisk mounts a disk of 64 KiB on a folder while the test runs.
func smallDisk(t *testing.T, folder string) {
	t.Helper()
	if err := unix.Mount("tmpfs", folder, "tmpfs", 0, "size=64k"); err != nil {
		t.Skip("no small disk can be mounted:", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(folder, 0); err != nil {
			t.Error(err)
		}
	})
}

// A disk that fills up costs outputs, but leaves none that is not whole, and no
// temporary file; once there is room, Resume makes the rest.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, "out")
	if err := os.Mkdir(out, 0o777); err != nil {
		t.Fatal(err)
	}
	smallDisk(t, out)
	for _, name := range []string{"a.pcap", "b.pcap", "c.pcap", "d.pcap"} {
		write(t, dir, "in/"+name, packets(300)) // 14 kB each, and a report
	}
	write(t, dir, "in/big.pcap", packets(3000))
	in := filepath.Join(dir, "in")
	want := run(t, Options{Dir: filepath.Join(dir, "want")}, in)
	whole := contents(t, filepath.Join(dir, "want"))

	b := run(t, Options{Dir: out, Jobs: 1}, in)
	if n := b.Totals.ByOutcome[report.OutcomeFailed]; n == 0 || n == 5 {
		t.Errorf("captures that failed: got %d, want some of 5", n)
	}
	for _, e := range b.Captures {
		if e.Outcome == report.OutcomeFailed && (e.Code != codeIO || !strings.Contains(e.Error, "no space left")) {
			t.Errorf("%s: got code %d, %s; want %d and what is lacking", e.Path, e.Code, e.Error, codeIO)
		}
	}
	for name, data := range contents(t, out) {
		if whole[name] != data {
			t.Errorf("%s is not whole", name)
		}
	}
	if err := unix.Mount("tmpfs", out, "tmpfs", unix.MS_REMOUNT, "size=4m"); err != nil {
		t.Fatal(err)
	}
	if got := run(t, Options{Dir: out, Resume: true}, in); got.Totals.Captures != want.Totals.Captures || got.Code() != 0 {
		t.Errorf("with room again: got %s", outcomes(got, dir))
	}
	if got := contents(t, out); len(got) != len(whole) {
		t.Errorf("files: got %d, want %d", len(got), len(whole))
	}
}

// Members that the temporary folder has no room for fail; the others don't.
func TestFullTemporaryFolder(t *testing.T) {
	dir, tmp := t.TempDir(), t.TempDir()
	smallDisk(t, tmp)
	t.Setenv("TMPDIR", tmp)
	in := write(t, dir, "x.zip", zipOf(t, entry{"a.pcap", packets(10)}, entry{"big.pcap", packets(5000)}, entry{"c.pcap", packets(10)}))
	b := run(t, Options{Dir: filepath.Join(dir, "out"), Jobs: 1}, in)
	want := "x.zip/a.pcap intact\nx.zip/big.pcap failed: unpack: no space left on device\nx.zip/c.pcap intact"
	if got := outcomes(b, dir); got != want {
		t.Errorf("outcomes: got\n%s\nwant\n%s", got, want)
	}
	if left := files(t, tmp); len(left) > 0 {
		t.Errorf("temporary files left: %v", left)
	}
}
