package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/mendcap/mendcap/internal/lab/golden"
	"github.com/mendcap/mendcap/report/internal/text"
)

func TestJSONGolden(t *testing.T) {
	var buf, again bytes.Buffer
	if err := sample().WriteJSON(&buf); err != nil {
		t.Fatal(err)
	}
	if err := sample().WriteJSON(&again); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(buf.Bytes(), again.Bytes()) {
		t.Error("two renderings of one report differ")
	}
	golden.Check(t, "report.json", buf.Bytes())
	golden.Check(t, "quiet.json", written(t, quiet()))
	if i := bytes.IndexFunc(buf.Bytes(), func(r rune) bool { return r != '\n' && text.Sanitise(string(r)) != string(r) }); i >= 0 {
		t.Errorf("JSON holds an unprintable character at byte %d", i)
	}
	var back Report
	if err := json.Unmarshal(buf.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	want := sample()
	want.Remains = want.filled().Remains
	if diff := cmp.Diff(want, &back, cmpopts.EquateComparable(netip.Addr{}, netip.AddrPort{})); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
}

// TestJSONFields holds the report to its published form, field by field.
func TestJSONFields(t *testing.T) {
	var buf bytes.Buffer
	if err := sample().WriteJSON(&buf); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]any{
		"schema":              "mendcap.report/1",
		"capture.name":        "office\u202e.pcapng",
		"capture.format":      "pcapng",
		"capture.compression": "gzip",
		"capture.packets":     10233.0,
		"capture.bytes":       4213456.0,
		"capture.first":       "2026-03-01T23:59:50.123456Z",
		"capture.last":        "2026-03-02T00:01:13.523456Z",
		"capture.interfaces.1": map[string]any{
			"section": 1.0, "id": 0.0, "linkType": 101.0, "linkName": "RAW", "resolution": "2^-10 s", "packets": 233.0},
		"output.name":                      "office.mended.pcapng",
		"output.status":                    "written",
		"tables.1.notUnderstood":           3.0,
		"inference.packets":                9800.0,
		"inference.nextHeader":             map[string]any{"proved": 9790.0, "likely": 0.0, "asCaptured": 8.0, "unknown": 2.0},
		"inference.destination":            map[string]any{"proved": 9600.0, "likely": 100.0, "asCaptured": 60.0, "unknown": 40.0},
		"inference.byEvidence.payload":     200.0,
		"order.basis":                      "file",
		"order.moved":                      1204.0,
		"order.maxShift":                   1250000.0,
		"order.byLaw.ack":                  map[string]any{"violations": 1134.0, "explained": 3.0, "moved": 1130.0, "unrepaired": 4.0},
		"order.unrepaired":                 4.0,
		"order.timeScales":                 map[string]any{"tick": 1e6, "threadJitter": 310000.0, "queueJitter": 900000.0},
		"order.shiftLimit":                 3600000.0,
		"order.disturbance.ipid":           "global",
		"order.disturbance.earlyResponses": true,
		"order.disturbance.clockSteps":     2.0,
		"order.uncertainty":                map[string]any{"median": 20000.0, "p90": 400000.0, "p99": 1200000.0, "max": 3000000.0},
		"analysis.before.ack_lost_segment": 1134.0,
		"analysis.after.ack_lost_segment":  0.0,
		"findings.total":                   3114.0,
		"findings.omitted":                 3106.0,
		"findings.byVerdict.artefact":      3090.0,
		"findings.list.0.frame":            15.0,
		"findings.list.0.frameAfter":       12.0,
		"findings.list.0.time":             "2026-03-01T23:59:50.123456Z",
		"findings.list.0.flow":             "[2001:db8::10]:49152 > [2001:db8::1]:443",
		"findings.list.0.flag":             "ack_lost_segment",
		"findings.list.0.verdict":          "artefact",
		"findings.list.0.repaired":         true,
		"findings.list.0.law":              "ack",
		"findings.list.0.sequence":         map[string]any{"left": 4294967000.0, "right": 204.0},
		"findings.list.0.evidence":         "acknowledged bytes whose segment stood 3 frames later; law ack placed it before",
		"damage.0.offset":                  4377184.0,
		"notes.1":                          "no tables name interface 3",
	} {
		got, err := lookup(buf.Bytes(), path)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
}

// lookup follows a path of field names and indices.
func lookup(text []byte, path string) (any, error) {
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		return nil, err
	}
	for _, step := range strings.Split(path, ".") {
		switch at := v.(type) {
		case map[string]any:
			next, ok := at[step]
			if !ok {
				return nil, fmt.Errorf("no field %q", step)
			}
			v = next
		case []any:
			var i int
			if _, err := fmt.Sscan(step, &i); err != nil || i >= len(at) {
				return nil, fmt.Errorf("no element %q of %d", step, len(at))
			}
			v = at[i]
		default:
			return nil, fmt.Errorf("%q of %T", step, v)
		}
	}
	return v, nil
}

func TestJSONOfAnEmptyReportHasEveryField(t *testing.T) {
	var buf bytes.Buffer
	if err := new(Report).WriteJSON(&buf); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(buf.String(), "null") {
		t.Errorf("got null in\n%s", buf.String())
	}
	if got, err := lookup(buf.Bytes(), "schema"); err != nil || got != Schema {
		t.Errorf("schema: got %v, %v, want %s", got, err, Schema)
	}
}

func TestJSONEscapes(t *testing.T) {
	r := &Report{Capture: Capture{Name: "<&>\x1b\x7f\u202e\U000E0041\xff日"}}
	var buf bytes.Buffer
	if err := r.WriteJSON(&buf); err != nil {
		t.Fatal(err)
	}
	if want := `"name": "<&>\u001b\u007f\u202e\udb40\udc41\ufffd日"`; !strings.Contains(strings.ReplaceAll(buf.String(), "\ufffd", `\ufffd`), want) {
		t.Errorf("got\n%s\nwant %s in it", buf.String(), want)
	}
	var back Report
	if err := json.Unmarshal(buf.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	if want := "<&>\x1b\x7f\u202e\U000E0041\ufffd日"; back.Capture.Name != want {
		t.Errorf("read back: got %q, want %q", back.Capture.Name, want)
	}
}

// written is the JSON of a report.
func written(t *testing.T, r *Report) []byte {
	t.Helper()
	var buf bytes.Buffer
	if err := r.WriteJSON(&buf); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func TestJSONOfNoExplanationsHasEveryList(t *testing.T) {
	var buf bytes.Buffer
	if err := new(Explanations).WriteJSON(&buf); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(buf.String(), `"frames": []`) || !strings.Contains(buf.String(), `"damage": []`) {
		t.Errorf("got %s, want empty lists", buf.String())
	}
}
