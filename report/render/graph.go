package render

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/internal/bounded"
	"github.com/mendcap/mendcap/report/internal/text"
)

// graphView is what is drawn of a connection.
type graphView struct {
	Direction, Text string
	Open            bool
	Pairs           []pairView
}

// pairView shows the same packets before and after.
type pairView struct {
	Text   string
	Panels []panelView
}

// panelView is one time-sequence graph.
type panelView struct {
	Title, Label, Clip      string
	Width, Height           int
	Left, Top               string
	InnerWidth, InnerHeight string
	Axes                    axes
	Data, Ack, Window, Sack string // paths
	Marks                   []markView
}

// markView is a packet that is highlighted: data as a path, an ACK as a point.
type markView struct {
	Frame                       int64
	Class, Title, Path, X, Y, R string
}

// The measures of a time-sequence graph, pixels at full width.
const (
	graphWidth  = 560
	graphHeight = 330
	graphLeft   = 66
	graphTop    = 24
	graphRight  = 14
	graphBottom = 28
)

// placed is a point with its place on the axis of time.
type placed struct {
	*report.Point
	frame int64 // in the order that is drawn
	at    float64
}

func viewGraph(f *report.Flow, clip string) graphView {
	g := f.Graph
	v := graphView{Direction: text.Sanitise(g.Direction.String())}
	moved := 0
	for i := range g.Points {
		if g.Points[i].Moved {
			moved++
		}
	}
	v.Text = fmt.Sprintf("%s%s of %s; %s moved", text.Plural(int64(len(g.Points)), "packet"),
		text.When(g.Skipped > 0, " after the first "+text.Count(g.Skipped)), text.Count(f.Packets), text.Count(int64(moved)))
	v.Pairs = append(v.Pairs, drawPair("", clip, g.Points))
	if len(g.Points) > 2*closerPoints {
		near := closer(g.Points)
		text := fmt.Sprintf("Closer: the %d packets with most to see.", len(near))
		v.Pairs = append(v.Pairs, drawPair(text, clip+"-closer", near))
	}
	return v
}

// closerPoints is how many packets the closer picture shows.
const closerPoints = 32

// closer returns the stretch of packets in which most moved or is flagged.
func closer(points []report.Point) []report.Point {
	weight := func(p *report.Point) int {
		switch {
		case p.Moved:
			return 2
		case pointClass(p, false) != "" || pointClass(p, true) != "":
			return 1
		}
		return 0
	}
	sum, best, from, span := 0, -1, 0, int64(0)
	for i := range points {
		sum += weight(&points[i])
		if i >= closerPoints {
			sum -= weight(&points[i-closerPoints])
		}
		start := i - closerPoints + 1
		if start < 0 {
			continue
		}
		// Of two the shorter one, in which more can be told apart.
		if took := bounded.Sub(points[i].After, points[start].After); sum > best || sum == best && took < span {
			best, from, span = sum, start, took
		}
	}
	return points[from : from+closerPoints]
}

// drawPair draws the same packets as recorded and as repaired, to one scale.
func drawPair(text, clip string, points []report.Point) pairView {
	before := spread(points, func(p *report.Point) (int64, int64) { return p.Before, p.Frame })
	after := spread(points, func(p *report.Point) (int64, int64) { return p.After, p.FrameAfter })
	whole := spanOf(points, before, after)
	return pairView{text, []panelView{
		drawPanel("As recorded", clip+"-before", whole, before, false),
		drawPanel("As repaired", clip+"-after", whole, after, true),
	}}
}

// spread puts points in their order. Those with one time are drawn beside each
// other within the least step that the times have.
func spread(points []report.Point, key func(*report.Point) (at, frame int64)) []placed {
	list := make([]placed, len(points))
	for i := range points {
		at, frame := key(&points[i])
		list[i] = placed{&points[i], frame, float64(at)}
	}
	slices.SortStableFunc(list, func(a, b placed) int { return cmp.Compare(a.frame, b.frame) })
	tick := leastStep(list)
	for i := 0; i < len(list); {
		end := i + 1
		for end < len(list) && list[end].at == list[i].at {
			end++
		}
		for k := i + 1; k < end; k++ {
			list[k].at += tick * 0.9 * float64(k-i) / float64(end-i)
		}
		i = end
	}
	return list
}

// leastStep is the least difference of two times, 1 where all are the same.
func leastStep(list []placed) float64 {
	times := make([]float64, len(list))
	for i := range list {
		times[i] = list[i].at
	}
	slices.Sort(times)
	least := math.Inf(1)
	for i := 1; i < len(times); i++ {
		if d := times[i] - times[i-1]; d > 0 {
			least = min(least, d)
		}
	}
	if math.IsInf(least, 1) {
		return 1
	}
	return least
}

