package report

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// TestReadRefuses: what is no report, or would cost too much, is refused, and
// nothing of it is decoded first.
func TestReadRefuses(t *testing.T) {
	const begin = `{"schema":"mendcap.report/1"`
	for name, c := range map[string]struct{ text, want string }{
		"empty":            {"", "it is cut short"},
		"blanks":           {" \n", "it is cut short"},
		"half":             {begin, "it is cut short"},
		"half an array":    {"[" + begin + "}", "it is cut short"},
		"another schema":   {`{"schema":"mendcap.batch/1"}`, "schema"},
		"a long schema":    {`{"schema":"` + strings.Repeat("x", 10_000) + `"}`, "…"},
		"null":             {"null", "schema"},
		"a second text":    {begin + "}{}", "follows"},
		"after an array":   {"[" + begin + "}] 1", "follows"},
		"a wrong type":     {begin + `,"order":[]}`, "order"},
		"a long name":      {begin + `,"capture":{"name":"` + strings.Repeat("n", maxStoredName+1) + `"}}`, "name"},
		"a long string":    {begin + `,"x":"` + strings.Repeat(`\"`, reportForm.text) + `"}`, "string"},
		"a long number":    {begin + `,"capture":{"packets":1` + strings.Repeat("0", longestNumber) + `}}`, "digits"},
		"many names":       {begin + `,"x":{` + strings.Repeat(`"a":1,`, maxNames) + `"a":1}}`, "names"},
		"many objects":     {begin + `,"findings":{"list":[` + strings.Repeat("{},", reportForm.objects) + "{}]}}", "objects"},
		"many elements":    {begin + `,"timeline":{"packets":[` + strings.Repeat("0,", reportForm.elements) + "0]}}", "elements"},
		"too deep":         {begin + `,"x":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + "}", "depth"},
		"too large":        {begin + strings.Repeat(" ", int(reportForm.bytes)+1<<16) + "}", "larger than"},
		"too many reports": {"[" + strings.Repeat(begin+"},", maxStored) + begin + "}]", "more than 10000 reports"},
	} {
		in := NewReader(strings.NewReader(c.text))
		var err error
		for err == nil {
			_, err = in.Next()
		}
		if !errors.Is(err, ErrReport) || !strings.Contains(err.Error(), c.want) || len(err.Error()) > 500 {
			t.Errorf("%s: got %v, want %v that says %q", name, err, ErrReport, c.want)
		}
	}
}

// TestReaderReadsWhatIsWritten: one report, none, and several, with byte-wise
// reading too; each as large as the limits of its file allow.
func TestReaderReadsWhatIsWritten(t *testing.T) {
	one := string(written(t, sample()))
	for n, text := range map[int]string{0: "[]\n", 1: one, 3: " [" + one + "," + one + "," + one + "]"} {
		in := NewReader(iotest.OneByteReader(strings.NewReader(text)))
		for i := range n {
			r, err := in.Next()
			if err != nil || r.Capture.Packets != sample().Capture.Packets {
				t.Fatalf("report %d of %d: got %v", i+1, n, err)
			}
			if got, want := in.More(), i < n-1; got != want {
				t.Errorf("more after report %d of %d: got %v", i+1, n, got)
			}
		}
		if _, err := in.Next(); err != io.EOF {
			t.Errorf("after %d reports: got %v, want EOF", n, err)
		}
		if _, err := ReadOne(strings.NewReader(text)); (err == nil) != (n == 1) || err != nil && !errors.Is(err, ErrReport) {
			t.Errorf("the only one of %d: got %v", n, err)
		}
	}
	failed := fmt.Errorf("the disk failed")
	if _, err := ReadOne(io.MultiReader(strings.NewReader("["), iotest.ErrReader(failed))); !errors.Is(err, failed) {
		t.Errorf("where reading fails: got %v, want %v", err, failed)
	}
}

// A file of another schema is refused for that, and not for the field that does
// not fit.
func TestReadOfAnotherSchema(t *testing.T) {
	for _, text := range []string{
		`{"schema":"mendcap.explain/1","capture":"office.pcapng","frames":[]}`,
		`{"capture":"office.pcapng","schema":"mendcap.explain/1"}`,
	} {
		_, err := ReadOne(strings.NewReader(text))
		if want := `its schema is "mendcap.explain/1", want "mendcap.report/1"`; !errors.Is(err, ErrReport) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want an ErrReport that says %s", text, err, want)
		}
	}
	_, err := ReadOne(strings.NewReader(`{"schema":"mendcap.report/1","capture":"office.pcapng"}`))
	if !errors.Is(err, ErrReport) || strings.Contains(err.Error(), "its schema") {
		t.Errorf("got %v, want an ErrReport about the field", err)
	}
	const other = `{"schema":"mendcap.explain/1","captures":7}`
	if _, err := ReadBatch(strings.NewReader(other)); err == nil || !strings.Contains(err.Error(), `want "mendcap.batch/1"`) {
		t.Errorf("batch: got %v, want what its schema is", err)
	}
	if _, err := ReadBaseline(strings.NewReader(other)); err == nil || !strings.Contains(err.Error(), `want "mendcap.baseline/1"`) {
		t.Errorf("baseline: got %v, want what its schema is", err)
	}
}

// readAll returns all reports of r, one or several.
func readAll(r io.Reader) (all []*Report, err error) {
	for in := NewReader(r); ; {
		one, err := in.Next()
		if err == io.EOF {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
}
