package render

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/internal/bounded"
	"github.com/mendcap/mendcap/report/internal/text"
)

// graphView is what is drawn of a connection.
type graphView struct {
	ID, Row, Findings string // its own, that of the connection's row, and that of the findings
	Words             string // by which the findings of the connection are found
	Direction, Text   string
	Open              bool
	Pairs             []pairView
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
	TimeX, TimeY            string // of the name of the axis of time
	Data, Ack, Window, Sack string // paths
	Marks                   []markView
	Letters                 []letterView
}

// markView is a packet that is highlighted: data as a path, an ACK as a point. A packet
// that moved has an outline.
type markView struct {
	Frame                       int64
	Moved                       bool
	Class, Title, Path, X, Y, R string
}

// letterView is a letter beside a packet, as xplot has them: R for data sent again, D
// for a duplicate ACK, S for a SACK block.
type letterView struct{ Class, X, Y, Text string }

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
	for _, p := range g.Points {
		if p.Moved {
			moved++
		}
	}
	v.Text = fmt.Sprintf("%s%s of %s; %s moved", text.Plural(int64(len(g.Points)), "packet"),
		text.When(g.Skipped > 0, " after the first "+text.Count(g.Skipped)), text.Count(f.Packets), text.Count(int64(moved)))
	v.Pairs = append(v.Pairs, drawPair("", clip, g.Points, moved > 0))
	if len(g.Points) > 2*closerPoints {
		near := closer(g.Points)
		text := fmt.Sprintf("Closer: the %d packets with most to see.", len(near))
		v.Pairs = append(v.Pairs, drawPair(text, clip+"-closer", near, moved > 0))
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
	return busy(points[from:from+closerPoints], weight)
}

// leastCloser is how many packets a closer picture has at least.
const leastCloser = 8

// busy leaves out the idle time of a stretch: where one silence takes more than half of
// it, the side with more to see stays.
func busy(points []report.Point, weight func(*report.Point) int) []report.Point {
	for len(points) > leastCloser {
		longest, at := int64(0), 0
		for i := 1; i < len(points); i++ {
			if gap := bounded.Sub(points[i].After, points[i-1].After); gap > longest {
				longest, at = gap, i
			}
		}
		if longest <= bounded.Sub(points[len(points)-1].After, points[0].After)/2 {
			break
		}
		first, second := 0, 0
		for i := range points {
			if i < at {
				first += weight(&points[i])
			} else {
				second += weight(&points[i])
			}
		}
		kept := points[at:]
		if first > second || first == second && at > len(points)/2 {
			kept = points[:at]
		}
		if len(kept) < leastCloser {
			break
		}
		points = kept
	}
	return points
}

// drawPair draws the same packets as recorded and as repaired, to one scale; once where
// none of the connection has moved.
func drawPair(text, clip string, points []report.Point, moved bool) pairView {
	before := spread(points, func(p *report.Point) (int64, int64) { return p.Before, p.Frame })
	after := spread(points, func(p *report.Point) (int64, int64) { return p.After, p.FrameAfter })
	whole := spanOf(points, before, after)
	if !moved {
		return pairView{text, []panelView{drawPanel("As recorded; nothing moved", clip+"-after", whole, after, true)}}
	}
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
	least := 0.0
	for i := 1; i < len(times); i++ {
		if d := times[i] - times[i-1]; d > 0 && (least == 0 || d < least) {
			least = d
		}
	}
	return cmp.Or(least, 1)
}

// spanOf is what both pictures show: the data, and what is acknowledged unless
// that lies far from it.
func spanOf(points []report.Point, lists ...[]placed) frame {
	var times, data, acks []float64
	for _, p := range slices.Concat(lists...) {
		times = append(times, p.at)
	}
	for _, p := range points {
		switch p.Kind {
		case "data":
			data = append(data, float64(p.Left), float64(p.Right))
		case "ack":
			acks = append(acks, float64(p.Left))
		}
	}
	if len(data) > 0 {
		low, high := slices.Min(data), slices.Max(data)
		room := 0.15 * (high - low)
		acks = slices.DeleteFunc(acks, func(at float64) bool { return at < low-room || at > high+room })
	}
	f := frame{left: graphLeft, width: graphWidth - graphLeft - graphRight}
	f.top, f.height = graphTop, graphHeight-graphTop-graphBottom
	f.x0, f.x1 = padded(times, 0.02, 0.5)
	f.y0, f.y1 = padded(append(data, acks...), 0.05, 1)
	return f
}