// spanOf is what both pictures show: the data, and what is acknowledged unless
// that lies far from it.
func spanOf(points []report.Point, lists ...[]placed) frame {
	f := frame{
		left: graphLeft, top: graphTop, width: graphWidth - graphLeft - graphRight, height: graphHeight - graphTop - graphBottom,
		x0: math.Inf(1), x1: math.Inf(-1), y0: math.Inf(1), y1: math.Inf(-1),
	}
	for _, list := range lists {
		for i := range list {
			f.x0, f.x1 = min(f.x0, list[i].at), max(f.x1, list[i].at)
		}
	}
	for i := range points {
		if p := &points[i]; p.Kind == "data" {
			f.y0, f.y1 = min(f.y0, float64(p.Left)), max(f.y1, float64(p.Right))
		}
	}
	room := f.y1 - f.y0 // of the data; none of it is less than nothing
	low, high := f.y0-0.15*room, f.y1+0.15*room
	for i := range points {
		at := float64(points[i].Left)
		if points[i].Kind == "ack" && (room < 0 || at >= low && at <= high) {
			f.y0, f.y1 = min(f.y0, at), max(f.y1, at)
		}
	}
	if f.x0 > f.x1 { // no point
		f.x0, f.x1 = 0, 1
	}
	if f.y0 > f.y1 {
		f.y0, f.y1 = 0, 1
	}
	padX, padY := max((f.x1-f.x0)*0.02, 0.5, leastPad(f.x0, f.x1)), max((f.y1-f.y0)*0.05, 1, leastPad(f.y0, f.y1))
	f.x0, f.x1, f.y0, f.y1 = f.x0-padX, f.x1+padX, f.y0-padY, f.y1+padY
	return f
}

// leastPad is the least by which two numbers of this size can be told apart in a
// picture.
func leastPad(a, b float64) float64 { return max(math.Abs(a), math.Abs(b)) * 1e-12 }

func drawPanel(title, clip string, f frame, list []placed, repaired bool) panelView {
	v := panelView{
		Title: title, Clip: clip, Width: graphWidth, Height: graphHeight,
		Left: px(f.left), Top: px(f.top), InnerWidth: px(f.width), InnerHeight: px(f.height),
		Axes: axes{X: f.timeTicks(5), Y: f.yTicks(6, seqText)},
	}
	var data, ack, window, sack strings.Builder
	counts, radius := make(map[string]int), "3.4"
	if len(list) > 2*closerPoints {
		radius = "2" // else they hide each other
	}
	for _, p := range list {
		x, y, class := f.x(p.at), f.y(float64(p.Left)), pointClass(p.Point, repaired)
		mark := markView{Frame: p.Frame, Class: class}
		if p.Kind == "data" {
			mark.Path = stroke(x, y, f.y(float64(p.Right)))
			if class == "" {
				data.WriteString(mark.Path)
			}
		} else {
			mark.X, mark.Y, mark.R = px(x), px(y), radius
			steps(&ack, x, y)
			if p.Right > 0 {
				steps(&window, x, f.y(float64(p.Right)))
			}
			for _, block := range p.SACK[:min(len(p.SACK), drawnBlocks)] {
				sack.WriteString(stroke(x, f.y(float64(block[0])), f.y(float64(block[1]))))
			}
		}
		if class != "" {
			mark.Title = pointTitle(p.Point)
			v.Marks = append(v.Marks, mark)
		}
		counts[class]++
	}
	v.Data, v.Ack, v.Window, v.Sack = data.String(), ack.String(), window.String(), sack.String()
	v.Label = fmt.Sprintf("Time-sequence graph, %s: %s, %d of them moved, %d others flagged",
		strings.ToLower(title), text.Plural(int64(len(list)), "packet"), counts["moved"], counts["flagged"])
	return v
}

// seqText writes a relative sequence number.
func seqText(n int64) string {
	if n < 0 {
		return "-" + text.Size(bounded.Sub(0, n))
	}
	return text.Size(n)
}

// stroke is a segment's bar, at least two pixels long.
func stroke(x, from, to float64) string {
	if from-to < 2 {
		mid := (from + to) / 2
		from, to = mid+1, mid-1
	}
	return "M" + px(x) + " " + px(from) + "V" + px(to)
}

// steps draws a line that stays where it is until the next value.
func steps(b *strings.Builder, x, y float64) {
	if b.Len() == 0 {
		b.WriteString("M" + px(x) + " " + px(y))
		return
	}
	b.WriteString("H" + px(x) + "V" + px(y))
}

// pointClass says how a point is highlighted: moved, or flagged in the picture's order
// with more than what plainly happened.
func pointClass(p *report.Point, repaired bool) string {
	if p.Moved {
		return "moved"
	}
	gone := report.Created
	if repaired {
		gone = report.Artefact
	}
	for _, v := range p.Verdicts {
		if !plain(v) && v != gone {
			return "flagged"
		}
	}
	return ""
}

func pointTitle(p *report.Point) string {
	by := time.Duration(bounded.Sub(p.Before, p.After))
	elsewhere := text.When(p.FrameAfter != p.Frame, fmt.Sprintf(", %d in the repaired capture", p.FrameAfter))
	return text.Join("; ", fmt.Sprintf("Frame %d%s", p.Frame, elsewhere),
		text.When(p.Kind == "data", fmt.Sprintf("bytes %d to %d", p.Left, p.Right)),
		text.When(p.Kind != "data", fmt.Sprintf("acknowledges %d", p.Left)),
		text.When(p.Moved, "moved"+text.When(by != 0, " by "+text.Duration(by))),
		namesText(p.Flags)) + text.When(len(p.Verdicts) > 0, " ("+namesText(p.Verdicts)+")")
}

// namesText lists the first names, sanitised.
func namesText[Name ~string](names []Name) string {
	var shown []string
	for _, name := range names[:min(len(names), drawnNames)] {
		shown = append(shown, string(name))
	}
	return text.Sanitise(strings.Join(shown, ", "))
}
