package render

import (
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

// chart is a chart of bars: bands above each other that share their width.
type chart struct {
	Label         string // says what is drawn to those who don't see it
	Width, Height int
	Bands         []band
	Legend        []tag
}

// band is one diagram of a chart.
type band struct {
	Title  string
	X, Y   string // of the title
	Axes   axes
	Bars   []bar
	Labels []tick
}

type bar struct{ Class, X, Y, W, H, Title string }

type axes struct{ X, Y []tick }

// tick is a line of the grid with its text; Line is empty for a text alone.
type tick struct{ Line, X, Y, Text string }

// px writes a coordinate.
func px(v float64) string { return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64) }

// whole is the int64 nearest to v.
func whole(v float64) int64 {
	switch {
	case v >= math.MaxInt64:
		return math.MaxInt64
	case v <= math.MinInt64:
		return math.MinInt64
	}
	return int64(v)
}

// niceStep is the least of 1, 2, 5, 10 and so on of which at most n fit span.
func niceStep(span float64, n int) float64 {
	if span <= 0 {
		return 1
	}
	base := math.Pow(10, math.Floor(math.Log10(span/float64(n))))
	for _, k := range []float64{1, 2, 5} {
		if k*base*float64(n) >= span {
			return k * base
		}
	}
	return 10 * base
}

// niceSteps lists the multiples of a nice step, which is at least least, from low to
// high: about n, and never more than two more. Where numbers of this size have
// no such steps they are fewer.
func niceSteps(low, high float64, n int, least float64) []float64 {
	step := max(niceStep(high-low, n), least)
	var list []float64
	for i, first := 0, math.Ceil(low/step); i < n+2; i++ {
		v := (first + float64(i)) * step
		if v > high {
			break
		}
		if len(list) == 0 || v > list[len(list)-1] {
			list = append(list, v)
		}
	}
	return list
}

// frame is where in a chart a diagram is drawn, and what it spans.
type frame struct {
	left, top, width, height float64
	x0, x1, y0, y1           float64
}

func (f *frame) x(v float64) float64 { return f.left + (v-f.x0)/(f.x1-f.x0)*f.width }
func (f *frame) y(v float64) float64 { return f.top + f.height - (v-f.y0)/(f.y1-f.y0)*f.height }

// yTicks are lines across the diagram.
func (f *frame) yTicks(n int, text func(int64) string) []tick {
	var list []tick
	for _, v := range niceSteps(f.y0, f.y1, n, 1) {
		y := f.y(v)
		list = append(list, tick{
			Line: "M" + px(f.left) + " " + px(y) + "H" + px(f.left+f.width),
			X:    px(f.left - 7), Y: px(y + 4), Text: text(whole(v)),
		})
	}
	return list
}

// timeTicks are lines up the diagram, whose span is nanoseconds.
func (f *frame) timeTicks(n int) []tick {
	var list []tick
	for _, v := range niceSteps(f.x0, f.x1, n, 0) {
		x, label := f.x(v), "0"
		if v != 0 {
			label = text.Duration(time.Duration(whole(v)))
		}
		list = append(list, tick{
			Line: "M" + px(x) + " " + px(f.top) + "V" + px(f.top+f.height),
			X:    px(x), Y: px(f.top + f.height + 17), Text: label,
		})
	}
	return list
}

// The measures of charts, pixels at full width.
const (
	chartWidth  = 1120
	chartLeft   = 64
	chartRight  = 34
	bandTitle   = 26
	bandHeight  = 96
	bandBelow   = 18
	chartBottom = 26
)

// How much is drawn: a repair makes less, and what has more has no picture.
const (
	drawnIntervals = 1000 // of the timeline
	drawnMoves     = 100  // bars of the histogram
	drawnPoints    = 1000 // packets of a connection
	drawnBlocks    = 4    // SACK blocks of a packet (RFC 2018, section 3)
	drawnNames     = 20   // flags and verdicts in the title of a packet
)

