package pipeline

import (
	"context"
	"io"

	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/report"
)

// Check says of the capture in ("-" for standard input) what File would: the
// same report and findings, but for Output, which only says whether anything
// would change. It writes nothing. Options about outputs are not used; errors
// are those of File.
func Check(ctx context.Context, in string, o Options) (report.Report, error) {
	j, err := newJob(in, "-", o)
	if err != nil {
		return report.Report{}, err
	}
	defer j.close()
	if err := j.carryOut(ctx, j.rehearse); err != nil {
		return report.Report{}, err
	}
	return j.report.Report, nil
}

// beginDry starts no output.
func beginDry() (*capture.Writer, error) { return capture.NewWriter(io.Discard), nil }

// rehearse runs the passes after the first one, to no output.
func (j *job) rehearse(ctx context.Context) error {
	if _, err := j.survey(ctx, nil); err != nil {
		return err
	}
	w, err := j.emitGuarded(ctx, beginDry)
	if err != nil {
		return err
	}
	j.report.Output.Changed = w.edited > 0 || w.moved > 0
	j.report.Output.Edited = w.edited
	return j.settle(ctx)
}
