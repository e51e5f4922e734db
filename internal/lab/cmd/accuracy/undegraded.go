package accuracy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/mendcap/mendcap/repair"
)

// undegraded is a capture as it was taken, and what the repair did to it.
type undegraded struct {
	name              string
	packets           int64
	moved, unrepaired int64
	broken            int64 // violations of moving laws that no drop explains
	refused           bool  // it is not one that the repair takes
}

// samplesVariable names the folder of public captures.
const samplesVariable = "MENDCAP_SAMPLES"

// repairUndegraded repairs the recordings that were not taken at the host's stack,
// and the public samples where they are there.
func repairUndegraded(ctx context.Context, o options) (all []undegraded, err error) {
	patterns := []string{filepath.Join(o.folder, "elsewhere", "*.pcapng.gz")}
	if samples := os.Getenv(samplesVariable); samples != "" {
		patterns = append(patterns, filepath.Join(samples, "captures", "public", "*"), filepath.Join(samples, "captures", "*.pcapng"))
	}
	for _, pattern := range patterns {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			return nil, err
		}
		for _, path := range paths {
			u, err := repairOne(ctx, o, path)
			if err != nil {
				return nil, err
			}
			all = append(all, u)
		}
	}
	return all, nil
}

func repairOne(ctx context.Context, o options, path string) (undegraded, error) {
	u := undegraded{name: filepath.Base(path)}
	err := inTemporary(func(dir string) error {
		r, err := repair.File(ctx, path, filepath.Join(dir, "repaired.pcapng"), repair.Options{Without: o.without})
		if errors.Is(err, repair.ErrNoCapture) {
			u.refused = true
			return nil
		}
		u.packets, u.moved = r.Capture.Packets, r.Order.Moved
		for name, law := range r.Order.ByLaw {
			u.unrepaired += law.Unrepaired
			if slices.Contains(movingLaws, string(name)) {
				u.broken += law.Violations
			}
		}
		return err
	})
	if err != nil {
		return u, fmt.Errorf("%s: %w", u.name, err)
	}
	return u, nil
}

// movingLaws are those whose violation may move packets in any capture.
var movingLaws = strings.Fields("ack sack out-ack out-tsval out-sack out-seq handshake ip-id quote dns echo ntp dhcpv6 stun neighbor")

func printUndegraded(w io.Writer, all []undegraded) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "undegraded\tpackets\tbroken\tunrepaired\tmoved\t")
	for _, u := range all {
		if u.refused {
			fmt.Fprintf(table, "%s\tno capture\t\t\t\t\n", u.name)
			continue
		}
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t\n", u.name, u.packets, u.broken, u.unrepaired, u.moved)
	}
	// Writing to the terminal is best effort.
	_ = table.Flush()
}

// undegradedBars: nothing moves, for nothing was degraded.
func undegradedBars(all []undegraded) (missed []string) {
	for _, u := range all {
		if u.moved > 0 {
			missed = append(missed, fmt.Sprintf("%s was not degraded, yet %d packets moved", u.name, u.moved))
		}
	}
	return missed
}
