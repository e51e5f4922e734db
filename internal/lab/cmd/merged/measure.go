package merged

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/bits"
	"os"
	"os/exec"
	"path/filepath"
	"text/tabwriter"

	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/internal/lab/judge"
	"github.com/mendcap/mendcap/repair"
	"github.com/mendcap/mendcap/report"
)

// fewestCaptures is the bar of how many captures are tried at least.
const fewestCaptures = 200

// outcome is what became of one capture.
type outcome struct {
	before, after int  // flags
	again         bool // repaired again, the output changed
	report        report.Report
}

// row is a kind of capture in the table.
type row struct {
	kind                                     string
	captures, rose, changed, before, after   int
	moved, copied, bothEnds, repeated, risen int64 // packets, and connections that were left
}

// runMerged tries all kinds of captures from all sources.
func runMerged(ctx context.Context, o options, dir string) (missed []string, err error) {
	b := &bench{dir: dir}
	sources, err := b.sources(ctx, o)
	if err != nil {
		return nil, err
	}
	rows, captures, number := []row{}, 0, 0
	for _, k := range kinds() {
		r := row{kind: k.name}
		for _, s := range sources {
			if number++; number%o.every != 0 {
				continue
			}
			path, err := k.make(ctx, b, s)
			if err != nil {
				return nil, fmt.Errorf("%s, %s: %w", k.name, s.name, err)
			}
			if path == "" {
				continue
			}
			one, err := try(ctx, o, b, path)
			if errors.Is(err, repair.ErrNoCapture) {
				continue
			}
			if err != nil {
				return nil, fmt.Errorf("%s, %s: %w", k.name, s.name, err)
			}
			r.add(&one)
			if one.after > one.before {
				missed = append(missed, fmt.Sprintf("%s, %s: flags rose from %d to %d", k.name, s.name, one.before, one.after))
			}
			if one.again {
				missed = append(missed, fmt.Sprintf("%s, %s: repaired again, the output changed", k.name, s.name))
			}
			if o.verbose {
				fmt.Printf("%s, %s: %d flags, %d after, %d packets moved; %q\n", k.name, s.name, one.before, one.after, one.report.Order.Moved, one.report.Notes)
			}
		}
		captures += r.captures
		rows = append(rows, r)
	}
	if !o.quick {
		r, rose, err := trySamples(ctx, o, b)
		if err != nil {
			return nil, err
		}
		rows, missed = append(rows, r), append(missed, rose...)
	}
	printRows(rows)
	if !o.quick && captures < fewestCaptures {
		missed = append(missed, fmt.Sprintf("%d captures, want at least %d", captures, fewestCaptures))
	}
	return missed, nil
}

// trySamples repairs the samples where they are, whole and beside their tables,
// many of them damaged or without headers. The repair's own analyser counts.
func trySamples(ctx context.Context, o options, b *bench) (r row, rose []string, err error) {
	r.kind, o.tshark = "samples, whole", false
	samples := os.Getenv(samplesVariable)
	if samples == "" {
		return r, nil, nil
	}
	for _, pattern := range []string{"captures/*.*", "captures/*/*.*", "faults/*.*cap*", "order/*.xz"} {
		paths, err := filepath.Glob(filepath.Join(samples, pattern))
		if err != nil {
			return r, nil, err
		}
		for _, path := range paths {
			one, err := try(ctx, o, b, path)
			if errors.Is(err, repair.ErrNoCapture) || errors.Is(err, repair.ErrUsage) {
				continue
			}
			if err != nil {
				return r, nil, fmt.Errorf("%s: %w", filepath.Base(path), err)
			}
			r.add(&one)
			if one.after > one.before || one.again {
				rose = append(rose, fmt.Sprintf("%s: %d flags, %d after; repaired again, the output changed: %v", filepath.Base(path), one.before, one.after, one.again))
			}
		}
	}
	return r, rose, nil
}

func (r *row) add(o *outcome) {
	r.captures++
	r.before, r.after, r.moved = r.before+o.before, r.after+o.after, r.moved+o.report.Order.Moved
	if o.after > o.before {
		r.rose++
	}
	if o.again {
		r.changed++
	}
	l := o.report.Order.AsRecorded
	r.copied, r.bothEnds, r.repeated, r.risen = r.copied+l.Copied, r.bothEnds+l.BothEnds, r.repeated+l.Repeated, r.risen+l.FlagsWouldRise
}

func printRows(rows []row) {
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "capture\tcaptures\trose\tchanged again\tflags\tafter\tmoved\tconnections left: copied\tboth ends\trepeated\trisen\t")
	all := row{kind: "in sum"}
	for _, r := range rows {
		printRow(table, &r)
		all.captures, all.rose, all.changed = all.captures+r.captures, all.rose+r.rose, all.changed+r.changed
		all.before, all.after, all.moved = all.before+r.before, all.after+r.after, all.moved+r.moved
		all.copied, all.bothEnds, all.repeated, all.risen = all.copied+r.copied, all.bothEnds+r.bothEnds, all.repeated+r.repeated, all.risen+r.risen
	}
	printRow(table, &all)
	// Writing to the terminal is best effort.
	_ = table.Flush()
}

func printRow(table *tabwriter.Writer, r *row) {
	fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t\n", r.kind, r.captures, r.rose, r.changed,
		r.before, r.after, r.moved, r.copied, r.bothEnds, r.repeated, r.risen)
}

// try repairs a capture twice and counts its flags.
func try(ctx context.Context, o options, b *bench, path string) (one outcome, err error) {
	out := b.file(".pcapng")
	if one.report, err = mend(ctx, o, path, out); err != nil {
		return one, err
	}
	if !o.tshark {
		one.before, one.after = sum(one.report.Analysis.Before), sum(one.report.Analysis.After)
	} else if one.before, one.after, err = seen(ctx, path, out); err != nil {
		return one, err
	}
	second := b.file(".pcapng")
	if _, err := mend(ctx, o, out, second); err != nil {
		return one, err
	}
	first, err := os.ReadFile(out)
	if err != nil {
		return one, err
	}
	repeated, err := os.ReadFile(second)
	one.again = !bytes.Equal(first, repeated)
	return one, err
}

// mend repairs a capture, with the program that was named.
func mend(ctx context.Context, o options, path, out string) (r report.Report, err error) {
	if o.program == "" {
		return repair.File(ctx, path, out, repair.Options{})
	}
	text, err := exec.CommandContext(ctx, o.program, "repair", "--json", "-r", path, "-w", out).Output()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		return r, err
	}
	if len(text) == 0 {
		return r, repair.ErrNoCapture
	}
	return r, json.Unmarshal(text, &r)
}

// seen counts the flags that tshark sees before and after.
func seen(ctx context.Context, in, out string) (before, after int, err error) {
	for path, n := range map[string]*int{in: &before, out: &after} {
		rows, err := judge.Dissect(ctx, path)
		if err != nil {
			return 0, 0, err
		}
		for _, r := range rows {
			*n += bits.OnesCount32(uint32(r.Flags))
		}
	}
	return before, after, nil
}

func sum(flags map[string]int64) (n int) {
	for _, k := range flags {
		n += int(k)
	}
	return n
}

// count counts the packets of a capture.
func count(path string) (n int, err error) {
	file, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	err = lab.EachPacket(file, func(*capture.Block) error { n++; return nil })
	return n, err
}
