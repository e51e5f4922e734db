package render

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"runtime/metrics"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/mendcap/mendcap/report"
)

var every = flag.Bool("every", false, "replace every value of the reports by every extreme: minutes")

// place is one value in a decoded JSON text, and how it is replaced.
type place struct {
	path string
	was  any
	set  func(any)
}

// places lists all values below v, those of long lists by their first two
// elements. A place may be set, used and set back.
func places(path string, v any, set func(any)) []place {
	list := []place{{path, v, set}}
	switch v := v.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			list = append(list, places(path+"."+name, v[name], func(to any) { v[name] = to })...)
		}
	case []any:
		for i := range v[:min(len(v), 2)] {
			list = append(list, places(fmt.Sprintf("%s.%d", path, i), v[i], func(to any) { v[i] = to })...)
		}
	}
	return list
}

// million is how many elements the longest lists have.
const million = 1_000_000

// extremes replace a value: of its own type and of others.
// Elements of lists are repeated a million times.
func extremes(v any) []any {
	other := []any{nil, true, "x", json.Number("7"), []any{}, map[string]any{}}
	switch v := v.(type) {
	case json.Number:
		list := append(other, json.Number("1e400"), json.Number("0.5"), json.Number("1"+strings.Repeat("0", 70)))
		for _, n := range []string{"-9223372036854775808", "-9223372036854775807", "-1", "0", "1", "4294967295", "4294967296", "9223372036854775806", "9223372036854775807", "18446744073709551615"} {
			list = append(list, json.Number(n))
		}
		return list
	case string:
		list := append(other, "", strings.Repeat("x", 1<<14), strings.Repeat("\x1b", 2000), strings.Repeat("€;=1+1 ", 100), strings.Repeat("x", million),
			"0001-01-01T00:00:00Z", "0000-01-01T00:00:00+23:59", "9999-12-31T23:59:59.999999999-23:59", "1677-09-21T00:12:43Z", "2262-04-11T23:47:17Z")
		for _, text := range nasty {
			list = append(list, text)
		}
		return list
	case []any:
		list := append(other, []any{nil}, []any{map[string]any{}}, []any{[]any{[]any{}}}, []any{1e300, -1, "x"})
		if len(v) > 0 {
			list = append(list, repeated{v[0], 1001}, repeated{v[0], million})
		}
		return append(list, repeated{map[string]any{}, million}, repeated{json.Number("9223372036854775807"), million})
	case map[string]any:
		crowd := map[string]any{}
		for i := range 2000 {
			crowd[fmt.Sprintf("name %d", i)] = json.Number("9223372036854775807")
		}
		return append(other, map[string]any{"\x1b[2J": json.Number("9223372036854775807"), "</script>": json.Number("-9223372036854775808")}, crowd)
	}
	return other
}

// repeated is a list of n times the same.
type repeated struct {
	v any
	n int
}

func (r repeated) MarshalJSON() ([]byte, error) {
	one, err := json.Marshal(r.v)
	if err != nil {
		return nil, err
	}
	return append(append([]byte("["), bytes.Repeat(append(one, ','), r.n-1)...), append(one, ']')...), nil
}

// replaced calls use with a text for each value of one that is replaced by each
// of its extremes, and for all numbers replaced at once. Without -every it leaves
// most of them out, always the same ones, and under -short still more.
func replaced(t *testing.T, text []byte, use func(what string, text []byte)) {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var tree any
	if err := dec.Decode(&tree); err != nil {
		t.Fatal(err)
	}
	encode := func(what string) {
		changed, err := json.Marshal(tree)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		use(what, changed)
	}
	n, step := 0, 61
	switch {
	case *every:
		step = 1
	case testing.Short():
		step = 199
	}
	all := places("", tree, func(to any) { tree = to })
	for _, p := range all {
		for i, to := range extremes(p.was) {
			long, ok := to.(repeated)
			if n++; n%step != 0 && !(ok && long.n == million && step == 61 && n%6 == 0) {
				continue
			}
			p.set(to)
			encode(fmt.Sprintf("%s, extreme %d", p.path, i))
			p.set(p.was)
		}
	}
	for _, extreme := range []json.Number{"-9223372036854775808", "-1", "0", "1", "65535", "4294967295", "9223372036854775807"} {
		for _, p := range all {
			if _, ok := p.was.(json.Number); ok {
				p.set(extreme)
			}
		}
		encode("all numbers " + string(extreme))
	}
}

// What rendering a text may cost: bytes written, and bytes allocated, which
// count the steps too. A picture, a table and a cut list have a size of their
// own; all else is in proportion to what was read.
func bounds(text []byte) (written, allocated int) {
	return 1<<20 + 20*len(text), 64<<20 + 500*len(text)
}

// checkBounds calls render and holds it to the bounds of text.
func checkBounds(t *testing.T, what string, text []byte, render func() []byte) []byte {
	t.Helper()
	before := allocatedBytes()
	got := render()
	after := allocatedBytes()
	written, allocated := bounds(text)
	if len(got) > written {
		t.Errorf("%s: wrote %d bytes of a text of %d, want at most %d", what, len(got), len(text), written)
	}
	if n := after - before; n > uint64(allocated) {
		t.Errorf("%s: allocated %d bytes for a text of %d, want at most %d", what, n, len(text), allocated)
	}
	return got
}

