package report

import (
	"bytes"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// before opens a file that a build from before the renaming has stored.
func before(t *testing.T, name string) *os.File {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", "before", name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// What was stored before the words were renamed is read as if it had been stored
// today.
func TestReadsWhatWasStoredBefore(t *testing.T) {
	r, err := ReadOne(before(t, "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	want := sample()
	want.Tables[1].Name = "office.tables/neighbours.txt" // a file's name is no word of ours
	want.EventTrace, want.Findings.Events = nil, 0       // which were added since
	for i := range want.Findings.List {
		want.Findings.List[i].Event = 0
	}
	if diff := cmp.Diff(want, r, cmpopts.EquateComparable(netip.Addr{}, netip.AddrPort{})); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
	b, err := ReadBatch(before(t, "batch.json"))
	if err != nil {
		t.Fatal(err)
	}
	sum := sampleBatch()
	sum.Totals.Events = 0
	for i := range sum.Captures {
		sum.Captures[i].Worst, sum.Captures[i].Events = nil, 0 // which were added since
	}
	if diff := cmp.Diff(sum, b, cmpopts.EquateComparable(netip.Addr{}, netip.AddrPort{})); diff != "" {
		t.Errorf("summary (-want +got):\n%s", diff)
	}
}

// A runner-up that there is none of had a destination in words.
func TestReadsRunnersUpFromBefore(t *testing.T) {
	r, err := ReadOne(before(t, "runner-up.json"))
	if err != nil {
		t.Fatal(err)
	}
	best := HeaderChoice{NextHeader: "6 (TCP)", Destination: netip.IPv6Unspecified(), Posterior: 0.5}
	if got := r.Inference.Doubtful; len(got) != 1 || got[0].RunnerUp != (HeaderChoice{}) || got[0].Best != best {
		t.Errorf("got %+v, want one flow, with a best choice and without a runner-up", got)
	}
}

// A baseline from before knows the findings of today.
func TestBaselineFromBefore(t *testing.T) {
	known, err := ReadBaseline(before(t, "baseline.json"))
	if err != nil {
		t.Fatal(err)
	}
	rules := &Rules{Baseline: known}
	tally := rules.Begin("office.pcapng")
	r := sample()
	for i := range r.Findings.List {
		tally.Add(&r.Findings.List[i])
	}
	if tally.Gone() != 0 {
		t.Errorf("findings of the baseline that did not come: got %d, want none", tally.Gone())
	}
	for _, c := range tally.Checks(r) {
		if c.Name == string(Undecided) && (c.Failed || c.Known != 2) {
			t.Errorf("%s: got failed %v with %d known, want both known", c.Name, c.Failed, c.Known)
		}
	}
}

// Every word of the map is met in a stored file, and none of the old words is
// written.
func TestRenamedWords(t *testing.T) {
	var old, written bytes.Buffer
	for _, name := range []string{"report.json", "runner-up.json", "batch.json", "baseline.json"} {
		if _, err := old.ReadFrom(before(t, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := sample().WriteJSON(&written); err != nil {
		t.Fatal(err)
	}
	if err := sampleBatch().WriteJSON(&written); err != nil {
		t.Fatal(err)
	}
	longest := 0
	for path, now := range renamed {
		longest = max(longest, len(path))
		last := path[strings.LastIndexAny(path, ".=")+1:]
		word := `"` + last + `"`
		if !strings.Contains(old.String(), word) {
			t.Errorf("%s: no stored file of before has the word", path)
		}
		if strings.Contains(written.String(), word) {
			t.Errorf("%s: still written, want %s", path, now)
		}
		if !strings.Contains(written.String(), `"`+now+`"`) {
			t.Errorf("%s: %s is not written", path, now)
		}
	}
	if longest != longestRenamed {
		t.Errorf("the longest path: got %d bytes, want %d", longest, longestRenamed)
	}
}

func TestByNewNames(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"a field", `{"order":{"gate":1}}`, `{"order":{"shiftLimit":1}}`},
		{"a field within a renamed one", `{"order": {"learnt": {"threads": true}, "gate" : 1}}`, `{"order": {"disturbance": {"swappedPackets": true}, "shiftLimit" : 1}}`},
		{"the name of a map", `{"order":{"byLaw":{"ack":{},"neighbour":{}}}}`, `{"order":{"byLaw":{"ack":{},"neighbor":{}}}}`},
		{"a value in lists", `{"findings":{"list":[[],{"law":"ack"},{"law":"neighbour"}]}}`, `{"findings":{"list":[[],{"law":"ack"},{"law":"neighbor"}]}}`},
		{"after a list", `{"output":{"x":["a","b"],"dropped":2}}`, `{"output":{"x":["a","b"],"leftOut":2}}`},
		{"the same word elsewhere", `{"gate":1,"output":{"gate":1},"notes":["order.gate","neighbour"]}`, ``},
		{"a value where the word is a name", `{"order":"gate"}`, ``},
		{"a name with quotes", `{"order":{"\"gate\"":1}}`, ``},
		{"a text alone", `"order.gate"`, ``},
		{"nothing", `{}`, ``},
	} {
		want := c.want
		if want == "" {
			want = c.text
		}
		if got := string(byNewNames([]byte(c.text))); got != want {
			t.Errorf("%s: got %s, want %s", c.name, got, want)
		}
	}
}

// A text costs no more than its own length, however long its paths are: what is
// kept of a path does not grow with it.
func TestByNewNamesLongPaths(t *testing.T) {
	const depth, elements = 1000, 100
	name := `{"` + strings.Repeat("a", 4000) + `":`
	list := `["order.gate"` + strings.Repeat(`,""`, elements) + `]`
	text := []byte(`{"order":{"gate":` + strings.Repeat(name, depth) + list + strings.Repeat("}", depth) + `,"learnt":1}}`)
	want := bytes.Replace(bytes.Replace(text, []byte(`"gate"`), []byte(`"shiftLimit"`), 1), []byte(`"learnt"`), []byte(`"disturbance"`), 1)
	var from, to runtime.MemStats
	runtime.ReadMemStats(&from)
	got := byNewNames(text)
	runtime.ReadMemStats(&to)
	if !bytes.Equal(got, want) {
		t.Error("the text is not the same but for the words that were renamed")
	}
	if bytes, most := to.TotalAlloc-from.TotalAlloc, uint64(4*len(text)); bytes > most {
		t.Errorf("got %d bytes allocated, want %d at most", bytes, most)
	}
}
