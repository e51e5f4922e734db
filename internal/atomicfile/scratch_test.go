package atomicfile

import (
	"os"
	"path/filepath"
	"testing"
)

// What dead runs have left of their temporary folders goes, whenever they died:
// also while they removed what another had left.
func TestDeadScratchFolders(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	live, release, err := ScratchDir()
	if err != nil {
		t.Fatal(err)
	}
	for name, files := range map[string][]string{
		"mendcap-1.scratchdir": {lockName, "member-1/x.pcap"},
		"mendcap-2.scratchdir": {"member-1/x.pcap"},
		"mendcap-3.scratchdir": nil,
		"other-4.scratchdir":   {"x"},
	} {
		if err := os.MkdirAll(filepath.Join(tmp, name, "member-1"), 0o700); err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if err := os.WriteFile(filepath.Join(tmp, name, f), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if files == nil {
			if err := os.Remove(filepath.Join(tmp, name, "member-1")); err != nil {
				t.Fatal(err)
			}
		}
	}
	_, again, err := ScratchDir()
	if err != nil {
		t.Fatal(err)
	}
	if err := again(); err != nil {
		t.Fatal(err)
	}
	left, err := filepath.Glob(filepath.Join(tmp, "*"))
	if err != nil || len(left) != 2 || left[0] != live || filepath.Base(left[1]) != "other-4.scratchdir" {
		t.Errorf("got %v, %v; want %s of the live run, and what is another's", left, err, live)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
}
