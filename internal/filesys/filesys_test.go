package filesys

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func write(t *testing.T, name string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(filepath.Base(name)), 0o600); err != nil {
		t.Fatal(err)
	}
}

func link(t *testing.T, to, name string) {
	t.Helper()
	if err := os.Symlink(to, name); err != nil {
		t.Skip(err)
	}
}

func TestSetKnowsAFileByAnyName(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for _, sub := range []string{"sub", "sub/deep"} {
		if err := os.Mkdir(sub, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	write(t, "in.pcap")
	write(t, "sub/other.pcap")
	link(t, "in.pcap", "link.pcap")
	link(t, "link.pcap", "link2.pcap")
	link(t, "sub/deep", "away")
	link(t, "sub/new.json", "dangling.json")
	link(t, "loop", "loop")
	if err := os.Link("in.pcap", "hard.pcap"); err != nil {
		t.Skip(err)
	}
	for _, c := range []struct {
		added, asked string
		want         bool
	}{
		{"in.pcap", "in.pcap", true},
		{"in.pcap", "./sub/../in.pcap", true},
		{"in.pcap", filepath.Join(dir, "in.pcap"), true},
		{"link2.pcap", "in.pcap", true},
		{"in.pcap", "link2.pcap", true},
		{"hard.pcap", "link.pcap", true},
		{"in.pcap", "sub/other.pcap", false},
		{"in.pcap", "new.pcap", false},
		{"new.json", "./new.json", true},
		{"sub/new.json", "dangling.json", true},
		{"dangling.json", "sub/new.json", true},
		{"dangling.json", "new.json", false},
		{"sub/deep/new.json", "away/new.json", true},
		{"sub/new.json", "away/../new.json", true}, // the folder above is that of what the link leads to
		{"new.json", "away/../new.json", false},
		{"none/new.json", "./none/new.json", true},
		{"loop", "loop", true},
		{"loop", "in.pcap", false},
	} {
		var s Set
		s.Add(c.added, "it")
		if what, got := s.Find(c.asked); got != c.want || got && what != "it" {
			t.Errorf("%s added, %s asked: got %q, %v, want %v", c.added, c.asked, what, got, c.want)
		}
	}
}

func TestSetKeepsWhatCameFirst(t *testing.T) {
	t.Chdir(t.TempDir())
	var s Set
	if _, ok := s.Find("x"); ok {
		t.Error("an empty set has a file")
	}
	s.Add("x", "the capture")
	s.Add("./x", "a report")
	if what, ok := s.Find("x"); !ok || what != "the capture" {
		t.Errorf("got %q, %v, want the capture", what, ok)
	}
}

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	write(t, "x")
	link(t, "x", "link")
	link(t, dir, "folder")
	link(t, "/dev/zero", "zero")
	for _, name := range []string{"x", "link"} {
		f, err := Open(name)
		if err != nil {
			t.Fatal(err)
		}
		f.Close()
		for content, want := range map[string]bool{"x": true, "": false, "xy": false, "y": false} {
			if got, err := Holds(name, []byte(content)); got != want || err != nil {
				t.Errorf("%s holds %q: got %v, %v, want %v", name, content, got, err, want)
			}
		}
	}
	for name, want := range map[string]error{"folder": ErrNotRegular, "missing": os.ErrNotExist, "zero": ErrNotRegular} {
		if f, err := Open(name); !errors.Is(err, want) {
			t.Errorf("%s: got %v, %v, want %v", name, f, err, want)
		}
	}
}