// padded is what numbers span, wider on both sides by a share, by least at least, and
// by enough to tell two numbers of this size apart in a picture.
func padded(numbers []float64, share, least float64) (from, to float64) {
	if len(numbers) == 0 {
		numbers = []float64{0, 1}
	}
	low, high := slices.Min(numbers), slices.Max(numbers)
	pad := max((high-low)*share, least, max(math.Abs(low), math.Abs(high))*1e-12)
	return low - pad, high + pad
}

func drawPanel(title, clip string, f frame, list []placed, repaired bool) panelView {
	v := panelView{
		Title: title, Clip: clip, Width: graphWidth, Height: graphHeight,
		Left: px(f.left), Top: px(f.top), InnerWidth: px(f.width), InnerHeight: px(f.height),
		Axes:  axes{X: f.timeTicks(5), Y: f.yTicks(6, seqText)},
		TimeX: px(f.left + f.width), TimeY: px(f.top + f.height - 5),
	}
	var data, ack, window, sack strings.Builder
	counts, radius := make(map[string]int), "3.4"
	if len(list) > 2*closerPoints {
		radius = "2" // else they hide each other
	}
	for _, p := range list {
		x, y, class := f.x(p.at), f.y(float64(p.Left)), pointClass(p.Point, repaired)
		mark := markView{Frame: p.Frame, Moved: p.Moved, Class: cmp.Or(class, text.When(p.Kind == "data", "data"), "ack")}
		if p.Kind == "data" {
			mark.Path = stroke(x, y, f.y(float64(p.Right)))
			if class == "" && !p.Moved {
				data.WriteString(mark.Path)
			}
			if again(p.Point) && flaggedIn(p.Point, repaired) {
				v.letter(class, x, f.y(float64(p.Right))-3, "R")
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
			if len(p.SACK) > 0 {
				v.letter("sack", x, f.y(float64(p.SACK[0][1]))-3, "S")
			}
			if slices.Contains(p.Flags, "duplicate_ack") && flaggedIn(p.Point, repaired) {
				v.letter(class, x, y+11, "D")
			}
		}
		if class != "" || p.Moved {
			mark.Title = pointTitle(p.Point)
			v.Marks = append(v.Marks, mark)
		}
		counts[class]++
		if p.Moved {
			counts["moved"]++
		}
	}
	v.Data, v.Ack, v.Window, v.Sack = data.String(), ack.String(), window.String(), sack.String()
	v.Label = fmt.Sprintf("Time-sequence graph, %s: %s, %d of them moved, %d flagged",
		strings.ToLower(title), text.Plural(int64(len(list)), "packet"), counts["moved"], counts["flagged"])
	return v
}

// closeLetters is how near to each other letters of one kind may stand, pixels: of those
// that would hide each other the first one is drawn.
const closeLetters = 7

// letter adds a letter beside a packet.
func (v *panelView) letter(class string, x, y float64, text string) {
	for i := len(v.Letters) - 1; i >= 0 && i >= len(v.Letters)-closerPoints; i-- {
		l := &v.Letters[i]
		if l.Text == text && near(l.X, x) && near(l.Y, y) {
			return
		}
	}
	v.Letters = append(v.Letters, letterView{cmp.Or(class, "plain"), px(x), px(y), text})
}

func near(drawn string, v float64) bool {
	at, err := strconv.ParseFloat(drawn, 64)
	return err == nil && math.Abs(at-v) < closeLetters
}

// again reports whether the analyser takes a packet's data for sent again.
func again(p *report.Point) bool {
	return slices.ContainsFunc(p.Flags, func(flag string) bool { return strings.HasSuffix(flag, "retransmission") })
}

// seqText writes a relative sequence number.
func seqText(n int64) string { return text.When(n < 0, "-") + text.Size(max(n, bounded.Sub(0, n))) }

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

// pointClass says how a point is highlighted: flagged in the picture's order with more
// than what plainly happened.
func pointClass(p *report.Point, repaired bool) string {
	for _, v := range p.Verdicts {
		if !plain(v) && v != absent(repaired) {
			return "flagged"
		}
	}
	return ""
}

// absent is the verdict of flags that are not there in the order of a picture.
func absent(repaired bool) report.Verdict {
	if repaired {
		return report.Artefact
	}
	return report.Created
}

// flaggedIn reports whether the analyser flags a point in the order of a picture, be it
// with what plainly happened.
func flaggedIn(p *report.Point, repaired bool) bool {
	return slices.ContainsFunc(p.Verdicts, func(v report.Verdict) bool { return v != absent(repaired) })
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
