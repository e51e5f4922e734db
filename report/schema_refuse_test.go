package report

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mendcap/mendcap/internal/lab/schema"
)

// ours are the published schemas as what this version writes has to meet them.
func ours(t *testing.T) schema.Set {
	t.Helper()
	s, err := schema.Compile(Schemas(), SchemaText)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestGoldensMeetTheSchemas holds what the tests of this package and of render write to
// the schemas.
func TestGoldensMeetTheSchemas(t *testing.T) {
	set, of := ours(t), 0
	for _, pattern := range []string{"testdata/*.json", "render/testdata/*.json", "render/testdata/*.jsonl"} {
		files, err := filepath.Glob(filepath.FromSlash(pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Contains(text, []byte(`"mendcap.`)) {
				continue
			}
			if _, err := set.Check(ofToday(text)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			of++
		}
	}
	if of < 6 {
		t.Errorf("got %d files, want report, quiet, batch, explain and two of lines at least", of)
	}
}

// ofToday returns a golden explanation without the law that no version has yet.
func ofToday(text []byte) []byte {
	return bytes.ReplaceAll(text, []byte(`"law": "of the future"`), []byte(`"law": "ack"`))
}

// specimens returns a document of each form, by the name of its schema.
func specimens(t *testing.T) map[string][]byte {
	t.Helper()
	all := make(map[string][]byte)
	write := func(name string, err error, b *bytes.Buffer) {
		if err != nil {
			t.Fatal(err)
		}
		all[name] = b.Bytes()
	}
	r := sample()
	r.Origin = &Origin{Inputs: strings.Repeat("0a", 32), Output: strings.Repeat("f9", 32)}
	all["report"] = written(t, r)
	checked := sample()
	checked.Check = &Checked{Failed: true, New: 3, Checks: Checks(checked)}
	all["check"] = written(t, checked)
	var batch, explain, diff, baseline bytes.Buffer
	write("batch", sampleBatch().WriteJSON(&batch), &batch)
	text, err := os.ReadFile(filepath.Join("render", "testdata", "explain.json"))
	explain.Write(ofToday(text))
	write("explain", err, &explain)
	d := Compare(r, quiet())
	write("diff", d.WriteJSON(&diff), &diff)
	write("baseline", sampleBaseline(t, r).Write(&baseline), &baseline)
	text, err = os.ReadFile(filepath.Join("render", "testdata", "report.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(text, []byte("\n"))
	all["jsonl"] = lines[0]
	all["jsonl capture"] = lines[len(lines)-2]
	return all
}

// sampleBaseline knows the findings of r.
func sampleBaseline(t *testing.T, r *Report) *Baseline {
	t.Helper()
	b := &Baseline{}
	tally := new(Rules).Begin(r.Capture.Name)
	for i := range r.Findings.List {
		tally.Add(&r.Findings.List[i])
	}
	if err := b.Update(tally); err != nil {
		t.Fatal(err)
	}
	return b
}

// TestSchemasRefuse changes each value of every form: a required field that is missing,
// one that nobody knows, a value of another type, a word that is not among those known.
func TestSchemasRefuse(t *testing.T) {
	if testing.Short() {
		t.Skip("it is long, and one goroutine's alone")
	}
	set := ours(t)
	for name, text := range specimens(t) {
		if n, err := set.Check(text); n != 1 || err != nil {
			t.Errorf("%s: got %d documents, %v; want one that is valid", name, n, err)
			continue
		}
		var doc any
		if err := json.Unmarshal(text, &doc); err != nil {
			t.Fatal(err)
		}
		s := spoiler{refused: func(path, what string) {
			changed, err := json.Marshal(doc)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := set.Check(changed); err == nil {
				t.Errorf("%s: %s: %s: the schema lets it pass", name, path, what)
			}
		}}
		s.visit(doc, "", "")
		if s.changes < 40 {
			t.Errorf("%s: got %d changes, want many", name, s.changes)
		}
	}
}

// spoiler makes one change after the other to a document, each of which makes it invalid,
// and takes each back.
type spoiler struct {
	refused func(path, what string) // called where a change was made
	changes int
}

// try calls refused while set has been done.
func (s *spoiler) try(path, what string) {
	s.changes++
	s.refused(path, what)
}

// visit changes all that is in an object or a list, of a list its first element.
func (s *spoiler) visit(v any, path, name string) {
	switch v := v.(type) {
	case map[string]any:
		v["another"] = 1
		s.try(path, "a field that nobody knows")
		delete(v, "another")
		for _, key := range slices.Sorted(maps.Keys(v)) {
			at, old := path+"."+key, v[key]
			if !slices.Contains(byName, name) && !slices.Contains(optional, key) && !slices.Contains(optional, name+"."+key) {
				delete(v, key)
				s.try(at, "a field that is missing")
			}
			for what, wrong := range wrongs(old, key) {
				v[key] = wrong
				s.try(at, what)
			}
			v[key] = old
			s.visit(old, at, key)
		}
	case []any:
		if len(v) == 0 {
			return
		}
		old := v[0]
		for what, wrong := range wrongs(old, name) {
			v[0] = wrong
			s.try(path+"[0]", what)
		}
		v[0] = old
		s.visit(old, path+"[0]", name)
	}
}

// wrongs are values that a field must not have instead of v.
func wrongs(v any, name string) map[string]any {
	wrong := map[string]any{"null": nil, "a list of lists of lists": []any{[]any{[]any{}}}}
	switch v := v.(type) {
	case float64:
		wrong["text for a number"] = "1"
		if name != "posterior" {
			wrong["a fraction"] = v + 0.5
		}
		wrong["a number below all"] = json.Number("-9223372036854775809")
		if name == "offset" || name == "shift" || name == "skewPPB" || name == "sack" ||
			slices.Contains([]string{"before", "after", "left", "right"}, name) {
			delete(wrong, "a number below all")
		}
	case string:
		wrong["a number for text"] = 1
		if slices.Contains(worded, name) {
			wrong["an unknown word"] = "guess"
		}
	case bool:
		wrong["a number for a switch"] = 0
	case []any:
		wrong["an object for a list"] = map[string]any{}
	case map[string]any:
		wrong["text for an object"] = "x"
	}
	return wrong
}

// byName are the maps: none of their names must be there.
var byName = []string{"byVerdict", "byLaw", "byOutcome", "byEvidence", "likelyByEvidence", "asIs", "before", "after", "notRead"}

// optional are the fields that are left out where they have nothing to say: by their
// names, or with the name of the field that they are in, "" for the whole document.
var optional = strings.Fields(`eventTrace eventTrace.clock findings.events list.event findings.event flags.event .event groups.events remains.events worst.events totals.events captures.events taken asIs notRead compression capture.first capture.last examples lost at bound mended noEstimate
	candidates candidatesOmitted detail finding.law list.law .law place.law findings.law sequence graph best.evidence runnerUp.evidence candidates.evidence header.evidence interfaces.name output.name
	points.flags points.moved sack verdicts groupsOmitted unlisted cut start check damageOmitted origin remains asRecorded likelyByEvidence
	captures.byVerdict captures.error captures.filter captures.first captures.last captures.format captures.output captures.worst
	totals.byVerdict totals.first totals.last header.destination header.nextHeader offloaded header.posterior synthesised corrected earliest latest
	recorded place.time timeFrom tsecr tsval segment findings.flag`)

// worded are the fields whose text is one of a few words, or of a certain form.
var worded = strings.Fields(`schema type verdict law flag detail status basis vantage ipid state bound kind source direction
	outcome form why inputs flow time first last start resolution recorded corrected earliest latest at`)
