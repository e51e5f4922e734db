package accuracy

import (
	"context"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/internal/lab/witness"
)

// traceConditions are what the traces are like that tell headers, and the captures beside them.
var traceConditions = [...]struct {
	name    string
	dropped bool // by the capture, 2 % of the packets
	alike   bool // those without a checksum: in bursts, of one length
	witness.Trouble
}{
	{name: "whole"},
	{name: "10 % of events lost", Trouble: witness.Trouble{Lost: .1}},
	{name: "clock 1 s ahead, drifting by 50 ppm", Trouble: witness.Trouble{Offset: int64(time.Second), Drift: 50e-6}},
	{name: "two raw sockets", Trouble: witness.Trouble{Sockets: 2}},
	{name: "bursts of equal lengths", alike: true},
	{name: "packets dropped by the capture", dropped: true},
	{name: "another process's events", Trouble: witness.Trouble{Strangers: 1}},
	{name: "events lost and packets dropped", dropped: true, Trouble: witness.Trouble{Lost: .1}},
	{name: "all of that", dropped: true, alike: true, Trouble: witness.Trouble{
		Lost: .1, Offset: int64(time.Second), Drift: 50e-6, Sockets: 2, Strangers: .5, Shuffle: true}},
}

// alone is how many traceConditions have one trouble.
const alone = len(traceConditions) - 2

// answered is what packets of each condition are answered.
type answered [len(traceConditions)]witness.Answers

// judgeHeaders judges the headers of what the host of a recording sent: a tenth of it, and
// more in bursts, has no checksum.
func (a *answered) judgeHeaders(ctx context.Context, packets []lab.Packet, seed uint64) error {
	all := lab.Degradations()
	for i := range traceConditions {
		c := &traceConditions[i]
		name := "rawsocket"
		if c.dropped {
			name = "drops-2"
		}
		d := all[slices.IndexFunc(all, func(d lab.Degradation) bool { return d.Name == name })]
		truth := witness.Strange(packets, c.alike)
		trouble := c.Trouble
		trouble.Seed, trouble.RawAlone = seed, true
		err := inTemporary(func(dir string) error {
			got, _, err := witness.Answer(ctx, dir, truth, witness.Sent(lab.Degrade(truth, d, seed)), &trouble)
			a[i].Add(got)
			return err
		})
		if err != nil {
			return fmt.Errorf("headers, %s: %w", c.name, err)
		}
	}
	return nil
}

// print writes what a lot of recordings is answered, whose name it is.
func (a *answered) print(w io.Writer, of string) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, of+"\tpackets\twithout a checksum\tanswered\twrong\topen, event there\tthat might be others'\topen, event lost\t")
	for i := range a {
		g := &a[i]
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t\n", traceConditions[i].name, g.Packets, g.Unchecked, g.Answered, g.Wrong, g.Owed, g.Ambiguous, g.Lost)
	}
	table.Flush()
}

// missed are the bars of headers: none is wrong, and under each condition alone each
// packet is answered whose event is there and cannot be another's.
func (a *answered) missed() (missed []string) {
	for i := range a {
		if g := &a[i]; g.Wrong > 0 || i < alone && g.Owed > 0 {
			missed = append(missed, fmt.Sprintf("headers, %s: %d are wrong, and %d open though their events are there", traceConditions[i].name, g.Wrong, g.Owed))
		}
	}
	return missed
}
