//go:build unix

package lots

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"iter"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mendcap/mendcap/internal/compress"
	"github.com/mendcap/mendcap/internal/lab/handmade"
	"github.com/mendcap/mendcap/internal/store"
	"github.com/mendcap/mendcap/repair/batch"
	"github.com/mendcap/mendcap/report"
)

// forge writes the items of a plan of one lot anew.
func forge(t *testing.T, r *Run, lines string) {
	t.Helper()
	err := r.out.Put(t.Context(), r.key(partName(0)), func(to io.Writer) error {
		z, err := compress.NewCompressor(to, "zstd")
		if err != nil {
			return err
		}
		_, err = io.WriteString(z, lines)
		return errors.Join(err, z.Close())
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestHeadersThatAreForged: whatever a header says, it is refused at once if no planner
// writes that.
func TestHeadersThatAreForged(t *testing.T) {
	in := t.TempDir()
	write(t, filepath.Join(in, "x.pcap"), []byte("none"))
	r := plan(t, t.TempDir(), 1, in)
	for name, change := range map[string]func(*Header){
		"many lots":       func(h *Header) { h.Lots = 1e12 },
		"negative lots":   func(h *Header) { h.Lots = -5 },
		"negative kept":   func(h *Header) { h.Kept = -1 },
		"parts backwards": func(h *Header) { h.Parts = []int{0, 1, 0} },
		"parts elsewhere": func(h *Header) { h.Parts = []int{1} },
		"parts after":     func(h *Header) { h.Parts = []int{0, 7} },
		"schema":          func(h *Header) { h.Schema = strings.Repeat("x", 1000) },
	} {
		h := r.Header
		change(&h)
		if err := r.putJSON(t.Context(), "plan.json", &h); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(t.Context(), r.URL()); !errors.Is(err, ErrPlan) || len(err.Error()) > 500 {
			t.Errorf("%s: got %v, want %v", name, err, ErrPlan)
		}
	}
	h := r.Header
	h.Kept = 1 << 62 // which nothing bounds, but what they leave is missing
	if err := r.putJSON(t.Context(), "plan.json", &h); err != nil {
		t.Fatal(err)
	}
	kept, err := Open(t.Context(), r.URL())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := kept.Merge(t.Context()); !errors.Is(err, ErrPlan) {
		t.Errorf("summaries that are missing: got %v, want %v", err, ErrPlan)
	}
}

// TestItemsThatAreForged: an item leads nowhere but below its input, its output nowhere
// but below the folder of the outputs, and a plan takes no more memory than a lot may.
func TestItemsThatAreForged(t *testing.T) {
	in, out := t.TempDir(), t.TempDir()
	top := captures(t, in)[1]
	r := plan(t, out, 1, top)
	before := tree(t, in)
	const plain = `{"lot":0,"root":0,"name":"last.pcap","size":1,"version":""}` + "\n"
	item := func(fields string) string { return `{"lot":0,` + fields + `,"size":1,"version":""}` + "\n" }
	for name, forged := range map[string]struct {
		lines string
		want  error
	}{
		"up":                 {item(`"root":0,"name":"../x.pcap"`), ErrPlan},
		"up later":           {item(`"root":0,"name":"d/../../x.pcap"`), ErrPlan},
		"absolute":           {item(`"root":0,"name":"/etc/passwd"`), ErrPlan},
		"folder":             {item(`"root":0,"name":"."`), ErrPlan},
		"input":              {item(`"root":1`), ErrPlan},
		"negative input":     {item(`"root":-1`), ErrPlan},
		"bytes":              {item(`"root":0,"name":{"bytes":7}`), ErrPlan},
		"tables":             {item(`"root":0,"name":"last.pcap","beside":[{"name":"../../t","size":1,"version":""}]`), ErrPlan},
		"size of tables":     {item(`"root":0,"name":"last.pcap","beside":[{"name":"t","size":-1,"version":""}]`), ErrPlan},
		"size":               {`{"lot":0,"root":0,"name":"last.pcap","size":9223372036854775807,"version":""}` + "\n", ErrPlan},
		"no item":            {"\n", ErrPlan},
		"a lot of no number": {`{"lot":x,"root":0}` + "\n", ErrPlan},
		"many items":         {strings.Repeat(plain, perPart+1), ErrPlan},
		"many of others":     {strings.Repeat(strings.Replace(plain, ":0", ":-1", 1), perPart+1), ErrPlan},
		"longer lines":       {item(`"root":0,"name":"` + strings.Repeat("x", longestItem) + `"`), ErrPlan},
	} {
		forge(t, r, forged.lines)
		if err := r.Do(t.Context(), 0, worked()); !errors.Is(err, forged.want) || len(err.Error()) > 1000 {
			t.Errorf("%s: got %.1000v, want %v", name, err, forged.want)
		}
	}
	forge(t, r, plain+plain)
	for left, want := range map[int64]bool{2 * int64(len(plain)): true, int64(len(plain)): false} {
		if _, err := r.addItems(t.Context(), nil, 0, 0, &left); (err == nil) != want {
			t.Errorf("%d bytes of items in a lot of %d: got %v", 2*len(plain), left, err)
		}
	}
	for _, output := range []string{"../escaped.mended.pcapng", "/escaped.mended.pcapng", "escaped", "", "d.mended.pcapng/escaped", ".mendcap/" + r.ID + "/plan.json"} {
		items := []batch.Item{{Root: top, Name: "last.pcap", Outputs: map[int]string{batch.Alone: output}}}
		o := worked()
		o.Dir = out
		if _, err := batch.FindItems(t.Context(), items, o); !errors.Is(err, batch.ErrUsage) {
			t.Errorf("output %q: got %v, want %v", output, err, batch.ErrUsage)
		}
	}
	if !maps.Equal(before, tree(t, in)) {
		t.Error("something was written beside the captures")
	}
}

// TestNotesThatAreDamaged: where what is done of a lot, or how often it was begun, can't
// be read, the lot is worked at as if it were not known.
func TestNotesThatAreDamaged(t *testing.T) {
	in := t.TempDir()
	for _, name := range []string{"x.pcap", "y.pcap"} {
		write(t, filepath.Join(in, name), handmade.PcapOf(binary.LittleEndian, handmade.RecordOf(1, 1, handmade.IPv4(40, 1))))
	}
	r := plan(t, t.TempDir(), 1, in)
	done := `{"item":0,"skipped":{}}` + "\n" // which is not so
	for _, notes := range [][2]string{
		{progressSuffix, done + "words"}, {progressSuffix, done + "[]"}, {progressSuffix, done + `{"item":9}`}, {progressSuffix, done + `{"item":-1}`},
		{progressSuffix, done + strings.Repeat(" ", longestProgress+1)},
		{attemptsSuffix, ""}, {attemptsSuffix, "words"}, {attemptsSuffix, `{"attempts":"many"}`}, {attemptsSuffix, `{"item":77,"attempts":9223372036854775807}`},
		{begunSuffix, "words\n7 begun\n-1 begun\n99999999999999999999 begun\n0 beg"}, {begunSuffix, strings.Repeat(" ", 1<<20)},
	} {
		write(t, r.out.Local(r.key(lotName(0, notes[0]))), []byte(notes[1]))
		work(t, r, 0)
		m, err := r.Merge(t.Context())
		if err != nil || m.Head.Totals.ByOutcome[report.OutcomeIntact] != 2 {
			t.Errorf("%.60q: got %+v, %v, want two captures that are intact", notes[1], m, err)
		}
		if err := r.out.Remove(t.Context(), r.key(summaryName(0))); err != nil {
			t.Fatal(err)
		}
	}
}

// keyed is a store far away that lists other keys too.
type keyed struct {
	away
	keys []string
}

func (k *keyed) List(context.Context, string) iter.Seq2[store.Object, error] {
	return func(yield func(store.Object, error) bool) {
		for _, key := range slices.Sorted(slices.Values(k.keys)) {
			if !yield(store.Object{Key: key, Size: 1, Version: "1"}, nil) {
				return
			}
		}
	}
}

// TestKeysThatAreNoPaths: keys of a bucket that can't be paths of files are outcomes, and
// the others are planned.
func TestKeysThatAreNoPaths(t *testing.T) {
	bad := []string{"../x.pcap", "/etc/x.pcap", "a//x.pcap", "a/../../x.pcap", "a/./x.pcap", "a.tables/../../x.tables/t"}
	in := &keyed{away{Folder: store.NewFolder(t.TempDir())}, append([]string{"a/x.pcap", "a.pcap"}, bad...)}
	o := worked()
	o.Dir = t.TempDir()
	r, _, err := PlanSources(t.Context(), store.NewFolder(o.Dir), []Source{{Root: "s3://bucket", Store: in}}, nil, Options{Batch: o})
	if err != nil {
		t.Fatal(err)
	}
	if items, err := r.ItemsOf(t.Context(), 0); err != nil || len(items) != 2 || r.Items != 2 {
		t.Errorf("items: got %v, %v, want 2", items, err)
	}
	m, err := r.Merge(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	failed := 0
	if err := m.Each(t.Context(), func(e *report.Entry) error { failed++; return nil }); err != nil || failed != len(bad) {
		t.Errorf("keys that are no paths: got %d, %v, want %d", failed, err, len(bad))
	}
}