// allocatedBytes is how much the process has allocated so far.
func allocatedBytes() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// checkShown looks for what no rendering may hold.
func checkShown(t *testing.T, what string, got []byte) {
	t.Helper()
	if i := bytes.IndexFunc(got, func(c rune) bool { return c != '\n' && c != '\t' && !strconv.IsPrint(c) }); i >= 0 {
		t.Errorf("%s: an unprintable character at byte %d: %q", what, i, got[max(0, i-40):min(len(got), i+40)])
	}
	for _, word := range []string{"NaN", "+Inf", "-Inf", "%!"} {
		if i := bytes.Index(got, []byte(word)); i >= 0 {
			t.Errorf("%s: %s in %q", what, word, got[max(0, i-40):min(len(got), i+40)])
		}
	}
}

// checkRenderings renders a report in every way and reads what can be read back.
func checkRenderings(t *testing.T, what string, text []byte, r *report.Report) {
	t.Helper()
	for _, f := range Formats() {
		name := what + ", " + string(f)
		got := checkBounds(t, name, text, func() []byte { return render(t, f, r) })
		checkShown(t, name, got)
		switch f {
		case JSON:
			if back, err := report.ReadOne(bytes.NewReader(got)); err != nil && len(text) < 1<<20 {
				t.Errorf("%s: what was written is not read: %v", name, err)
			} else if err == nil && back.Capture.Packets != r.Capture.Packets {
				t.Errorf("%s: read back %d packets, want %d", name, back.Capture.Packets, r.Capture.Packets)
			}
		case JSONLines:
			for line := range bytes.Lines(got) {
				if !json.Valid(line) {
					t.Errorf("%s: a line is no JSON: %.200s", name, line)
				}
			}
		case CSV:
			checkCSV(t, name, got)
		case Markdown:
			checkMarkdown(t, "`"+name, string(got))
		case HTML:
			checkHTML(t, name, string(got))
			checkBalanced(t, name, string(got))
		case JUnit:
			checkXML(t, name, got)
		}
	}
	for _, s := range []Screen{{}, {Width: 1}, {Width: 200, Details: true}} {
		name := fmt.Sprintf("%s, terminal %+v", what, s)
		checkShown(t, name, checkBounds(t, name, text, func() []byte {
			return output(t, func(w io.Writer) error { return Terminal(w, r, s) })
		}))
	}
	name, other := what+", difference", readSample(t)
	d := report.Compare(other, r)
	checkShown(t, name, checkBounds(t, name, text, func() []byte {
		return append(output(t, func(w io.Writer) error { return Diff(w, &d, 80) }), output(t, d.WriteJSON)...)
	}))
	name = what + ", checks"
	checkShown(t, name, checkBounds(t, name, text, func() []byte {
		tally := (&report.Rules{}).Begin("x")
		for i := range r.Findings.List {
			tally.Add(&r.Findings.List[i])
		}
		return output(t, func(w io.Writer) error { return Checks(w, r.Capture.Name, tally.Checked(r), 80) })
	}))
	b := report.NewBatch([]report.Entry{report.NewEntry("x", "y", r), report.NewEntry("y", "z", r)}, report.Skipped{})
	checkBatch(t, what+", batch", text, b)
}

// output is what write writes.
func output(t *testing.T, write func(io.Writer) error) []byte {
	t.Helper()
	var buf bytes.Buffer
	if err := write(&buf); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// checkBatch renders a summary in every way.
func checkBatch(t *testing.T, what string, text []byte, b *report.Batch) {
	t.Helper()
	for suffix, write := range map[string]func(io.Writer) error{
		"terminal": func(w io.Writer) error { return BatchTerminal(w, b, 80) },
		"json":     b.WriteJSON,
		"csv":      func(w io.Writer) error { return BatchCSV(w, b) },
		"html":     func(w io.Writer) error { return BatchHTML(w, b, BatchOptions{}) },
	} {
		name := what + ", " + suffix
		got := checkBounds(t, name, text, func() []byte { return output(t, write) })
		checkShown(t, name, got)
		switch suffix {
		case "json":
			if _, err := report.ReadBatch(bytes.NewReader(got)); err != nil && len(text) < 1<<20 {
				t.Errorf("%s: what was written is not read: %v", name, err)
			}
		case "csv":
			checkCSV(t, name, got)
		case "html":
			checkBalanced(t, name, string(got))
		}
	}
}

// badMeasure is an attribute that no browser takes: lengths are not negative.
var badMeasure = regexp.MustCompile(`\b(width|height|r)="-`)

// checkBalanced holds a page to elements that are closed in their order.
func checkBalanced(t *testing.T, what, got string) {
	t.Helper()
	if bad := badMeasure.FindString(got); bad != "" {
		t.Errorf("%s: %s", what, bad)
	}
	dec := xml.NewDecoder(strings.NewReader(strings.NewReplacer(pageScript, "", batchScript, "", pageStyle, "", batchStyle, "").Replace(got)))
	dec.Strict, dec.AutoClose, dec.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	var open []string
	for {
		token, err := dec.RawToken()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			if name := token.Name.Local; name != "meta" && name != "link" {
				open = append(open, name)
			}
		case xml.EndElement:
			if n := len(open); n > 0 && open[n-1] == token.Name.Local {
				open = open[:n-1]
			} else if token.Name.Local != "meta" && token.Name.Local != "link" {
				t.Fatalf("%s: </%s> within %q", what, token.Name.Local, open)
			}
		}
	}
	if len(open) > 0 {
		t.Errorf("%s: not closed: %q", what, open)
	}
}

