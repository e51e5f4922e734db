package merged

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/report"
)

// mostLeft is the bar of connections of degraded captures that are left as
// recorded: a repair that moves nothing raises no flags either.
const mostLeft = 1.0 / 1000

// runGuard repairs the degraded recordings and counts what was left.
func runGuard(ctx context.Context, o options, dir string) (missed []string, err error) {
	paths, err := filepath.Glob(filepath.Join(o.folder, "*.pcapng.gz"))
	if err != nil {
		return nil, err
	}
	var left, connections int64
	for i, path := range paths {
		recording, err := lab.Load(path)
		if err != nil {
			return nil, err
		}
		truth := lab.Delivered(recording.Packets)
		for k, d := range lab.Degradations() {
			if o.quick && (i+k)%4 != 0 {
				continue
			}
			for seed := uint64(1); seed <= o.seeds; seed++ {
				r, err := repairDegraded(ctx, o, dir, lab.Degrade(truth, d, seed), truth, seed)
				if err != nil {
					return nil, fmt.Errorf("%s, %s: %w", recording.Name, d.Name, err)
				}
				l := r.Order.AsRecorded
				n := l.FlagsWouldRise + l.BothEnds + l.Copied + l.Repeated
				left, connections = left+n, connections+r.Flows.Total
				if n > 0 || l.WholeCapture || o.verbose {
					fmt.Printf("%s, %s, seed %d: %d of %d connections left: %q\n", recording.Name, d.Name, seed, n, r.Flows.Total, r.Notes)
				}
				if b, a := sum(r.Analysis.Before), sum(r.Analysis.After); a > b {
					missed = append(missed, fmt.Sprintf("%s, %s, seed %d: flags rose from %d to %d", recording.Name, d.Name, seed, b, a))
				}
			}
		}
	}
	fmt.Printf("%d of %d connections of degraded captures left as recorded\n", left, connections)
	if float64(left) > mostLeft*float64(connections) {
		missed = append(missed, fmt.Sprintf("%d of %d connections left as recorded, want at most 1 in %.0f", left, connections, 1/mostLeft))
	}
	return missed, nil
}

// repairDegraded repairs packets as a raw-socket sniffer writes them, without
// their IPv6 headers and beside the host's tables; every other seed with headers.
func repairDegraded(ctx context.Context, o options, dir string, degraded, truth []lab.Packet, seed uint64) (r report.Report, err error) {
	in := filepath.Join(dir, "degraded.pcapng")
	form := lab.Stub
	if seed%2 == 0 {
		form = lab.WithHeaders
	}
	var file bytes.Buffer
	if err := lab.WriteForm(&file, degraded, form, lab.Pcapng); err != nil {
		return r, err
	}
	if err := os.WriteFile(in, file.Bytes(), 0o644); err != nil {
		return r, err
	}
	if err := lab.WriteTables(strings.TrimSuffix(in, ".pcapng")+".tables", lab.SnapshotOf(truth), lab.Own); err != nil {
		return r, err
	}
	out := filepath.Join(dir, "repaired.pcapng")
	os.Remove(out) // of the capture before, if there was one
	return mend(ctx, o, in, out)
}
