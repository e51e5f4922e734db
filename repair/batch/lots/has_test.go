//go:build unix

package lots

import (
	"os"
	"path/filepath"
	"testing"
)

// TestHas: what a plan reads, what becomes of it and the plan itself are known by any of
// their names, and other files are nothing to it.
func TestHas(t *testing.T) {
	in, out := t.TempDir(), t.TempDir()
	inputs := captures(t, in)
	r := plan(t, out, 3, inputs...)
	links := t.TempDir()
	for name, to := range map[string]string{"plans": filepath.Join(out, Folder), "x.pcap": filepath.Join(in, "a", "caps", "x.pcap")} {
		if err := os.Symlink(to, filepath.Join(links, name)); err != nil {
			t.Fatal(err)
		}
	}
	write(t, filepath.Join(in, "a", "caps", "summary.html"), nil)
	for name, want := range map[string]string{
		filepath.Join(r.URL(), "plan.json"):                           "a file of a plan",
		filepath.Join(r.URL(), "lots", "00000.json"):                  "a file of a plan", // which is not there
		filepath.Join(links, "plans", "x.json"):                       "a file of a plan",
		filepath.Join(out, "caps", "x.mended.json"):                   "an output of the plan",
		filepath.Join(inputs[0], "deep.pcap"):                         "a file that the plan reads",
		inputs[2]:                                                     "a file that the plan reads",
		filepath.Join(links, "x.pcap"):                                "a file that the plan reads",
		filepath.Join(inputs[0], "headerless.tables", "mendcap.json"): "a file that the plan reads",
		filepath.Join(inputs[0], "summary.html"):                      "",
		filepath.Join(inputs[0], "new.html"):                          "",
		filepath.Join(out, "all.json"):                                "",
	} {
		if got, err := r.Has(t.Context(), name); err != nil || got != want {
			t.Errorf("%s: got %q, %v, want %q", name, got, err, want)
		}
	}
}
