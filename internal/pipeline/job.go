package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"os"

	"github.com/mendcap/mendcap/infer"
	"github.com/mendcap/mendcap/infer/tables"
	"github.com/mendcap/mendcap/internal/conn"
	"github.com/mendcap/mendcap/internal/naming"
	"github.com/mendcap/mendcap/internal/packet"
	"github.com/mendcap/mendcap/reorder"
	"github.com/mendcap/mendcap/report"
)

// leastConfidence is that from which on an answer is likelier than all others
// together.
const leastConfidence = 0.5

// File repairs the capture in, as repair.File says.
func File(ctx context.Context, in, out string, o Options) (report.Report, error) {
	j, err := newJob(in, out, o)
	if err != nil {
		return report.Report{}, err
	}
	defer j.close()
	if err := j.run(ctx); err != nil {
		return report.Report{}, err
	}
	return j.report, nil
}

// job is one capture's way through the stages.
type job struct {
	in, out   string
	o         Options
	layout    packet.Layout
	beginning int64 // packets that the first pass reads where all have their header
	apart     bool  // write in a pass of its own in any case
	order     reorder.Options

	source   *source
	spare    chan *chunk
	snapshot *infer.Snapshot // what the tables say
	engine   *infer.Engine   // while facts are gathered
	answers  *infer.Answers  // afterwards
	flows    *conn.Table
	facts    facts
	ticks    reorder.TickMeter
	local    conn.Vantage
	clocks   interfaceClocks
	left     left
	twice    *sightings

	profile reorder.Profile
	report  report.Report
	steps   int64      // in loops whose length the capture decides, as order and diagnosis count them
	explain *explainer // nil where nothing is to be explained
}

func newJob(in, out string, o Options) (*job, error) {
	j := &job{in: in, out: out, o: o, beginning: vantagePackets, spare: make(chan *chunk, spareChunks)}
	if j.out == "" {
		if in == "-" {
			return nil, fmt.Errorf("%w: standard input needs a named output", ErrUsage)
		}
		j.out = naming.OutputName(in, "") + naming.PackedSuffix(o.Compress)
	}
	if err := j.chooseCompression(); err != nil {
		return nil, err
	}
	if o.Findings < 0 {
		return nil, fmt.Errorf("%w: %d findings", ErrUsage, o.Findings)
	}
	if o.SpoolLimit < 0 {
		return nil, fmt.Errorf("%w: a limit of %d bytes", ErrUsage, o.SpoolLimit)
	}
	if o.Flows < 0 || o.Flows > MaxFlows {
		return nil, fmt.Errorf("%w: %d connections", ErrUsage, o.Flows)
	}
	j.o.Findings = cmp.Or(o.Findings, DefaultFindings)
	j.o.Flows = cmp.Or(o.Flows, DefaultFlows)
	if o.Confidence != 0 && !(o.Confidence >= leastConfidence && o.Confidence <= 1) {
		return nil, fmt.Errorf("%w: confidence %v is not from %v to 1", ErrUsage, o.Confidence, leastConfidence)
	}
	if err := o.checkStated(); err != nil {
		return nil, err
	}
	name := o.UserLayout
	if name == "" {
		name = "auto"
	}
	var err error
	if j.layout, err = packet.ParseLayout(name); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUsage, err)
	}
	j.order.Without = o.Without
	if err := j.order.Validate(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUsage, err)
	}
	if sameFile(in, j.out) {
		return nil, fmt.Errorf("%w: %s: %w", ErrUsage, j.out, errSame)
	}
	return j, nil
}

// sameFile reports whether both names lead to one existing file; "-" is none.
func sameFile(in, out string) bool {
	if in == "-" || out == "-" {
		return false
	}
	a, err := os.Stat(in)
	if err != nil {
		return false
	}
	b, err := os.Stat(out)
	return err == nil && os.SameFile(a, b)
}

func (j *job) close() {
	if j.source != nil {
		j.source.close()
	}
}

// run takes the capture through its passes, and writes it.
func (j *job) run(ctx context.Context) error { return j.carryOut(ctx, j.write) }

// carryOut takes the capture through the first pass, and then through the rest.
func (j *job) carryOut(ctx context.Context, rest func(context.Context) error) error {
	err := j.collect(ctx)
	if err == nil {
		err = rest(ctx)
	}
	if err == nil || ctx.Err() != nil || j.source == nil {
		return err
	}
	if changed := j.source.changed(); changed != nil {
		return changed // whatever else went wrong, this may be why
	}
	return err
}

// collect opens the input and takes it through the first pass.
func (j *job) collect(ctx context.Context) error {
	if err := j.loadTables(); err != nil {
		return err
	}
	var err error
	if j.source, err = openSource(ctx, j.in, &j.o); err != nil {
		return err
	}
	j.flows = conn.NewTable()
	return j.gather(ctx)
}

// tablePaths returns where the network tables of a capture are.
func tablePaths(in string, o Options) ([]string, error) {
	if len(o.Tables) > 0 || in == "-" {
		return o.Tables, nil
	}
	found, err := tables.Find(in, naming.Stem(in))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrIO, err)
	}
	return found, nil
}

// loadTables reads the tables that were named, or those beside the capture.
func (j *job) loadTables() error {
	paths, err := tablePaths(j.in, j.o)
	if err != nil {
		return err
	}
	snapshot, results, err := tables.Load(paths...)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNoTables, err)
	}
	j.report.Tables = make([]report.Table, 0, len(results))
	for _, r := range results {
		j.report.Tables = append(j.report.Tables, report.Table{
			Name: r.Name, Format: r.Format, Rows: r.Rows, Addresses: r.Addresses, NotUnderstood: r.NotUnderstood, Cut: r.Cut,
		})
		if r.Problem != "" {
			j.note("tables %s: %s", r.Name, r.Problem)
		}
	}
	j.snapshot = withLocal(snapshot, j.o.Local)
	j.engine = j.newEngine()
	j.local.FromTables(j.snapshot)
	return nil
}

func (j *job) note(format string, args ...any) {
	j.report.Notes = append(j.report.Notes, fmt.Sprintf(format, args...))
}
