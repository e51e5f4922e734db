package render

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net/netip"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mendcap/mendcap/internal/lab/golden"
	"github.com/mendcap/mendcap/report"
)

// render writes reports in a format.
func render(t testing.TB, f Format, reports ...*report.Report) []byte {
	t.Helper()
	var buf bytes.Buffer
	w, err := NewWriter(f, &buf, WriterOptions{Several: len(reports) != 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range reports {
		if err := w.Add(r); err != nil {
			t.Fatalf("%s: %v", f, err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatalf("%s: %v", f, err)
	}
	return buf.Bytes()
}

// TestFormatsGolden writes the sample, and two captures, in every format; the
// JSON of one has its own test.
func TestFormatsGolden(t *testing.T) {
	for _, f := range Formats() {
		if f != JSON {
			golden.Check(t, "report"+f.Suffix(), render(t, f, readSample(t)))
			golden.Check(t, "several"+f.Suffix(), render(t, f, readSample(t), readQuiet(t)))
		}
		if got := render(t, f, readSample(t), readQuiet(t)); !bytes.Equal(got, render(t, f, readSample(t), readQuiet(t))) {
			t.Errorf("%s: two renderings of one report differ", f)
		}
	}
}

func TestFormatOf(t *testing.T) {
	for name, want := range map[string]Format{
		"a.json": JSON, "A.JSONL": JSONLines, "x.csv": CSV, "dir.json/y.md": Markdown, "j.xml": JUnit, "p.html": HTML, "a.txt": "", "json": "", "": "",
	} {
		if got, ok := FormatOf(name); got != want || ok != (want != "") {
			t.Errorf("FormatOf(%q): got %q, %v, want %q", name, got, ok, want)
		}
	}
	if _, err := NewWriter("pdf", io.Discard, WriterOptions{}); err == nil {
		t.Error("NewWriter of an unknown format: got no error")
	}
}

// TestJSONOfSeveral: several reports are an array, even where there are none.
func TestJSONOfSeveral(t *testing.T) {
	for n := range 3 {
		var buf bytes.Buffer
		w, err := NewWriter(JSON, &buf, WriterOptions{Several: true})
		if err != nil {
			t.Fatal(err)
		}
		for range n {
			err = errors.Join(err, w.Add(readSample(t)))
		}
		var back []report.Report
		if err := errors.Join(err, w.Close(), json.Unmarshal(buf.Bytes(), &back)); err != nil || len(back) != n {
			t.Errorf("got %d reports and %v, want %d, in\n%s", len(back), err, n, buf.String())
		}
	}
}

// TestStreamedFindingsAreThoseOfTheReport hands findings on one by one: the
// document is that of a report that holds them all.
func TestStreamedFindingsAreThoseOfTheReport(t *testing.T) {
	for _, f := range []Format{JSONLines, CSV} {
		whole := readSample(t)
		whole.Findings.Omitted = 0
		var buf bytes.Buffer
		w, err := NewWriter(f, &buf, WriterOptions{})
		if err != nil {
			t.Fatal(err)
		}
		inOrder := slices.Clone(whole.Findings.List) // of the output
		slices.SortStableFunc(inOrder, func(a, b report.Finding) int { return int(a.FrameAfter - b.FrameAfter) })
		for _, finding := range inOrder {
			if err := w.(FindingWriter).Finding(whole.Capture.Name, &finding); err != nil {
				t.Fatal(err)
			}
		}
		cut := readSample(t) // lists fewer than there are
		cut.Findings.List = cut.Findings.List[:1]
		if err := errors.Join(w.Add(cut), w.Close()); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(render(t, f, whole)), buf.String()); diff != "" {
			t.Errorf("%s (-whole +streamed):\n%s", f, diff)
		}
	}
}

// Rows of a spreadsheet are by verdict, the worst first, however many there are; those
// that are taken back do not come.
func TestRowsAreByVerdict(t *testing.T) {
	var out bytes.Buffer
	w, err := NewWriter(CSV, &out, WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	to := w.(FindingWriter)
	const many = 10_000 // more than a shelf keeps in memory
	add := func(v report.Verdict) {
		if err := to.Finding("x", &report.Finding{Verdict: v, Evidence: strings.Repeat("e", 200)}); err != nil {
			t.Fatal(err)
		}
	}
	add(report.Drop)
	to.Abandon()
	for range many {
		add(report.Artefact)
		add(report.Undecided)
	}
	add("novel")
	if err := errors.Join(w.Add(&report.Report{}), w.Close()); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&out).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, row := range rows[1:] {
		got = append(got, row[6])
	}
	want := slices.Concat([]string{"novel"}, slices.Repeat([]string{"undecided"}, many), slices.Repeat([]string{"artefact"}, many))
	if !slices.Equal(got, want) {
		t.Errorf("verdicts: got %d rows that begin with %q, want %d that begin with %q", len(got), got[:min(len(got), 3)], len(want), want[:3])
	}
}

func TestJSONLinesSayWhatTheyLeaveOut(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(string(render(t, JSONLines, readSample(t)))), "\n")
	var last struct {
		Type              string
		Findings, Omitted int64
	}
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil {
		t.Fatal(err)
	}
	if last.Type != "capture" || last.Findings != 3114 || last.Omitted != 3106 {
		t.Errorf("last line: got %+v, want the capture with 3114 findings, 3106 of them omitted", last)
	}
	if got, want := len(lines), 8+1; got != want {
		t.Errorf("lines: got %d, want %d", got, want)
	}
}

// nasty holds what must do no harm in any rendering.
var nasty = []string{
	"</script><script>alert(1)</script>", "=cmd|' /C calc'!A0", "@SUM(1+1)", "+1", "-1", "＝1", "\t=1", "\r=1", "]]>", "a|b", "`code` ``|",
	"<img src=x onerror=alert(1)>", "--><b>", "{{.}}", "${x}", "\x1b[31mred\x1b[0m", "a\u202eb\u2066c", "\x00\x7f\u0085\u2028",
	"\xff\xfe", "[link](javascript:alert(1))", "@someone", "\"'&;", "line\nfeed", "<!--", "\ufffe", "\U0010ffff",
}

// hostile returns the sample with its texts replaced.
func hostile(t *testing.T, text string) *report.Report {
	r := readSample(t)
	replaceText(reflect.ValueOf(r).Elem(), text)
	return r
}

func replaceText(v reflect.Value, text string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Pointer:
		if !v.IsNil() {
			replaceText(v.Elem(), text)
		}
	case reflect.Struct:
		zoned := netip.MustParseAddr("fe80::1").WithZone(text)
		switch a := v.Addr().Interface().(type) {
		case *netip.Addr:
			*a = zoned
		case *netip.AddrPort:
			*a = netip.AddrPortFrom(zoned, 80)
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				replaceText(v.Field(i), text)
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			replaceText(v.Index(i), text)
		}
	case reflect.Map:
		if v.Type().Key().Kind() == reflect.String && v.Len() > 0 {
			v.SetMapIndex(reflect.ValueOf(text).Convert(v.Type().Key()), v.MapIndex(v.MapKeys()[0]))
		}
	}
}

func TestHostileText(t *testing.T) {
	for _, text := range nasty {
		checkHostile(t, text)
	}
}

func FuzzRenderings(f *testing.F) {
	for _, text := range nasty {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) < 200 {
			checkHostile(t, text)
		}
	})
}

