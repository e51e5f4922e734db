package accuracy

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"text/tabwriter"

	"golang.org/x/sync/errgroup"

	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/internal/lab/judge"
)

// The bars of the estimate of capture loss, for runs with enough gap events.
const (
	enoughGaps  = 100
	maxLossOff  = .10 // of the truth
	minInterval = .92 // of the intervals hold the truth
	lossCopies  = 6   // of the recordings in one capture
)

// lossRates are the sniffer's drops that are tried: share and mean burst.
var lossRates = []struct {
	rate  float64
	burst int
}{{.002, 1}, {.01, 1}, {.01, 3}, {.02, 4}, {.03, 8}, {.08, 6}}

// longRun is the share of packets that is dropped in the long run: bursts of
// 1 + floor(exponential) packets between geometric gaps.
func longRun(rate float64, burst int) float64 {
	length := 1.0
	if burst > 1 {
		length += 1 / (math.Exp(1/float64(burst-1)) - 1)
	}
	start := rate / float64(burst)
	return length / (length + (1-start)/start)
}

// lossRow is what was found with one kind of drops, over all seeds and both
// directions.
type lossRow struct {
	runs, abstained, enough int
	worst                   float64 // relative error, of those with enough gaps
	holds, holdsLongRun     int     // of the runs that were not abstained from
	packets                 int     // ranges that hold the number of packets
}

func runLoss(ctx context.Context, o options) error {
	var recordings []lab.Recording
	for _, name := range []string{"lossy", "many-flows"} {
		r, err := lab.Load(filepath.Join(o.folder, name+".pcapng.gz"))
		if err != nil {
			return err
		}
		recordings = append(recordings, r)
	}
	rows := make([]lossRow, len(lossRates))
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, kind := range lossRates {
		for seed := o.firstSeed; seed < o.firstSeed+o.seeds; seed++ {
			t := judge.LossTrial{Recordings: recordings, Copies: lossCopies, Seed: seed, Degradation: lab.Degradation{
				Name: "drops", DropRate: kind.rate, DropBurst: kind.burst, Late: 30e3}}
			group.Go(func() error {
				return inTemporary(func(dir string) error {
					list, err := t.Run(ctx, dir)
					mu.Lock()
					defer mu.Unlock()
					for _, m := range list {
						rows[i].add(&m, longRun(kind.rate, kind.burst))
					}
					return err
				})
			})
		}
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return closeLoss(o, rows)
}

func (r *lossRow) add(m *judge.Missed, longRun float64) {
	r.runs++
	if m.Said.NoEstimate != "" {
		r.abstained++
		return
	}
	if m.Said.GapEvents >= enoughGaps {
		r.enough++
		r.worst = max(r.worst, math.Abs(float64(m.Said.RatePPM)/1e6/m.Rate()-1))
	}
	within := func(rate float64) bool {
		return float64(m.Said.LowPPM) <= 1e6*rate && 1e6*rate <= float64(m.Said.HighPPM)
	}
	if within(m.Rate()) {
		r.holds++
	}
	if within(longRun) {
		r.holdsLongRun++
	}
	if m.Said.PacketsLeast <= m.Packets && m.Packets <= m.Said.PacketsMost {
		r.packets++
	}
}

func closeLoss(o options, rows []lossRow) error {
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(table, "drops\tburst\truns\tabstained\twith %d gaps\tfarthest off\tinterval holds\tthe long run\tpackets in range\t\n", enoughGaps)
	var sum lossRow
	for i, r := range rows {
		told := r.runs - r.abstained
		fmt.Fprintf(table, "%.1f%%\t%d\t%d\t%d\t%d\t%.2f%%\t%s\t%s\t%s\t\n", 100*lossRates[i].rate, lossRates[i].burst, r.runs, r.abstained,
			r.enough, 100*r.worst, percent(r.holds, told), percent(r.holdsLongRun, told), percent(r.packets, told))
		sum.runs, sum.abstained, sum.enough = sum.runs+r.runs, sum.abstained+r.abstained, sum.enough+r.enough
		sum.worst, sum.holds, sum.holdsLongRun = max(sum.worst, r.worst), sum.holds+r.holds, sum.holdsLongRun+r.holdsLongRun
	}
	// Writing to the terminal is best effort.
	_ = table.Flush()
	missed := lossBars(&sum)
	for _, line := range missed {
		fmt.Println("missed:", line)
	}
	if o.check && len(missed) > 0 {
		return errMissed
	}
	return nil
}

func lossBars(sum *lossRow) (missed []string) {
	miss := func(format string, args ...any) { missed = append(missed, fmt.Sprintf(format, args...)) }
	told := sum.runs - sum.abstained
	if sum.enough == 0 {
		miss("no run has %d gaps: nothing was shown", enoughGaps)
	}
	if sum.worst > maxLossOff {
		miss("an estimate is off by %.2f %% of the truth, want at most %.0f", 100*sum.worst, 100*maxLossOff)
	}
	for what, holds := range map[string]int{"what was dropped": sum.holds, "the rate of drops": sum.holdsLongRun} {
		if got := share(holds, told); got < minInterval {
			miss("%.2f %% of the intervals hold %s, want %.0f", 100*got, what, 100*minInterval)
		}
	}
	return missed
}
