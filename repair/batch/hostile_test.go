package batch

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/mendcap/mendcap/reorder"
	"github.com/mendcap/mendcap/repair"
	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/render"
)

// Links below the outputs' folder lead no output out of it.
func TestOutputsStayInTheirFolder(t *testing.T) {
	dir := t.TempDir()
	in, out, elsewhere := filepath.Join(dir, "in"), filepath.Join(dir, "out"), filepath.Join(dir, "elsewhere")
	for _, name := range []string{"away/x.pcap", "within/y.pcap", "z.pcap"} {
		write(t, in, name, packets(2))
	}
	for _, folder := range []string{elsewhere, filepath.Join(out, "in", "real")} {
		if err := os.MkdirAll(folder, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{"away": elsewhere, "within": "real"} {
		if err := os.Symlink(to, filepath.Join(out, "in", link)); err != nil {
			t.Skip(err)
		}
	}
	b := run(t, Options{Dir: out}, in)
	if left := files(t, elsewhere); len(left) > 0 {
		t.Errorf("outside of the outputs' folder: %v", left)
	}
	got := outcomes(b, dir)
	if !strings.Contains(got, "in/away/x.pcap failed: i/o failed: make the folder of the output") ||
		!strings.Contains(got, "in/within/y.pcap intact") || !strings.Contains(got, "in/z.pcap intact") {
		t.Errorf("outcomes: got\n%s\nwant the one that the link out of the folder leads to to fail", got)
	}
}

// Links in what is walked are not followed, but for the path that was named.
func TestLinksAreNotFollowed(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "real/x.pcap", packets(1))
	write(t, dir, "tree/y.pcap", packets(1))
	for link, to := range map[string]string{"tree/folder": "../real", "tree/file.pcap": "../real/x.pcap", "tree/loop": ".", "named": "tree"} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Skip(err)
		}
	}
	b := run(t, Options{Dir: filepath.Join(dir, "out")}, filepath.Join(dir, "named"))
	if got, want := outcomes(b, dir), "named/y.pcap intact"; got != want || b.Skipped.Links != 3 {
		t.Errorf("got %q and %d links, want %q and 3", got, b.Skipped.Links, want)
	}
}

func TestNamesThatAreHardToShow(t *testing.T) {
	dir := t.TempDir()
	name := "bell\a\x1b[2J\n=cmd.pcap"
	if err := os.WriteFile(filepath.Join(dir, name), packets(1), 0o666); err != nil {
		t.Skip(err)
	}
	t.Chdir(dir)
	b := run(t, Options{Dir: "out"}, ".")
	for what, render := range map[string]func(*strings.Builder) error{
		"terminal": func(w *strings.Builder) error { return render.BatchTerminal(w, b, 80) },
		"JSON":     func(w *strings.Builder) error { return b.WriteJSON(w) },
		"CSV":      func(w *strings.Builder) error { return render.BatchCSV(w, b) },
		"HTML":     func(w *strings.Builder) error { return render.BatchHTML(w, b, render.BatchOptions{}) },
	} {
		var w strings.Builder
		if err := render(&w); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(w.String(), "bell") || strings.ContainsAny(w.String(), "\a\x1b") || strings.Contains(w.String(), "\n=cmd") {
			t.Errorf("%s: got %q, want the name without control characters", what, w.String())
		}
	}
}

// A capture whose name leaves no room for the suffix of outputs is repaired too.
func TestLongNames(t *testing.T) {
	dir := t.TempDir()
	for _, end := range []string{"a", "b"} {
		name := strings.Repeat("n", 245) + end + ".pcap"
		if err := os.WriteFile(filepath.Join(dir, name), packets(1), 0o666); err != nil {
			t.Skip(err)
		}
	}
	b := run(t, Options{}, dir)
	if b.Totals.ByOutcome[report.OutcomeIntact] != 2 || b.Captures[0].Output == b.Captures[1].Output {
		t.Errorf("got\n%s\nwant two outputs", outcomes(b, dir))
	}
}

// What a dead run left of a capture that is there no more goes too.
func TestLeftoversAreSwept(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "in/x.pcap", packets(1))
	write(t, dir, "in/.gone.mended.pcapng.0.tmp", packets(1))
	write(t, dir, "in/.other.pcap.0.tmp", []byte("not of mendcap's"))
	b := run(t, Options{}, filepath.Join(dir, "in"))
	want := ".other.pcap.0.tmp x.mended.json x.mended.pcapng x.pcap"
	if got := strings.Join(files(t, filepath.Join(dir, "in")), " "); got != want || b.Totals.Captures != 1 {
		t.Errorf("files: got %s, and %d captures; want %s, and one", got, b.Totals.Captures, want)
	}
}