// notDrawn says which pictures are missing because they would be too large.
func notDrawn(r *report.Report) []string {
	large := int64(0)
	for _, f := range r.Flows.List {
		if f.Graph != nil && len(f.Graph.Points) > drawnPoints {
			large++
		}
	}
	intervals, moves := int64(len(r.Timeline.Packets)), int64(len(r.Order.Displacement))
	return text.Parts(
		text.When(intervals > drawnIntervals,
			"The picture over time is left out: it would have "+text.Count(intervals)+" intervals."),
		text.When(moves > drawnMoves, "The picture of the moves is left out: it would have "+text.Count(moves)+" bars."),
		text.When(large > 0, "The pictures of "+text.Plural(large, "connection")+" are left out: they would have more than "+
			text.Count(drawnPoints)+" packets."))
}

// series is what one band shows: layers of bars upon each other.
type series struct {
	title  string
	text   func(int64) string
	layers []layer
}

type layer struct {
	class, name string
	counts      []int64
}

// timelineSection draws what happened when: packets, findings by verdict, and what
// the capture missed.
func timelineSection(r *report.Report) section {
	t := &r.Timeline
	if t.Width <= 0 || len(t.Packets) == 0 || len(t.Packets) > drawnIntervals {
		return section{}
	}
	c := &chart{Width: chartWidth, Legend: []tag{{"packets that moved", movedTag}, {"packets that stayed", stayedTag}}}
	var findings, apart []layer
	for _, name := range report.VerdictsIn(r.Findings.ByVerdict) {
		if counts := t.ByVerdict[name]; len(counts) > 0 {
			one := layer{"fill " + tagClass(string(name)), text.Sanitise(string(name)), counts}
			findings = append(findings, one)
			if name != report.Artefact && !plain(name) {
				apart = append(apart, one)
			}
			c.Legend = append(c.Legend, tag{string(name), string(name)})
		}
	}
	all := []series{{"Packets", text.Count, []layer{{"bar-moved", "moved", t.Moved}, {"bar-plain", "not moved", minus(t.Packets, t.Moved)}}}}
	if len(findings) > 0 {
		all = append(all, series{"Findings", text.Count, findings})
	}
	if n := len(apart); n > 0 && n < len(findings) {
		all = append(all, series{"Findings but for artefact and genuine", text.Count, apart})
	}
	if missed := missedOverTime(r); missed != nil {
		all = append(all, series{"Bytes that the capture missed", text.Size, []layer{{"bar-missed", "missed", missed}}})
	}
	var titles []string
	for i, s := range all {
		titles = append(titles, s.title)
		c.Bands = append(c.Bands, timelineBand(t, s, i, i == len(all)-1))
	}
	c.Height = len(all)*(bandTitle+bandHeight+bandBelow) + chartBottom - bandBelow
	c.Label = "Charts over time of " + strings.ToLower(strings.Join(titles, ", "))
	return section{ID: "time", Heading: "Over time", Chart: c, Hints: []string{
		fmt.Sprintf("Counts for every %s, from %s UTC on.", text.Duration(t.Width), t.Start.UTC().Format("2006-01-02 15:04:05.000000")),
	}}
}

func minus(a, b []int64) []int64 {
	d := slices.Clone(a)
	for i := range min(len(a), len(b)) {
		d[i] = bounded.Sub(a[i], b[i])
	}
	return d
}

// missedOverTime adds up missed bytes by the intervals of the timeline; nil
// where none were missed.
func missedOverTime(r *report.Report) []int64 {
	t := &r.Timeline
	var missed []int64
	for _, bin := range r.CaptureLoss.Timeline {
		i := int64(bin.Start.Sub(t.Start) / t.Width)
		if bin.MissedBytes <= 0 || i < 0 || i >= int64(len(t.Packets)) {
			continue
		}
		if missed == nil {
			missed = make([]int64, len(t.Packets))
		}
		missed[i] = bounded.Add(missed[i], bin.MissedBytes)
	}
	return missed
}

