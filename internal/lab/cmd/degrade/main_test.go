package degrade

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/mendcap/mendcap/internal/lab"
)

var testdata = filepath.Join("..", "..", "..", "..", "testdata")

func recordings(names ...string) []string {
	var paths []string
	for _, name := range names {
		paths = append(paths, filepath.Join(testdata, "recordings", name+".pcapng.gz"))
	}
	return paths
}

// The samples are what testdata/README.md says.
func TestSamplesAreWhatTheCommandMakes(t *testing.T) {
	tests := []struct {
		options    options
		recordings []string
	}{
		{options{degradation: "rawsocket", form: string(lab.Stub), tables: "all", seed: 1, packets: 2000,
			output: "rawsocket.pcapng"}, recordings("many-flows", "v4-many-flows", "lossy")},
		{options{degradation: "completion-port", form: string(lab.SockaddrWindows), tables: "all", seed: 1, packets: 1200,
			output: "sockaddr.pcap"}, recordings("many-flows", "reorder-light")},
	}
	for _, test := range tests {
		name, dir := test.options.output, t.TempDir()
		test.options.output = filepath.Join(dir, name)
		if err := run(test.options, test.recordings); err != nil {
			t.Fatal(err)
		}
		made, err := filepath.Glob(filepath.Join(dir, "*.tables", "*"))
		if err != nil || len(made) != 6 {
			t.Errorf("%s: got %d tables, %v, want 6", name, len(made), err)
		}
		for _, path := range append(made, test.options.output) {
			relative, err := filepath.Rel(dir, path)
			if err != nil {
				t.Fatal(err)
			}
			same(t, path, filepath.Join(testdata, relative))
		}
	}
}

func same(t *testing.T, made, kept string) {
	t.Helper()
	got, err := os.ReadFile(made)
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(kept)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what the command makes (%d bytes, it makes %d)", kept, len(want), len(got))
	}
}

func TestRunRefusesWhatItDoesNotKnow(t *testing.T) {
	fine := options{degradation: "none", form: "stub", tables: "none", output: filepath.Join(t.TempDir(), "a.pcapng")}
	for name, change := range map[string]func(*options){
		"degradation": func(o *options) { o.degradation = "worse" },
		"form":        func(o *options) { o.form = "cap" },
		"tables":      func(o *options) { o.tables = "some" },
		"output":      func(o *options) { o.output = "" },
	} {
		o := fine
		change(&o)
		if err := run(o, recordings("idle-and-full")); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
	if err := run(fine, recordings("idle-and-full")); err != nil {
		t.Errorf("a fine run: %v", err)
	}
}