func TestNoPermission(t *testing.T) {
	if os.Geteuid() == 0 || runtime.GOOS == "windows" {
		t.Skip("nothing is forbidden to root, nor by modes on Windows")
	}
	dir := t.TempDir()
	write(t, dir, "in/a.pcap", packets(1))
	for _, name := range []string{"in/closed.pcap", "in/folder/x.pcap"} {
		write(t, dir, name, packets(1))
	}
	closed, folder, out := filepath.Join(dir, "in", "closed.pcap"), filepath.Join(dir, "in", "folder"), filepath.Join(dir, "out")
	if err := errors.Join(os.Chmod(closed, 0), os.Chmod(folder, 0), os.MkdirAll(out, 0o777)); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(folder, 0o777)
	b := run(t, Options{Dir: out}, filepath.Join(dir, "in"))
	want := "in/a.pcap intact\nin/closed.pcap failed: permission denied\nin/folder failed: permission denied"
	if got := outcomes(b, dir); got != want || b.Code() != 6 {
		t.Errorf("outcomes: got\n%s\nand code %d, want\n%s\nand 6", got, b.Code(), want)
	}
	if err := os.Chmod(out, 0o555); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(out, 0o777)
	b = run(t, Options{Dir: out}, write(t, dir, "in/b.pcap", packets(1)))
	if got, want := outcomes(b, dir), "in/b.pcap failed: i/o failed: create the output: "; !strings.HasPrefix(got, want) || b.Captures[0].Code != codeIO {
		t.Errorf("a folder that can't be written to: got %s, want %s", got, want)
	}
}

// Cancelling leaves a state from which a run with Resume makes what one run
// would have made.
func TestCancelAndResume(t *testing.T) {
	dir, tmp := t.TempDir(), t.TempDir()
	t.Setenv("TMPDIR", tmp)
	var members []entry
	for i := range 6 {
		name := string(rune('a'+i)) + ".pcap"
		write(t, dir, "in/"+name, packets(20+i))
		members = append(members, entry{name, packets(40 + i)})
	}
	write(t, dir, "in/x.zip", zipOf(t, members...))
	in, undisturbed, out := filepath.Join(dir, "in"), filepath.Join(dir, "once"), filepath.Join(dir, "out")
	want := run(t, Options{Dir: undisturbed, Jobs: 1}, in)
	for stop := range 12 {
		ctx, cancel := context.WithCancel(context.Background())
		o := Options{Dir: out, Jobs: 1 + stop%3, Resume: true, Progress: func(p Progress) {
			if p.Done > stop {
				cancel()
			}
		}}
		plan, err := Find(ctx, []string{in}, o)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := plan.Run(ctx); err != nil && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		cancel()
		if left := files(t, tmp); len(left) > 0 {
			t.Fatalf("temporary files left: %v", left)
		}
		got, all := contents(t, out), contents(t, undisturbed)
		for name, data := range got {
			if all[name] != data {
				t.Fatalf("after %d captures: %s is not as in an undisturbed run", stop, name)
			}
		}
	}
	got := run(t, Options{Dir: out, Resume: true}, in)
	if got.Kept != got.Totals.Captures { // the last of the runs before is stopped after all of them
		t.Errorf("left alone: got %d captures, want all %d", got.Kept, got.Totals.Captures)
	}
	got.Kept = 0
	if diff := cmp.Diff(want, got, cmpopts.EquateComparable(netip.AddrPort{})); diff != "" {
		t.Errorf("summaries (-undisturbed +resumed):\n%s", diff)
	}
	if diff := cmp.Diff(contents(t, undisturbed), contents(t, out)); diff != "" {
		t.Errorf("outputs (-undisturbed +resumed):\n%s", diff)
	}
}

