//go:build unix

package lots

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/mendcap/mendcap/repair/batch"
	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/render"
)

// tree is what lies in a folder of outputs, but for plans.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := make(map[string]string)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Name() == Folder {
			return filepath.SkipDir
		}
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		files[strings.TrimPrefix(path, dir)] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// compare holds the outputs of lots, and their merged summary, to those of one batch.
func compare(t *testing.T, r *Run, out string, one map[string]string, sum *report.Batch) {
	t.Helper()
	got := tree(t, out)
	for _, name := range slices.Sorted(maps.Keys(one)) {
		if text, ok := got[name]; !ok {
			t.Errorf("%s is missing", name)
		} else if text != one[name] {
			t.Errorf("%s is not that of one batch", name)
		}
	}
	for name := range got {
		if _, ok := one[name]; !ok {
			t.Errorf("%s should not be there", name)
		}
	}
	json, csv, html := merged(t, r)
	for name, c := range map[string]struct {
		got   string
		write func(*bytes.Buffer) error
	}{
		"JSON": {json, func(w *bytes.Buffer) error { return sum.WriteJSON(w) }},
		"CSV":  {csv, func(w *bytes.Buffer) error { return render.BatchCSV(w, sum) }},
		"HTML": {html, func(w *bytes.Buffer) error { return render.BatchHTML(w, sum, render.BatchOptions{}) }},
	} {
		var want bytes.Buffer
		if err := c.write(&want); err != nil {
			t.Fatal(err)
		}
		if c.got != want.String() {
			t.Errorf("the merged %s is not that of one batch: got\n%s\nwant\n%s", name, c.got, want.String())
		}
	}
}

// shared are captures that no test changes, and what one batch makes of them.
var shared struct {
	once   sync.Once
	inputs []string
	files  map[string]string
	sum    *report.Batch
}

// oneBatch returns captures, and what a batch of all makes.
func oneBatch(t *testing.T) (inputs []string, files map[string]string, sum *report.Batch) {
	t.Helper()
	shared.once.Do(func() {
		shared.inputs = captures(t, sharedFolder)
		shared.files, shared.sum = makeOne(t, shared.inputs)
	})
	if shared.sum == nil {
		t.Fatal("what one batch makes is not known")
	}
	return shared.inputs, shared.files, shared.sum
}

func makeOne(t *testing.T, inputs []string) (files map[string]string, sum *report.Batch) {
	t.Helper()
	o := worked()
	o.Dir = t.TempDir()
	p, err := batch.Find(t.Context(), inputs, o)
	if err != nil {
		t.Fatal(err)
	}
	if sum, err = p.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	return tree(t, o.Dir), sum
}

// TestLotsAreOneBatch: outputs, reports, pages and the merged summary are those of one
// batch, though workers are killed in the middle, and lots are done in another order.
func TestLotsAreOneBatch(t *testing.T) {
	inputs, one, sum := oneBatch(t)
	outcomes := sum.Totals.ByOutcome
	if outcomes[report.OutcomeDamaged] == 0 || outcomes[report.OutcomeRepaired] == 0 || outcomes[report.OutcomeIntact] == 0 || outcomes[report.OutcomeFailed] == 0 {
		t.Fatalf("outcomes: got %v, want all kinds", outcomes)
	}
	divisions := []int{5, 1}
	if testing.Short() {
		divisions = divisions[:1]
	}
	for _, lots := range divisions {
		out := t.TempDir()
		r := plan(t, out, lots, inputs...)
		if lots > 1 && r.Lots < 5 {
			t.Fatalf("lots: got %d, want 5 and more", r.Lots)
		}
		killed(t, r, 0, "1")
		if lots == 1 {
			killed(t, r, 0, "3") // of a second attempt, which does one item at a time
		}
		for lot := r.Lots - 1; lot >= 0; lot-- {
			work(t, r, lot)
		}
		compare(t, r, out, one, sum)
		left, err := filepath.Glob(filepath.Join(r.URL(), "lots", "*.[pa]*"))
		if err != nil || len(left) > 0 {
			t.Errorf("of lots that are done there is left: %v, %v", left, err)
		}
		o := options()
		o.Dir, o.Exclude = out, []string{"skip"}
		again, existed, err := Plan(t.Context(), inputs, Options{Batch: o, Lots: lots})
		if err != nil || !existed || again.ID != r.ID || again.Lots != r.Lots {
			t.Errorf("planned again: got %v, there already: %v, %v; want %s", again, existed, err, r.ID)
		}
	}
}

