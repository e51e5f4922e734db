package render

import (
	"bufio"
	"cmp"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/internal/text"
)

// standing is a panel with its place in a picture that stands alone.
type standing struct {
	X, Y  int
	Panel panelView
}

// The measures of such a picture, pixels.
const (
	pictureHead  = 28
	pictureSpace = 12
)

// GraphSVG writes the time-sequence graphs of a connection as one picture in SVG that
// needs nothing else: as recorded and as repaired beside each other, and below them
// closer. A connection without a Graph, or with more packets than are drawn, is an
// error.
func GraphSVG(w io.Writer, f *report.Flow) error {
	if err := checkGraph(f); err != nil {
		return err
	}
	v := viewGraph(f, "graph")
	of := map[string]any{"Title": v.Direction + ": " + v.Text, "Style": template.CSS(lightStyle + graphStyle)}
	var placed []standing
	var labels []string
	width, y := 0, pictureHead
	for _, pair := range v.Pairs {
		for i, panel := range pair.Panels {
			x := i * (graphWidth + pictureSpace)
			placed = append(placed, standing{x, y, panel})
			labels = append(labels, panel.Label)
			width = max(width, x+graphWidth)
		}
		y += graphHeight + pictureSpace
	}
	of["Placed"], of["Label"], of["Width"], of["Height"] = placed, strings.Join(labels, "; "), width, y
	return pageTemplates().ExecuteTemplate(w, "picture", of)
}

// checkGraph says why a connection can't be drawn.
func checkGraph(f *report.Flow) error {
	switch {
	case f.Graph == nil || len(f.Graph.Points) == 0:
		return fmt.Errorf("no graph of the connection %s", text.Sanitise(f.Name))
	case len(f.Graph.Points) > drawnPoints:
		return fmt.Errorf("the graph of the connection %s has %s, of which at most %s are drawn",
			text.Sanitise(f.Name), text.Plural(int64(len(f.Graph.Points)), "packet"), text.Count(drawnPoints))
	}
	return nil
}

// GraphXplot writes the time-sequence graph of a connection, as recorded or as repaired,
// for xplot (Tim Shepard's program, whose format tcptrace writes): seconds and relative
// sequence numbers; arrows for data, a line each for what is acknowledged and for the
// offered window, R for data sent again, D for duplicate ACKs and S for SACK blocks.
// What is flagged is red, what moved is orange. Errors are those of GraphSVG.
func GraphXplot(w io.Writer, f *report.Flow, repaired bool) error {
	if err := checkGraph(f); err != nil {
		return err
	}
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "double double\ntitle\n%s, %s\nxlabel\ntime (s)\nylabel\nsequence number (bytes)\n",
		text.Sanitise(f.Graph.Direction.String()), text.When(!repaired, "as recorded")+text.When(repaired, "as repaired"))
	points := slices.Clone(f.Graph.Points)
	key := func(p *report.Point) (int64, int64) { return p.Before, p.Frame }
	if repaired {
		key = func(p *report.Point) (int64, int64) { return p.After, p.FrameAfter }
	}
	var ack, window, before *placed
	for _, p := range spread(points, key) {
		at := p.at / 1e9
		colour := "white"
		switch {
		case pointClass(p.Point, repaired) != "":
			colour = "red"
		case p.Moved:
			colour = "orange"
		}
		if p.Kind == "data" {
			fmt.Fprintf(b, "%s\nuarrow %.9f %d\ndarrow %.9f %d\nline %.9f %d %.9f %d\n", colour, at, p.Right, at, p.Left, at, p.Left, at, p.Right)
			if again(p.Point) && flaggedIn(p.Point, repaired) {
				fmt.Fprintf(b, "red\natext %.9f %d\nR\n", at, p.Right)
			}
			continue
		}
		if before = ack; before != nil {
			fmt.Fprintf(b, "green\nline %.9f %d %.9f %d\nline %.9f %d %.9f %d\n", before.at/1e9, before.Left, at, before.Left, at, before.Left, at, p.Left)
		}
		ack = &p
		if p.Right > 0 {
			if before = window; before != nil {
				fmt.Fprintf(b, "yellow\nline %.9f %d %.9f %d\nline %.9f %d %.9f %d\n", before.at/1e9, before.Right, at, before.Right, at, before.Right, at, p.Right)
			}
			window = &p
		}
		if colour != "white" {
			fmt.Fprintf(b, "%s\ndiamond %.9f %d\n", colour, at, p.Left)
		}
		if slices.Contains(p.Flags, "duplicate_ack") && flaggedIn(p.Point, repaired) {
			fmt.Fprintf(b, "%s\nbtext %.9f %d\nD\n", cmp.Or(text.When(colour != "white", colour), "green"), at, p.Left)
		}
		for _, block := range p.SACK[:min(len(p.SACK), drawnBlocks)] {
			fmt.Fprintf(b, "purple\nline %.9f %d %.9f %d\natext %.9f %d\nS\n", at, block[0], at, block[1], at, block[1])
		}
	}
	fmt.Fprintln(b, "go")
	return b.Flush()
}