// What Resume takes as finished is what would come out again: whatever else
// changed makes it repair anew.
func TestResumeGoesByContent(t *testing.T) {
	dir := t.TempDir()
	in := write(t, dir, "in/x.pcap", packets(5))
	out := filepath.Join(dir, "out")
	o := Options{Dir: out, Resume: true, Program: "one", Repair: repair.Options{Force: true}}
	output := filepath.Join(out, "x.mended.pcapng")
	// redone reports whether a run did anything: a mark in the report goes.
	redone := func(o Options) bool {
		name := reportName(output)
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		marked := strings.Replace(string(text), `"notes": []`, `"notes": ["marked"]`, 1)
		if marked == string(text) {
			t.Fatal("the report has no place for the mark")
		}
		if err := os.WriteFile(name, []byte(marked), 0o666); err != nil {
			t.Fatal(err)
		}
		b := run(t, o, in)
		if b.Code() != 0 {
			t.Fatal(outcomes(b, dir))
		}
		text, err = os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(strings.Replace(string(text), `"notes": ["marked"]`, `"notes": []`, 1)), 0o666); err != nil {
			t.Fatal(err)
		}
		return !strings.Contains(string(text), "marked")
	}
	run(t, o, in)
	step := func(what string, want bool, o Options) {
		t.Helper()
		if got := redone(o); got != want {
			t.Errorf("%s: repaired again: %v, want %v", what, got, want)
		}
	}
	step("nothing changed", false, o)
	old := o
	o.Resume = false
	step("without Resume", true, o)
	o = old
	o.Program = "two"
	step("another program", true, o)
	o.Repair.Findings = 7
	step("another option", true, o)
	o.Jobs, o.Memory, o.Repair.Force = 3, 1<<20, false
	step("options that change nothing", false, o)
	o.Repair.Force = true
	write(t, dir, "in/x.tables.txt", []byte("  TCP    [2001:db8::10]:49152  [2001:db8::1]:443  ESTABLISHED  4711\n"))
	step("tables beside it", true, o)
	write(t, dir, "in/x.pcap", packets(6))
	step("another capture", true, o)
	write(t, dir, "in/x.pcap", packets(6))
	step("the same capture, written later", false, o)
	write(t, dir, "out/x.mended.pcapng", []byte("spoilt"))
	step("the output", true, o)
	if err := os.Remove(output); err != nil {
		t.Fatal(err)
	}
	step("no output", true, o)
}

// Progress never goes back, and ends with all that there was.
func TestProgressAddsUp(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a.pcap", "b.pcap.gz", "c.pcap", "bad.pcap"} {
		data := packets(30_000)
		switch name {
		case "b.pcap.gz":
			data = gzipped(t, data)
		case "bad.pcap":
			data = []byte("no capture")
		}
		write(t, dir, "in/"+name, data)
	}
	var steps []Progress
	run(t, Options{Dir: filepath.Join(dir, "out"), Jobs: 3, Progress: func(p Progress) { steps = append(steps, p) }}, filepath.Join(dir, "in"))
	for i, p := range steps[1:] {
		if before := steps[i]; p.Done < before.Done || p.DoneBytes < before.DoneBytes || p.DoneBytes > p.Bytes {
			t.Fatalf("step %d: got %+v after %+v", i+1, p, before)
		}
	}
	last := steps[len(steps)-1]
	if last.Done != 4 || last.Captures != 4 || last.Failed != 1 || last.DoneBytes != last.Bytes || len(steps) < 6 {
		t.Errorf("at the end of %d steps: got %+v, want all of it, one failed, and steps within captures", len(steps), last)
	}
}

func TestMemoryBudget(t *testing.T) {
	r := &runner{Plan: &Plan{o: Options{Memory: DefaultMemory}}}
	for _, c := range []struct {
		name string
		size int64
		want int64
	}{
		{"small.pcap", 1000, baseMemory + 3000},
		{"large.pcap", 1 << 40, baseMemory + windowMemory},
		{"small.pcap.gz", 1000, baseMemory + 24000},
		{"large.pcap.gz", 1 << 62, baseMemory + windowMemory},
	} {
		if got := r.need(&task{shown: c.name, size: c.size}); got != c.want {
			t.Errorf("%s of %d bytes: got %d, want %d", c.name, c.size, got, c.want)
		}
	}
	r.o.Memory = 1 << 20
	if got := r.need(&task{shown: "large.pcap", size: 1 << 40}); got != 1<<20 {
		t.Errorf("a job beyond the budget: got %d, want all of it, %d", got, 1<<20)
	}
	dir := t.TempDir()
	for _, name := range []string{"a.pcap", "b.pcap", "c.pcap"} {
		write(t, dir, "in/"+name, packets(3))
	}
	b := run(t, Options{Dir: filepath.Join(dir, "out"), Memory: 1, Jobs: 4}, filepath.Join(dir, "in"))
	if b.Totals.ByOutcome[report.OutcomeIntact] != 3 {
		t.Errorf("with the least budget: got %v, want all three captures", b.Totals.ByOutcome)
	}
}

func TestBadOptions(t *testing.T) {
	for name, o := range map[string]Options{
		"jobs": {Jobs: -1}, "memory": {Memory: -1}, "include": {Include: []string{"["}}, "exclude": {Exclude: []string{"{"}},
		"repair": {Repair: repair.Options{Without: []reorder.Law{reorder.Law(reorder.NumLaws)}}}, "folder": {Dir: write(t, t.TempDir(), "file", nil)},
	} {
		if _, err := Find(context.Background(), []string{t.TempDir()}, o); !errors.Is(err, ErrUsage) {
			t.Errorf("%s: got %v, want %v", name, err, ErrUsage)
		}
	}
}
