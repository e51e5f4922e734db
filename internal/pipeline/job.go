package pipeline

import (
	"context"
	"errors"
	"fmt"

	"github.com/mendcap/mendcap/infer"
	"github.com/mendcap/mendcap/infer/tables"
	"github.com/mendcap/mendcap/internal/conn"
	"github.com/mendcap/mendcap/internal/naming"
	"github.com/mendcap/mendcap/report"
)

// File repairs the capture in, as repair.File says.
func File(ctx context.Context, in, out string, o Options) (report.Report, error) {
	return reportOn(ctx, in, out, o, (*job).write)
}

// Check says of the capture in ("-" for standard input) what File would: the
// same report and findings, but for Output, which only says whether anything
// would change. It writes nothing. Options about outputs are not used; errors
// are those of File.
func Check(ctx context.Context, in string, o Options) (report.Report, error) {
	return reportOn(ctx, in, "-", o, (*job).rehearse)
}

func reportOn(ctx context.Context, in, out string, o Options, rest func(*job, context.Context) error) (report.Report, error) {
	j, err := newJob(in, out, o)
	if err == nil {
		err = j.run(ctx, rest)
	}
	if errors.Is(err, errPresumed) {
		passed := j.passed + 1
		if j, err = newJob(in, out, o); err == nil {
			j.whole, j.passed = true, passed
			err = j.run(ctx, rest)
		}
	}
	if err != nil {
		return report.Report{}, err
	}
	return j.report.Report, nil
}

// job is one capture's way through the passes. It alone knows them all: what a stage
// needs it is given when it is made, and what it has found the job takes up after the
// pass.
type job struct {
	config
	*reader
	snapshot *infer.Snapshot // what the tables say
	facts    facts
	flows    *conn.Table // ids of connections, which count up through all passes
	report   reportBuilder
	steps    int64      // in loops whose length the capture decides, as order and diagnosis count them
	explain  *explainer // nil where nothing is to be explained
}

func newJob(in, out string, o Options) (*job, error) {
	c, err := newConfig(in, out, o)
	if err != nil {
		return nil, err
	}
	j := &job{config: c}
	j.reader = newReader(&j.o)
	return j, nil
}

// run takes the capture through the first pass, and then through the rest.
func (j *job) run(ctx context.Context, rest func(*job, context.Context) error) error {
	results, err := j.loadTables(ctx)
	if err != nil {
		return err
	}
	if j.source, err = openSource(ctx, j.in, &j.o); err != nil {
		return err
	}
	defer j.source.close()
	j.o.Sequential = j.o.Sequential || j.source.content != nil
	j.logs = newHostLogs(results)
	if err = j.matchEvents(ctx, results); err != nil {
		return j.failed(ctx, err)
	}
	if err = j.gather(ctx, false); err == errConvert {
		if err = j.convert(ctx); err == nil {
			err = j.gather(ctx, false)
		}
	}
	if err == nil {
		err = rest(j, ctx)
	}
	return j.failed(ctx, err)
}

// failed is the error of passes: that the input was changed while it was read, if it was.
func (j *job) failed(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil {
		return err
	}
	if changed := j.source.changed(); changed != nil {
		return changed // whatever else went wrong, this may be why
	}
	return err
}

// loadTables reads the tables that were named, or those beside the capture.
func (j *job) loadTables(ctx context.Context) ([]tables.Result, error) {
	paths := j.o.Tables
	if paths == nil && j.in != "-" {
		var err error
		if paths, err = tables.Find(j.in, naming.Stem(j.in)); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrIO, err)
		}
	}
	snapshot, results, err := tables.Load(ctx, paths...)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoTables, err)
	}
	j.report.Tables = make([]report.Table, 0, len(results))
	for i := range results {
		j.report.table(&results[i])
	}
	j.snapshot = withLocal(snapshot, j.o.Local)
	return results, nil
}

// table adds what one file of tables gave.
func (r *reportBuilder) table(one *tables.Result) {
	r.Tables = append(r.Tables, report.Table{
		Name: one.Name, Format: one.Format, Rows: one.Rows, Addresses: one.Addresses, NotUnderstood: one.NotUnderstood, Cut: one.Cut,
	})
	if one.Problem != "" {
		r.note("tables %s: %s", one.Name, one.Problem)
	}
}
