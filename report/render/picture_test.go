package render

import (
	"bytes"
	"encoding/xml"
	"io"
	"strings"
	"testing"

	"github.com/mendcap/mendcap/report"
)

// drawn is a connection of which data was sent again and moved, and whose names mean to
// be markup.
func drawn() *report.Flow {
	points := []report.Point{
		{Frame: 1, FrameAfter: 1, Before: 0, After: 0, Kind: "data", Left: 1, Right: 101},
		{Frame: 2, FrameAfter: 3, Before: 1e6, After: 1e6, Kind: "ack", Left: 101, Right: 9000, SACK: [][2]int64{{201, 301}}, Flags: []string{"duplicate_ack"}, Verdicts: []report.Verdict{report.Loss}},
		{Frame: 3, FrameAfter: 2, Before: 2e6, After: 1e6, Kind: "data", Left: 101, Right: 201, Moved: true, Flags: []string{"retransmission"}, Verdicts: []report.Verdict{report.Loss}},
		{Frame: 4, FrameAfter: 4, Before: 3e6, After: 3e6, Kind: "ack", Left: 201, Right: 9100},
	}
	return &report.Flow{Name: "</title><script>", Packets: 4, Moved: 1, Graph: &report.Graph{Points: points}}
}

// A picture that stands alone is XML, and has all it needs.
func TestGraphSVGStandsAlone(t *testing.T) {
	var b bytes.Buffer
	if err := GraphSVG(&b, drawn()); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	d := xml.NewDecoder(strings.NewReader(text))
	elements := map[string]int{}
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("no XML: %v\n%s", err, text)
		}
		if start, ok := token.(xml.StartElement); ok {
			elements[start.Name.Local]++
		}
	}
	if elements["script"] > 0 || strings.Contains(text, "href") || elements["style"] != 1 || elements["clipPath"] != 2 {
		t.Errorf("got the elements %v, want two panels, one style, and nothing that is loaded", elements)
	}
	for _, want := range []string{">R</text>", ">D</text>", ">S</text>", "As recorded", "As repaired", ">time</text>", ">bytes</text>", `class="flagged"`, `class="moved"`} {
		if !strings.Contains(text, want) {
			t.Errorf("the picture lacks %s:\n%s", want, text)
		}
	}
}

// What nothing moved in is drawn once.
func TestGraphOfWhatStayedIsDrawnOnce(t *testing.T) {
	f := drawn()
	for i := range f.Graph.Points {
		p := &f.Graph.Points[i]
		p.Moved, p.FrameAfter, p.After = false, p.Frame, p.Before
	}
	var b bytes.Buffer
	if err := GraphSVG(&b, f); err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(b.String(), "<clipPath"); got != 1 || !strings.Contains(b.String(), "nothing moved") {
		t.Errorf("panels: got %d, want 1 that says so", got)
	}
}

// Each line is one that xplot reads: a command with as many numbers as it takes, or the
// text after one that takes a text.
func TestGraphXplotIsRead(t *testing.T) {
	for _, repaired := range []bool{false, true} {
		var b bytes.Buffer
		if err := GraphXplot(&b, drawn(), repaired); err != nil {
			t.Fatal(err)
		}
		takes := map[string]int{"double": 1, "uarrow": 2, "darrow": 2, "line": 4, "atext": 2, "btext": 2, "diamond": 2,
			"white": 0, "red": 0, "orange": 0, "green": 0, "yellow": 0, "purple": 0, "title": 0, "xlabel": 0, "ylabel": 0, "go": 0}
		texts := map[string]int{}
		lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
		for i := 0; i < len(lines); i++ {
			words := strings.Fields(lines[i])
			n, known := takes[words[0]]
			if !known || len(words) != n+1 {
				t.Errorf("line %d: %q is no command of xplot", i+1, lines[i])
			}
			switch words[0] {
			case "title", "xlabel", "ylabel", "atext", "btext":
				i++
				texts[lines[i]]++
			}
		}
		if texts["R"] != 1 || texts["D"] != 1 || texts["S"] != 1 {
			t.Errorf("letters: got %v, want R, D and S once each", texts)
		}
		if lines[len(lines)-1] != "go" {
			t.Errorf("the last line is %q, want go", lines[len(lines)-1])
		}
		if order := !strings.Contains(b.String(), "line 0.002"); order != repaired {
			t.Errorf("repaired %v: the packet that moved is at 2 ms: %v", repaired, !order)
		}
	}
}

func TestGraphThatIsMissing(t *testing.T) {
	if err := GraphSVG(io.Discard, &report.Flow{Name: "a\x1bb"}); err == nil || strings.Contains(err.Error(), "\x1b") {
		t.Errorf("got %v, want an error with a name that is sanitised", err)
	}
}
