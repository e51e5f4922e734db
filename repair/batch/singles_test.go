package batch

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mendcap/mendcap/repair"
	"github.com/mendcap/mendcap/report"
)

// fixtures are captures with what lies beside them: one to repair, with its tables, one
// without anything to repair and one that is cut.
func fixtures(t *testing.T) []entry {
	t.Helper()
	var all []entry
	for _, name := range []string{"rawsocket.pcapng", "sockaddr.pcap"} {
		data, err := os.ReadFile(filepath.Join("..", "..", "testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, entry{name, data})
	}
	whole := packets(9)
	return append(all, entry{"clean.pcap", whole}, entry{"cut.pcap", whole[:len(whole)-7]})
}

// What a batch writes of captures in a folder, a tar, a compressed tar and a zip is what
// repairs of them one by one write, with any number of jobs: outputs byte for byte, and
// reports but for what only a batch says.
func TestBatchIsTheSameAsSingles(t *testing.T) {
	captures := fixtures(t)
	alone, reports := t.TempDir(), make(map[string]string)
	outputs := make(map[string]string)
	for _, c := range captures {
		in := write(t, alone, c.name, c.data)
		out := filepath.Join(alone, "out.mended.pcapng")
		r, err := repair.File(t.Context(), in, out, repair.Options{})
		if err != nil {
			t.Fatal(err)
		}
		stem := strings.TrimSuffix(strings.TrimSuffix(c.name, ".pcap"), ".pcapng")
		data, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		r.Output.Name = stem + ".mended.pcapng"
		outputs[stem+".mended.pcapng"], reports[stem+".mended.json"] = string(data), reportText(t, &r)
		if err := os.Remove(out); err != nil {
			t.Fatal(err)
		}
	}
	// Folders and names that differ by their case are told apart.
	var members []entry
	folders, counts := []string{"a/", "b/", "B/", "/abs/", "../up/"}, []int{1, 2, 8}
	if testing.Short() { // the race detector needs no more
		folders, counts = folders[1:3], counts[1:2]
	}
	for _, folder := range folders {
		for _, c := range captures {
			members = append(members, entry{folder + c.name, c.data})
		}
	}
	in := t.TempDir()
	for _, m := range members[:2*len(captures)] {
		write(t, in, "folder/"+m.name, m.data)
	}
	packed := tarOf(t, members...)
	write(t, in, "x.tar", packed)
	write(t, in, "x.tar.gz", gzipped(t, packed))
	write(t, in, "x.zip", zipOf(t, members...))
	want := (2 + 3*len(folders)) * len(captures)
	var first map[string]string
	for _, jobs := range counts {
		out := t.TempDir()
		b := run(t, Options{Dir: out, Jobs: jobs}, in)
		if len(b.Captures) != want || b.Totals.ByOutcome[report.OutcomeFailed] != 0 {
			t.Fatalf("%d jobs: got %v, want %d captures and no failure", jobs, b.Totals.ByOutcome, want)
		}
		written := contents(t, out)
		if len(written) != 2*want {
			t.Errorf("%d jobs: got %d files, want %d", jobs, len(written), 2*want)
		}
		if first == nil {
			first = written
		}
		if diff := cmp.Diff(first, written); diff != "" {
			t.Fatalf("%d jobs write others than one job (-one +got):\n%.500s", jobs, diff)
		}
	}
	for name, data := range first {
		base := plainName(path.Base(name))
		if strings.HasSuffix(base, ".pcapng") {
			if data != outputs[base] {
				t.Errorf("%s differs from the output of a repair by itself", name)
			}
			continue
		}
		r, err := report.ReadOne(strings.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		r.Origin, r.Output.Name = nil, plainName(r.Output.Name)
		if diff := cmp.Diff(reports[base], reportText(t, r)); diff != "" {
			t.Errorf("%s differs from the report of a repair by itself (-single +batch):\n%.800s", name, diff)
		}
	}
}

// plainName is the name of an output or a report without what tells it from those of
// captures whose names differ by case alone: the capture's suffix and a number.
func plainName(name string) string {
	stem, suffix, _ := strings.Cut(name, ".mended.")
	stem, _, _ = strings.Cut(stem, "~")
	stem, _, _ = strings.Cut(stem, ".")
	return stem + ".mended." + suffix
}

func reportText(t *testing.T, r *report.Report) string {
	t.Helper()
	var text bytes.Buffer
	if err := r.WriteJSON(&text); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// With OnlyChanged captures without anything to repair have a report and no output, a
// later run with Resume knows it, and an output that is there is not left as another's.
func TestOnlyChanged(t *testing.T) {
	in, out := t.TempDir(), t.TempDir()
	captures := fixtures(t)
	for _, c := range captures {
		write(t, in, c.name, c.data)
	}
	write(t, in, "x.zip", zipOf(t, captures...))
	o := Options{Dir: out, Repair: repair.Options{OnlyChanged: true}}
	b := run(t, o, in)
	for _, e := range b.Captures {
		_, err := os.Stat(filepath.Join(out, filepath.FromSlash(e.Output)))
		clean := strings.HasSuffix(e.Path, "clean.pcap")
		switch {
		case clean != (e.Outcome == report.OutcomeUnchanged) || clean != (e.Output == ""):
			t.Errorf("%s: got %s, output %q", e.Path, e.Outcome, e.Output)
		case err != nil:
			t.Errorf("%s: %v", e.Path, err)
		}
	}
	base := filepath.Join(out, filepath.Base(in))
	for _, name := range []string{"clean.mended", "x.zip.mended/clean.mended"} {
		if _, err := os.Stat(filepath.Join(base, name+".pcapng")); err == nil {
			t.Errorf("%s.pcapng is there, and nothing had to be repaired", name)
		}
		if _, err := os.Stat(filepath.Join(base, name+".json")); err != nil {
			t.Errorf("the report of what is unchanged: %v", err)
		}
	}
	before := contents(t, out)
	o.Resume = true
	again := run(t, o, in)
	if again.Kept != int64(len(b.Captures)) {
		t.Errorf("with Resume: got %d left alone, want all %d", again.Kept, len(b.Captures))
	}
	again.Kept = 0
	if diff := cmp.Diff(outcomes(b, in), outcomes(again, in)); diff != "" {
		t.Errorf("with Resume (-first +again):\n%s", diff)
	}
	if diff := cmp.Diff(before, contents(t, out)); diff != "" {
		t.Errorf("a second run changed files:\n%s", diff)
	}
	// Another capture's output under the name is found, and only replaced with Force.
	stale := write(t, base, "clean.mended.pcapng", []byte("stale"))
	if got := run(t, o, in); got.Totals.ByOutcome[report.OutcomeFailed] != 1 {
		t.Errorf("beside another output: got %v, want one failure", got.Totals.ByOutcome)
	}
	o.Repair.Force = true
	run(t, o, in)
	if data, err := os.ReadFile(stale); err != nil || string(data) == "stale" {
		t.Errorf("with Force: got %q, %v; want the output of the capture", data, err)
	}
}

// A member of which only a part could be unpacked is written, whatever is left out.
func TestOnlyChangedWritesWhatIsCut(t *testing.T) {
	in, out := t.TempDir(), t.TempDir()
	whole := packets(50)
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	if err := w.WriteHeader(&tar.Header{Name: "c.pcap", Mode: 0o644, Size: int64(len(whole))}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(whole[:24+48*20]); err != nil { // at the end of a packet
		t.Fatal(err)
	}
	write(t, in, "x.tar", b.Bytes())
	got := run(t, Options{Dir: out, Repair: repair.Options{OnlyChanged: true}}, in)
	written := 0
	for _, name := range files(t, out) {
		if strings.HasSuffix(name, ".pcapng") {
			written++
		}
	}
	if written != 1 || got.Totals.ByOutcome[report.OutcomeUnchanged] != 0 {
		t.Errorf("got %v and %d outputs, want the part that is there", got.Totals.ByOutcome, written)
	}
}

// Pages are written beside outputs, also by a run that finds the captures finished, and
// replace no file that is not an earlier run's.
func TestPages(t *testing.T) {
	in, out := t.TempDir(), t.TempDir()
	write(t, in, "one.pcap", packets(3))
	page := func(w io.Writer, r *report.Report) error {
		_, err := fmt.Fprintf(w, "%s: %d", r.Capture.Name, r.Capture.Packets)
		return err
	}
	top := filepath.Base(in)
	name := filepath.Join(out, top, "one.mended.html")
	write(t, out, top+"/one.mended.html", []byte("mine"))
	if b := run(t, Options{Dir: out, Page: page}, in); b.Totals.ByOutcome[report.OutcomeFailed] != 1 {
		t.Errorf("beside another file: got %v, want a failure", b.Totals.ByOutcome)
	}
	if data, err := os.ReadFile(name); err != nil || string(data) != "mine" {
		t.Errorf("another file: got %q, %v; want it as it was", data, err)
	}
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	run(t, Options{Dir: out, Resume: true}, in)
	b := run(t, Options{Dir: out, Page: page, Resume: true}, in)
	data, err := os.ReadFile(name)
	if err != nil || string(data) != "one.pcap: 3" || b.Kept != 1 {
		t.Errorf("got %q, %v, %d left alone; want the page of the capture that an earlier run had finished", data, err, b.Kept)
	}
	if got, want := b.Captures[0].Page, top+"/one.mended.html"; got != want {
		t.Errorf("the summary names the page %q, want %q", got, want)
	}
}