// TestReportsOfExtremes: a stored report may hold any values; it is refused, or
// rendered in every way, whole and within bounds.
func TestReportsOfExtremes(t *testing.T) {
	reports := map[string][]byte{"sample": output(t, readSample(t).WriteJSON), "quiet": output(t, readQuiet(t).WriteJSON)}
	if testing.Short() {
		delete(reports, "quiet")
	}
	for name, text := range reports {
		read, refused := 0, 0
		replaced(t, text, func(what string, text []byte) {
			what = name + what
			var r *report.Report
			var err error
			checkBounds(t, what, text, func() []byte { r, err = report.ReadOne(bytes.NewReader(text)); return nil })
			if err != nil {
				if refused++; !errors.Is(err, report.ErrReport) {
					t.Errorf("%s: got %v, want %v", what, err, report.ErrReport)
				}
				return
			}
			read++
			checkRenderings(t, what, text, r)
		})
		if read == 0 || refused == 0 {
			t.Errorf("%s: %d texts were rendered and %d refused, want some of both", name, read, refused)
		}
	}
}

// TestSummariesOfExtremes does so with the summary of a batch, and a merged one.
func TestSummariesOfExtremes(t *testing.T) {
	replaced(t, output(t, readBatch(t).WriteJSON), func(what string, text []byte) {
		b, err := report.ReadBatch(bytes.NewReader(text))
		if err != nil {
			if !errors.Is(err, report.ErrBatch) {
				t.Errorf("%s: got %v, want %v", what, err, report.ErrBatch)
			}
			return
		}
		checkBatch(t, what, text, b)
		checkBatch(t, what+", merged", text, report.MergeBatches(b, readBatch(t), b))
	})
}

// TestBaselinesOfExtremes does so with a baseline: it is refused, or written
// again and read.
func TestBaselinesOfExtremes(t *testing.T) {
	b := &report.Baseline{}
	tally := (&report.Rules{FailOn: []report.Kind{{Verdict: report.Artefact}, {Verdict: report.Undecided}}}).Begin("office.pcapng")
	for _, f := range readSample(t).Findings.List {
		tally.Add(&f)
	}
	if err := b.Update(tally); err != nil {
		t.Fatal(err)
	}
	replaced(t, output(t, b.Write), func(what string, text []byte) {
		b, err := report.ReadBaseline(bytes.NewReader(text))
		if err != nil {
			if !errors.Is(err, report.ErrBaseline) {
				t.Errorf("%s: got %v, want %v", what, err, report.ErrBaseline)
			}
			return
		}
		got := checkBounds(t, what, text, func() []byte { return output(t, b.Write) })
		checkShown(t, what, got)
		if _, err := report.ReadBaseline(bytes.NewReader(got)); err != nil {
			t.Errorf("%s: what was written is not read: %v", what, err)
		}
	})
}

// TestExplanationsOfExtremes does so with explanations, which are not read but
// rest on what a capture holds.
func TestExplanationsOfExtremes(t *testing.T) {
	said := explained()
	FillText(said)
	replaced(t, output(t, said.WriteJSON), func(what string, text []byte) {
		var x report.Explanations
		if len(text) > 1<<20 || json.Unmarshal(text, &x) != nil { // no more than 1,000 frames are explained
			return
		}
		for _, width := range []int{0, 1, 200} {
			checkShown(t, what, checkBounds(t, what, text, func() []byte {
				return output(t, func(w io.Writer) error { return Explanations(w, &x, width) })
			}))
		}
		got := checkBounds(t, what, text, func() []byte {
			FillText(&x)
			return output(t, x.WriteJSON)
		})
		if checkShown(t, what, got); !json.Valid(got) {
			t.Errorf("%s: no JSON", what)
		}
	})
}

// TestStoredReportOfTheLargestNumbers renders the report by which an earlier
// build did not come back.
func TestStoredReportOfTheLargestNumbers(t *testing.T) {
	folder := os.Getenv("MENDCAP_SAMPLES")
	if folder == "" {
		t.Skip("MENDCAP_SAMPLES names no folder of samples")
	}
	text := gunzipped(t, filepath.Join(folder, "hostile", "report-extreme.json.gz"))
	r, err := report.ReadOne(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	checkRenderings(t, "the sample", text, r)
}

func gunzipped(t *testing.T, name string) []byte {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	plain, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(plain)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
