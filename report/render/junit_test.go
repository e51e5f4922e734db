package render

import (
	"bytes"
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mendcap/mendcap/report"
)

// junitElement is what Jenkins' xUnit plugin allows of an element: its schema, in
// junit-10.xsd of github.com/jenkinsci/xunit-plugin, refuses all else.
type junitElement struct {
	within   []string
	required []string
	allowed  []string // beside what is required
}

var junitElements = map[string]junitElement{
	"testsuites": {[]string{""}, nil, []string{"name", "time", "tests", "failures", "errors"}},
	"testsuite": {[]string{"testsuites", "testsuite"}, []string{"name", "tests", "failures", "errors"},
		[]string{"group", "time", "skipped", "timestamp", "hostname", "id", "package", "file", "log", "url"}},
	"properties": {[]string{"testsuite"}, nil, nil},
	"property":   {[]string{"properties"}, []string{"name", "value"}, nil},
	"testcase":   {[]string{"testsuite"}, []string{"name"}, []string{"time", "classname", "group"}},
	"failure":    {[]string{"testcase"}, nil, []string{"type", "message"}},
	"system-out": {[]string{"testcase", "testsuite"}, nil, nil},
}

// junitForms are the forms of attributes, by their names: times are seconds, of Ant's
// schema timestamps have neither zone nor fraction.
var junitForms = map[string]*regexp.Regexp{
	"time":      regexp.MustCompile(`^[0-9]{1,3}(\.[0-9]*)?$`),
	"timestamp": regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}$`),
	"tests":     regexp.MustCompile(`^[0-9]+$`),
	"failures":  regexp.MustCompile(`^[0-9]+$`),
	"errors":    regexp.MustCompile(`^[0-9]+$`),
	// A package and a class for Jenkins, which takes the last dot between them.
	"classname": regexp.MustCompile(`^mendcap\.[^.]+$`),
}

// junitProblems says what of a text is not as the schema has it.
func junitProblems(t *testing.T, content []byte) (problems []string) {
	t.Helper()
	path := []string{""}
	cases := make(map[string]bool)
	for dec := xml.NewDecoder(bytes.NewReader(content)); ; {
		token, err := dec.Token()
		if err == io.EOF {
			return problems
		}
		if err != nil {
			return append(problems, err.Error())
		}
		switch is := token.(type) {
		case xml.EndElement:
			path = path[:len(path)-1]
		case xml.StartElement:
			name := is.Name.Local
			rule, ok := junitElements[name]
			if !ok || !slices.Contains(rule.within, path[len(path)-1]) {
				problems = append(problems, name+" in "+path[len(path)-1])
			}
			path = append(path, name)
			has := make(map[string]string)
			for _, a := range is.Attr {
				has[a.Name.Local] = a.Value
				if !slices.Contains(rule.required, a.Name.Local) && !slices.Contains(rule.allowed, a.Name.Local) {
					problems = append(problems, name+" has "+a.Name.Local)
				}
				if form := junitForms[a.Name.Local]; form != nil && !form.MatchString(a.Value) {
					problems = append(problems, name+" "+a.Name.Local+" "+a.Value)
				}
			}
			for _, r := range rule.required {
				if _, ok := has[r]; !ok {
					problems = append(problems, name+" without "+r)
				}
			}
			// GitLab leaves out the second of two cases with one class and name.
			if key := has["classname"] + "\n" + has["name"]; name == "testcase" && cases[key] {
				problems = append(problems, "twice: "+key)
			} else {
				cases[key] = true
			}
		}
	}
}

// TestJUnitIsValid holds what is written to the schema, and the schema to what is wrong.
func TestJUnitIsValid(t *testing.T) {
	for _, name := range []string{"report.xml", "several.xml"} {
		text, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		if problems := junitProblems(t, text); problems != nil {
			t.Errorf("%s: %q", name, problems)
		}
		for _, c := range [][2]string{
			{`<testcase name=`, `<testcase file="x" name=`}, {` errors="0"`, ``}, {`<testcase name="input" `, `<testcase `},
			{` time="0"`, ` time="1 s"`}, {` timestamp="2026-03-01T23:59:50"`, ` timestamp="2026-03-01T23:59:50Z"`},
			{`<failure `, `<flaw `}, {`name="created"`, `name="undecided"`}, {`classname="mendcap.`, `classname="`},
		} {
			changed := strings.Replace(string(text), c[0], c[1], 1)
			if changed == string(text) || junitProblems(t, []byte(changed)) == nil {
				t.Errorf("%s: %s for %s: got no problem", name, c[1], c[0])
			}
		}
	}
}

// Captures of one name have cases of their own, and a capture without times no timestamp.
func TestJUnitNames(t *testing.T) {
	var b bytes.Buffer
	w := &junitWriter{w: &b}
	stamped := time.Date(2026, 3, 1, 1, 2, 3, 999, time.FixedZone("", 3600))
	for i, name := range []string{"a.pcap", "a.pcap", "a_pcap", "b", "a.pcap-2"} {
		r := &report.Report{Capture: report.Capture{Name: name}}
		if i == 3 {
			r.Capture.First = stamped
		}
		if err := w.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if problems := junitProblems(t, b.Bytes()); problems != nil {
		t.Errorf("%q\n%s", problems, b.String())
	}
	if got := strings.Count(b.String(), ` timestamp="`); got != 1 || !strings.Contains(b.String(), ` timestamp="2026-03-01T00:02:03" file="b"`) {
		t.Errorf("got %d timestamps, want that of the capture with times, in UTC:\n%s", got, b.String())
	}
}

// The text of a failure says what its message does, which GitLab does not show.
func TestJUnitFailureSaysItsMessage(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "report.xml"))
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`<failure message="([^"]+)" type="[^"]+"><!\[CDATA\[([^\]]*)`).FindAllSubmatch(text, -1)
	if len(found) < 3 {
		t.Fatalf("got %d failures, want those of the sample", len(found))
	}
	for _, f := range found {
		if !bytes.HasPrefix(f[2], f[1]) {
			t.Errorf("got the text %q, want it to begin with %q", f[2], f[1])
		}
	}
}
