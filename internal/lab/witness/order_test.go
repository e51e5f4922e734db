package witness_test

import (
	"cmp"
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/internal/lab/judge"
	"github.com/mendcap/mendcap/internal/lab/tshark"
	"github.com/mendcap/mendcap/internal/lab/witness"
	"github.com/mendcap/mendcap/repair"
)

// writeForm writes packets to a file.
func writeForm(t *testing.T, path string, packets []lab.Packet, form lab.Form) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := cmp.Or(lab.WriteForm(f, packets, form, lab.Pcapng), f.Close()); err != nil {
		t.Fatal(err)
	}
}

// left judges a repair of packets, with a trace beside them or not.
func left(t *testing.T, truth, written []lab.Packet, trace []byte) judge.Score {
	t.Helper()
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	byIndex := slices.Clone(written)
	slices.SortFunc(byIndex, func(a, b lab.Packet) int { return cmp.Compare(a.Index, b.Index) })
	stamps := make(map[int]int64, len(truth))
	for _, p := range truth {
		stamps[p.Index] = p.Stamp
	}
	for i := range byIndex {
		byIndex[i].Stamp = stamps[byIndex[i].Index]
	}
	writeForm(t, path("truth.pcapng"), byIndex, lab.WithHeaders)
	writeForm(t, path("before.pcapng"), written, lab.WithHeaders)
	writeForm(t, path("in.pcapng"), written, lab.SockaddrWindows)
	if err := lab.WriteTables(path("in.tables"), lab.SnapshotOf(truth), lab.Own); err != nil {
		t.Fatal(err)
	}
	if trace != nil {
		if err := os.WriteFile(path("in.etl"), trace, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := repair.File(context.Background(), path("in.pcapng"), path("out.pcapng"), repair.Options{}); err != nil {
		t.Fatal(err)
	}
	var files [3]*judge.File
	for i, name := range []string{"truth.pcapng", "before.pcapng", "out.pcapng"} {
		var err error
		if files[i], err = judge.Open(t.Context(), path(name)); err != nil {
			t.Fatal(err)
		}
	}
	return judge.Compare(files[0], files[1], files[2])
}

// The order in which the host's TCP logs what it receives tells what completion ports have
// swapped from what the network has: of the flags that a repair gets wrong, those that it
// leaves and those that it hides, at most half are left with a trace.
func TestEventsTellOrder(t *testing.T) {
	tshark.Need(t)
	names := []string{"plain-tcp", "plain-heavy", "no-timestamps", "cross-plain", "cross-no-timestamps"}
	if testing.Short() {
		names = names[:1]
	}
	var with, without judge.Score
	for _, name := range names {
		truth := recording(t, name)
		for _, kind := range []string{"ports-stamped", "ports-heavy"} {
			written := lab.Degrade(truth, degradation(t, kind), 5)
			trace, _ := witness.Trace(truth, witness.Trouble{Seed: 3})
			a, b := left(t, truth, written, trace), left(t, truth, written, nil)
			t.Logf("%s, %s: %d flags too many, left %d with events and %d without; of %d genuine ones kept %d and %d",
				name, kind, a.SpuriousBefore, a.SpuriousAfter, b.SpuriousAfter, a.Genuine, a.Kept, b.Kept)
			with.Add(a)
			without.Add(b)
		}
	}
	wrong := func(s judge.Score) int { return s.SpuriousAfter + s.Genuine - s.Kept }
	t.Logf("%d and %d flags are wrong", wrong(with), wrong(without))
	if with.SpuriousAfter > without.SpuriousAfter || with.Kept < without.Kept {
		t.Errorf("with events %d flags are left and %d kept, without %d and %d", with.SpuriousAfter, with.Kept, without.SpuriousAfter, without.Kept)
	}
	if wrong(without) == 0 || 2*wrong(with) > wrong(without) {
		t.Errorf("%d flags are wrong with events, and %d without", wrong(with), wrong(without))
	}
}
