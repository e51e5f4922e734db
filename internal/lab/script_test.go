package lab

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/mendcap/mendcap/repair"
)

// The tables that the script recorded while a host talked leave nothing to be
// guessed: every header of its traffic comes back, in each form of a capture.
// Without them some destinations can't be proved.
func TestScriptedTablesSuffice(t *testing.T) {
	folder := filepath.Join("..", "..", "testdata", "scripted")
	r, err := Load(filepath.Join(folder, "scripted.pcapng.gz"))
	if err != nil {
		t.Fatal(err)
	}
	truth := Delivered(r.Packets)
	if len(truth) < 700 {
		t.Fatalf("got a recording of %d packets, want at least 700", len(truth))
	}
	for _, form := range []Form{Stub, SockaddrWindows, SockaddrLinux, SockaddrBSD} {
		for _, name := range []string{"rawsocket", "drops-2"} {
			t.Run(string(form)+"/"+name, func(t *testing.T) {
				e := newEndToEnd(t, truth, Degrade(truth, degradation(t, name), 1), form)
				out, with := mend(t, e.in, repair.Options{Tables: []string{filepath.Join(folder, "scripted.tables")}})
				e.check(t, out, with, true)
				if n := with.Inference.NextHeader.Unknown + with.Inference.Destination.Unknown; n != 0 {
					t.Errorf("with the script's tables: got %d unknown fields of %d packets, want none", n, with.Inference.Packets)
				}
				out, without := mend(t, e.in, repair.Options{Tables: []string{empty(t)}, Confidence: 1})
				e.check(t, out, without, false) // nothing wrong
				if n := without.Inference.Destination.Unknown; n == 0 {
					t.Errorf("without tables: every destination was proved, so the tables were not needed")
				}
			})
		}
	}
}

// empty returns a folder with no tables in it: the ones beside the capture are
// not looked at.
func empty(t *testing.T) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "none")
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	return folder
}