// TestPlanResumes: of captures that an earlier plan has finished nothing is done again, and
// the merged summary is that of one batch.
func TestPlanResumes(t *testing.T) {
	inputs := captures(t, t.TempDir())
	out := t.TempDir()
	r := plan(t, out, 5, inputs...)
	for lot := range r.Lots - 1 { // the last one is not done
		work(t, r, lot)
	}
	o := options()
	o.Dir, o.Exclude = out, []string{"skip"}
	if err := os.Remove(filepath.Join(inputs[0], "cut.pcapng")); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(inputs[0], "new.pcap"), []byte("none"))
	for _, name := range []string{"cut.mended.pcapng", "cut.mended.json", "cut.mended.html", "plain.mended.pcapng"} {
		if err := os.Remove(filepath.Join(out, "caps", name)); err != nil {
			t.Fatal(err)
		}
	}
	again, existed, err := Plan(t.Context(), inputs, Options{Batch: o, Lots: 3, Resume: true})
	if err != nil || existed {
		t.Fatalf("resume: %v, was there already: %v", err, existed)
	}
	todo := make(map[string]bool)
	for lot := range again.Lots {
		items, err := again.ItemsOf(t.Context(), lot)
		if err != nil {
			t.Fatal(err)
		}
		for i := range items {
			todo[filepath.Base(string(items[i].Name))] = true
		}
	}
	for name, want := range map[string]bool{
		"everything.pcapng": false, "headerless.pcapng": false, "damaged.pcapng": false, "x.pcapng": false, // finished
		"new.pcap": true, "plain": true, "none.pcap": true, "two.zip": true, "x.txt": true, // new, without an output, failed, an archive, none
	} {
		if todo[name] != want {
			t.Errorf("%s is in a lot: %v, want %v", name, todo[name], want)
		}
	}
	for lot := range again.Lots {
		work(t, again, lot)
	}
	one, sum := makeOne(t, inputs)
	compare(t, again, out, one, sum)
}

// TestWorkersAtOnce: two workers of one lot write the same.
func TestWorkersAtOnce(t *testing.T) {
	inputs, one, sum := oneBatch(t)
	out := t.TempDir()
	r := plan(t, out, 2, inputs...)
	var both sync.WaitGroup
	for worker := range 2 {
		both.Go(func() {
			for i := range r.Lots {
				lot := i
				if worker == 1 {
					lot = r.Lots - 1 - i
				}
				if err := r.Do(t.Context(), lot, worked()); err != nil {
					t.Errorf("worker %d, lot %d: %v", worker, lot, err)
				}
			}
		})
	}
	both.Wait()
	compare(t, r, out, one, sum)
}

// TestInterruptedLotGoesOn: an interrupt ends with ErrAgain and is no death, and what was
// done is passed over: nothing of it is looked at again.
func TestInterruptedLotGoesOn(t *testing.T) {
	inputs, _, sum := oneBatch(t)
	out := t.TempDir()
	r := plan(t, out, 1, inputs...)
	for range 2 {
		ctx, cancel := context.WithCancel(t.Context())
		o := worked()
		o.Jobs = 1
		o.Progress = func(p batch.Progress) {
			if p.Done == 4 {
				cancel()
			}
		}
		if err := r.Do(ctx, 0, o); !errors.Is(err, ErrAgain) {
			t.Fatalf("interrupted: got %v, want %v", err, ErrAgain)
		}
	}
	var noted attempts
	if err := r.readJSON(t.Context(), lotName(0, attemptsSuffix), &noted); err != nil || noted.Count != 0 || noted.Item != nil || len(noted.Deaths) > 0 {
		t.Errorf("noted of attempts: got %+v, %v, want none", noted, err)
	}
	done := 0
	for name := range tree(t, out) {
		if strings.HasSuffix(name, ".mended.pcapng") {
			done++
		}
		if err := os.Remove(filepath.Join(out, name)); err != nil {
			t.Fatal(err)
		}
	}
	if done < 6 || done >= int(sum.Totals.Captures) {
		t.Fatalf("outputs before the last attempt: got %d, want some of %d", done, sum.Totals.Captures)
	}
	work(t, r, 0)
	json, _, _ := merged(t, r)
	var want bytes.Buffer
	if err := sum.WriteJSON(&want); err != nil {
		t.Fatal(err)
	}
	if json != want.String() {
		t.Errorf("merged: got\n%s\nwant\n%s", json, want.String())
	}
	later := 0
	for name := range tree(t, out) {
		if strings.HasSuffix(name, ".mended.pcapng") {
			later++
		}
	}
	if all := int(sum.Totals.Captures - sum.Totals.ByOutcome[report.OutcomeFailed]); later == 0 || later > all-done+2 {
		t.Errorf("outputs of the last attempt: got %d, want those of %d that were not done", later, all-done)
	}
}

