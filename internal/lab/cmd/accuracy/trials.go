package accuracy

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"github.com/klauspost/compress/gzip"
	"golang.org/x/sync/errgroup"

	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/internal/lab/judge"
	"github.com/mendcap/mendcap/repair"
)

// result is a row of the table: one recording, over all seeds.
type result struct {
	name        string
	degradation lab.Degradation
	score       judge.Score
	trueKept    bool // the true capture leaves byte for byte as it came
	answers     judge.Answers
}

// trials is the present work.
type trials struct {
	o            options
	degradations []lab.Degradation
	group        *errgroup.Group
	mu           sync.Mutex // of the results' contents
	results      []result   // by degradation, then by recording
}

// runTrials tries each recording in each way, as many at a time as there are
// processors, and returns the rows in order.
func runTrials(ctx context.Context, o options, paths []string, degradations []lab.Degradation) ([]result, error) {
	t := &trials{o: o, degradations: degradations, results: make([]result, len(paths)*len(degradations))}
	t.group, ctx = errgroup.WithContext(ctx)
	t.group.SetLimit(runtime.GOMAXPROCS(0))
	for i, path := range paths {
		recording, err := lab.Load(path)
		if err != nil {
			return nil, err
		}
		var rows []*result
		c := judge.NewCase(ctx, recording)
		for j, d := range degradations {
			r := &t.results[j*len(paths)+i]
			r.name, r.degradation, r.trueKept, r.answers = recording.Name, d, true, c.Answers()
			rows = append(rows, r)
		}
		t.recording(ctx, path, c, rows)
	}
	return t.results, t.group.Wait()
}

// recording starts the trials of one recording; rows has one for each
// degradation.
func (t *trials) recording(ctx context.Context, path string, c *judge.Case, rows []*result) {
	for _, row := range rows {
		for seed := t.o.firstSeed; seed < t.o.firstSeed+t.o.seeds; seed++ {
			t.group.Go(func() error {
				score, err := t.try(ctx, c, row.degradation, seed)
				if err != nil {
					return fmt.Errorf("%s, %s, seed %d: %w", row.name, row.degradation.Name, seed, err)
				}
				t.mu.Lock()
				defer t.mu.Unlock()
				row.score.Add(score)
				return nil
			})
		}
	}
	if t.o.quick {
		return
	}
	t.group.Go(func() error {
		kept, err := t.unharmed(ctx, path)
		t.mu.Lock()
		defer t.mu.Unlock()
		for _, row := range rows {
			row.trueKept = kept
		}
		return err
	})
}

func (t *trials) try(ctx context.Context, c *judge.Case, d lab.Degradation, seed uint64) (score judge.Score, err error) {
	trial := t.o.trial(c, d, seed)
	if t.o.quick {
		return trial.Direct()
	}
	err = inTemporary(func(dir string) error {
		score, err = trial.Run(ctx, dir)
		return err
	})
	return score, err
}

func (o options) trial(c *judge.Case, d lab.Degradation, seed uint64) judge.Trial {
	return judge.Trial{Case: c, Degradation: d, Seed: seed, Form: lab.Form(o.form),
		Tables: o.tables, Options: repair.Options{Without: o.without}}
}

// showRemains prints what order leaves to be repaired.
func showRemains(ctx context.Context, o options, paths []string, degradations []lab.Degradation) error {
	for _, path := range paths {
		recording, err := lab.Load(path)
		if err != nil {
			return err
		}
		c := judge.NewCase(ctx, recording)
		for _, d := range degradations {
			for seed := o.firstSeed; seed < o.firstSeed+o.seeds; seed++ {
				if err := o.trial(c, d, seed).Remains(os.Stdout); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// unharmed repairs the recording as it is.
func (t *trials) unharmed(ctx context.Context, path string) (kept bool, err error) {
	err = inTemporary(func(dir string) error {
		plain, err := decompress(path, dir)
		if err != nil {
			return err
		}
		kept, err = judge.Unharmed(ctx, plain, dir, repair.Options{Without: t.o.without})
		return err
	})
	return kept, err
}

func inTemporary(f func(dir string) error) error {
	dir, err := os.MkdirTemp("", "accuracy")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	return f(dir)
}

// decompress writes a recording's plain bytes to dir.
func decompress(path, dir string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	plain, err := gzip.NewReader(file)
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	content, err := io.ReadAll(plain)
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	name := filepath.Join(dir, "true.pcapng")
	return name, os.WriteFile(name, content, 0o644)
}
