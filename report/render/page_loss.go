package render

import (
	"fmt"

	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/internal/bounded"
	"github.com/mendcap/mendcap/report/internal/text"
)

// lossTable shows the estimates of what the capture missed.
func lossTable(r *report.Report) *tableView {
	t := &tableView{
		ID: "loss", Heading: "What the capture missed", Label: "Estimates of what the capture missed",
		Hints:   []string{"Bytes that one end acknowledged and that the capture does not hold."},
		Columns: columnsOf("direction", "acknowledged#", "missed#", "share#", "95 % interval", "gaps#", "packets#", "connections judged#", "remark"),
	}
	shown := r.CaptureLoss.Directions[:min(len(r.CaptureLoss.Directions), pageRows)]
	for i := range shown {
		d := &r.CaptureLoss.Directions[i]
		share, interval, packets := cell{Class: "n"}, cell{}, cell{Class: "n"}
		if d.Abstained == "" {
			share = cell{Text: percent(d.RatePPM), Class: "n", Sort: fmt.Sprint(d.RatePPM)}
			interval.Text = percent(d.LowPPM) + " to " + percent(d.HighPPM)
			packets = cell{Text: fromTo(d.PacketsLeast, d.PacketsMost), Class: "n", Sort: fmt.Sprint(d.PacketsLeast)}
		}
		remark := d.Abstained
		if remark != "" {
			remark = "no estimate: " + remark
		}
		t.Rows = append(t.Rows, []cell{
			textCell(d.Direction, ""), sizeCell(d.AckedBytes), sizeCell(d.MissedBytes), share, interval, numberCell(d.GapEvents), packets,
			numberCell(d.Connections), textCell(remark, "long"),
		})
	}
	t.rest(len(shown), int64(len(r.CaptureLoss.Directions)))
	for i, d := range r.CaptureLoss.Declared {
		if i == pageRows {
			t.Hints = append(t.Hints, fmt.Sprintf("and %d more drop counts in the file", len(r.CaptureLoss.Declared)-i))
			break
		}
		t.Hints = append(t.Hints, text.Sanitise(fmt.Sprintf("The file itself counts %s on interface %d (%s).", text.Plural(d.Packets, "dropped packet"), d.Interface, d.Source)))
	}
	return t
}

// overflowTable shows when gaps came together.
func overflowTable(r *report.Report) *tableView {
	t := &tableView{
		ID: "overflows", Heading: "Overflows", Label: "Times at which several connections had gaps at once",
		Hints:   []string{"Gaps in several connections at once, as when the socket's buffer is full."},
		Columns: columnsOf("time (UTC)", "lasted#", "connections#", "missed#", "frame behind it#"),
	}
	shown := r.CaptureLoss.Overflows[:min(len(r.CaptureLoss.Overflows), pageRows)]
	for _, o := range shown {
		t.Rows = append(t.Rows, []cell{
			textCell(o.Start.UTC().Format("2006-01-02 15:04:05.000000"), ""), durationCell(o.Span), numberCell(int64(o.Connections)),
			sizeCell(o.MissedBytes), numberCell(o.Frame),
		})
	}
	t.rest(len(shown), bounded.Add(int64(len(r.CaptureLoss.Overflows)), r.CaptureLoss.OverflowsOmitted))
	return t
}