// timelineBand draws one series; the lowest has the labels of the time.
func timelineBand(t *report.Timeline, s series, place int, lowest bool) band {
	n := len(t.Packets)
	f := frame{
		left: chartLeft, top: float64(place*(bandTitle+bandHeight+bandBelow) + bandTitle), width: chartWidth - chartLeft - chartRight, height: bandHeight,
		x1: float64(n) * float64(t.Width), y1: 1,
	}
	totals := make([]float64, n)
	for _, l := range s.layers {
		for i := range min(n, len(l.counts)) {
			totals[i] += float64(max(l.counts[i], 0))
			f.y1 = max(f.y1, totals[i])
		}
	}
	f.y1 *= 1.05
	b := band{Title: s.title, X: px(f.left), Y: px(f.top - 9)}
	b.Axes.Y = f.yTicks(3, s.text)
	b.Axes.X = f.timeTicks(8)
	if !lowest {
		for i := range b.Axes.X {
			b.Axes.X[i].Text = ""
		}
	}
	base := make([]float64, n)
	for _, l := range s.layers {
		for i := range min(n, len(l.counts)) {
			if l.counts[i] <= 0 {
				continue
			}
			from, to := base[i], base[i]+float64(l.counts[i])
			base[i] = to
			x0, x1 := f.x(float64(i)*float64(t.Width)), f.x(float64(i+1)*float64(t.Width))
			b.Bars = append(b.Bars, bar{
				Class: l.class, X: px(x0 + 0.5), W: px(max(x1-x0-1, 0.8)), Y: px(f.y(to)), H: px(max(f.y(from)-f.y(to), 0.8)),
				Title: fmt.Sprintf("from %s: %s %s", text.Duration(time.Duration(whole(float64(i)*float64(t.Width)))), s.text(l.counts[i]), l.name),
			})
		}
	}
	return b
}

// movesSection draws how far packets were moved.
func movesSection(r *report.Report) section {
	list := r.Order.Displacement
	if len(list) == 0 || len(list) > drawnMoves {
		return section{}
	}
	f := frame{left: chartLeft, top: bandTitle, width: chartWidth - chartLeft - chartRight, height: 130, x1: max(float64(len(list)), 8), y1: 1}
	for _, d := range list {
		f.y1 = max(f.y1, float64(d.Packets))
	}
	f.y1 *= 1.12
	b := band{Title: "Packets", X: px(f.left), Y: px(f.top - 9), Axes: axes{Y: f.yTicks(3, text.Count)}}
	var said []string
	for i, d := range list {
		x0, x1, label := f.x(float64(i)+0.12), f.x(float64(i)+0.88), "up to "+text.Duration(d.UpTo)
		if d.UpTo == 0 {
			label = "same time"
		}
		top := f.y(float64(max(d.Packets, 0)))
		b.Bars = append(b.Bars, bar{Class: "bar-moved", X: px(x0), W: px(x1 - x0), Y: px(top), H: px(f.y(0) - top)})
		b.Labels = append(b.Labels, tick{X: px((x0 + x1) / 2), Y: px(top - 5), Text: text.Count(d.Packets)})
		if len(list) <= 12 || i%(len(list)/12+1) == 0 {
			b.Labels = append(b.Labels, tick{X: px((x0 + x1) / 2), Y: px(f.top + f.height + 17), Text: strings.TrimPrefix(label, "up to ")})
		}
		if d.Packets > 0 {
			said = append(said, label+": "+text.Count(d.Packets))
		}
	}
	return section{
		ID: "moves", Heading: "How far packets were moved",
		Hints: []string{"Each bar reaches up to the time below it; “same time” are packets that changed places within one tick of the clock."},
		Chart: &chart{
			Width: chartWidth, Height: int(f.top+f.height) + chartBottom, Bands: []band{b},
			Label: "Histogram of " + text.Plural(r.Order.Moved, "moved packet") + ": " + strings.Join(said, ", "),
		},
	}
}

// plain reports whether a verdict asks for nothing: what the flag says is what
// happened.
func plain(verdict report.Verdict) bool { return verdict == report.Genuine }