// TestDeadlyCapture: one that kills its worker twice is an outcome, and the rest goes on.
func TestDeadlyCapture(t *testing.T) {
	if testing.Short() {
		t.Skip("it is about processes of their own")
	}
	inputs, _, sum := oneBatch(t)
	out := t.TempDir()
	r := plan(t, out, 1, inputs...)
	for range mostDeaths {
		killed(t, r, 0, "everything.pcapng")
	}
	work(t, r, 0)
	m, err := r.Merge(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got, want := m.Head.Totals.Captures, sum.Totals.Captures; got != want {
		t.Errorf("captures: got %d, want %d", got, want)
	}
	err = m.Each(t.Context(), func(e *report.Entry) error {
		deadly := filepath.Base(e.Path) == "everything.pcapng"
		if deadly != strings.Contains(e.Error, "the worker died of it twice") || deadly && (e.Outcome != report.OutcomeFailed || e.Code != codeInternal) {
			t.Errorf("got %+v", e)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// TestChangedCapture: one that was changed or removed after it was planned is an outcome,
// and so are tables that were.
func TestChangedCapture(t *testing.T) {
	inputs := captures(t, t.TempDir())
	r := plan(t, t.TempDir(), 1, inputs...)
	write(t, filepath.Join(inputs[0], "deep.pcap"), []byte("something else"))
	if err := os.Remove(filepath.Join(inputs[1], "last.pcap")); err != nil {
		t.Fatal(err)
	}
	tables, err := filepath.Glob(filepath.Join(inputs[0], "headerless.tables", "*"))
	if err != nil || len(tables) == 0 {
		t.Fatalf("tables: %v, %v", tables, err)
	}
	write(t, tables[0], []byte("other tables"))
	work(t, r, 0)
	m, err := r.Merge(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"deep.pcap":         "the capture was changed after the lot was planned",
		"last.pcap":         "the capture was removed after the lot was planned",
		"headerless.pcapng": "its network tables were changed after the lot was planned",
	}
	err = m.Each(t.Context(), func(e *report.Entry) error {
		base := filepath.Base(e.Path)
		if why, ok := want[base]; ok && (e.Error != why || e.Outcome != report.OutcomeFailed || e.Code != codeIO) {
			t.Errorf("%s: got %+v, want %q", base, e, why)
		}
		delete(want, base)
		return nil
	})
	if err != nil || len(want) > 0 {
		t.Errorf("%v, without an entry: %v", err, want)
	}
}

// TestPlansThatAreRefused: of another program, of no such lot, of what is none.
func TestPlansThatAreRefused(t *testing.T) {
	inputs := captures(t, t.TempDir())
	out := t.TempDir()
	r := plan(t, out, 2, inputs[1])
	o := worked()
	o.Program = "another"
	if err := r.Do(t.Context(), 0, o); !errors.Is(err, ErrPlan) {
		t.Errorf("another program: got %v, want %v", err, ErrPlan)
	}
	for _, lot := range []int{-1, r.Lots} {
		if err := r.Do(t.Context(), lot, worked()); !errors.Is(err, ErrUsage) {
			t.Errorf("lot %d of %d: got %v, want %v", lot, r.Lots, err, ErrUsage)
		}
	}
	if _, err := Open(t.Context(), out); !errors.Is(err, ErrPlan) {
		t.Errorf("a folder without a plan: got %v, want %v", err, ErrPlan)
	}
	if err := os.Rename(inputs[1], inputs[1]+" elsewhere"); err != nil {
		t.Fatal(err)
	}
	if err := r.Do(t.Context(), 0, worked()); !errors.Is(err, ErrAgain) {
		t.Errorf("captures that are not mounted: got %v, want %v", err, ErrAgain)
	}
	b := options()
	b.Dir = inputs[0]
	if _, _, err := Plan(t.Context(), inputs[:1], Options{Batch: b}); !errors.Is(err, ErrUsage) {
		t.Errorf("outputs among the captures: got %v, want %v", err, ErrUsage)
	}
	m, err := r.Merge(t.Context())
	if err != nil || len(m.Missing) != r.Lots || r.Lots < 2 {
		t.Errorf("lots that are not done: got %v, %v, want all %d", m, err, r.Lots)
	}
}