// checkHostile renders a report that says nothing but text, in every format.
func checkHostile(t *testing.T, text string) {
	t.Helper()
	r := hostile(t, text)
	for _, f := range Formats() {
		got := render(t, f, r)
		if i := bytes.IndexFunc(got, func(c rune) bool {
			return !strings.ContainsRune("\n\r\t", c) && report.Sanitise(string(c)) != string(c)
		}); i >= 0 {
			t.Errorf("%s of %q has an unprintable character at %d", f, text, i)
		}
		switch f {
		case CSV:
			checkCSV(t, text, got)
		case Markdown:
			checkMarkdown(t, text, string(got))
		case HTML:
			checkHTML(t, text, string(got))
		case JUnit:
			checkXML(t, text, got)
		case JSONLines:
			for line := range strings.Lines(string(got)) {
				if !json.Valid([]byte(line)) {
					t.Errorf("%q: a line is no JSON: %s", text, line)
				}
			}
		}
	}
}

func checkCSV(t *testing.T, text string, got []byte) {
	rows, err := csv.NewReader(bytes.NewReader(got)).ReadAll()
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	for line := range bytes.Lines(got) { // as where semicolons separate
		for _, cell := range strings.Split(string(line), ";") {
			if cell = strings.TrimLeft(cell, ` "`); cell != "" && strings.ContainsAny(cell[:1], "=+-@") || strings.HasPrefix(cell, "＝") {
				t.Errorf("%q: %q after a semicolon is a formula", text, cell)
			}
		}
	}
	for _, row := range rows {
		for _, cell := range row {
			if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r") || strings.HasPrefix(cell, "＝") {
				t.Errorf("%q: cell %q is a formula", text, cell)
			}
		}
	}
}

var ownTags = regexp.MustCompile(`</?(details|summary)>|<!-- -->`)

// checkMarkdown looks for HTML of others, and for cells that they opened.
func checkMarkdown(t *testing.T, text, got string) {
	cells := 0
	for line := range strings.Lines(got) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "| ") {
			cells = 0
			continue
		}
		n := strings.Count(strings.ReplaceAll(line, `\|`, ""), "|")
		if cells != 0 && n != cells {
			t.Errorf("%q: a row has %d bars, the others %d: %s", text, n, cells, line)
		}
		cells = n
	}
	if !strings.Contains(text, "`") { // where code spans are easily told
		outside := ownTags.ReplaceAllString(withoutCode(got), "")
		if strings.ContainsAny(outside, "<") {
			t.Errorf("%q: HTML in\n%s", text, outside)
		}
	}
}

// withoutCode takes code spans out of a text whose fences are single.
func withoutCode(s string) string {
	var b strings.Builder
	for i, part := range strings.Split(s, "`") {
		if i%2 == 0 {
			b.WriteString(part)
		}
	}
	return b.String()
}

// checkHTML looks for elements and addresses that are not the page's own; what a
// browser makes of it has tests of its own.
func checkHTML(t *testing.T, text, got string) {
	body := strings.Replace(strings.Replace(got, pageScript, "", 1), pageStyle, "", 1)
	for what, want := range map[string]int{"<script": 1, "<style": 1, "<img": 0, "<a ": strings.Count(body, `href="#`), "<!--": 0, `onerror="`: 0, ` src="`: 0} {
		if n := strings.Count(body, what); n != want {
			t.Errorf("%q: %s: got %d times, want %d", text, what, n, want)
		}
	}
	for _, part := range strings.Split(body, `href="`)[1:] {
		target, _, _ := strings.Cut(part, `"`)
		within, own := strings.CutPrefix(target, "#")
		if target != "data:," && !(own && strings.Contains(body, ` id="`+within+`"`)) {
			t.Errorf("%q: the page leads to %.40s", text, part)
		}
	}
}

func checkXML(t *testing.T, text string, got []byte) {
	dec := xml.NewDecoder(bytes.NewReader(got))
	for {
		token, err := dec.Token()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatalf("%q: %v in\n%s", text, err, got)
		}
		if start, ok := token.(xml.StartElement); ok && !strings.HasPrefix(start.Name.Local, "test") &&
			!slices.Contains([]string{"failure", "system-out", "properties", "property"}, start.Name.Local) {
			t.Errorf("%q: element %s", text, start.Name.Local)
		}
	}
}
