package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"

	"github.com/klauspost/compress/gzip"
	"golang.org/x/sync/errgroup"

	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/internal/lab/judge"
	"github.com/mendcap/mendcap/repair"
)

// result is a row of the table: one recording, over all seeds.
type result struct {
	name, degradation string
	score             judge.Score
	trueKept          bool // the true capture leaves byte for byte as it came
}

// runTrials tries each recording in each way, as many at a time as there are
// processors, and returns the rows in order.
func runTrials(ctx context.Context, o options, paths []string, degradations []lab.Degradation) ([]result, error) {
	results := make([]result, len(paths)*len(degradations))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, path := range paths {
		for j, degradation := range degradations {
			group.Go(func() error {
				r, err := tryRecording(ctx, o, path, degradation)
				if err != nil {
					return fmt.Errorf("%s, %s: %w", filepath.Base(path), degradation.Name, err)
				}
				results[j*len(paths)+i] = r
				return nil
			})
		}
	}
	return results, group.Wait()
}

// tryRecording sums one recording's scores over the seeds.
func tryRecording(ctx context.Context, o options, path string, d lab.Degradation) (result, error) {
	recording, err := lab.Load(path)
	if err != nil {
		return result{}, err
	}
	r := result{name: recording.Name, degradation: d.Name}
	err = inTemporary(func(dir string) error {
		plain, err := decompress(path, dir)
		if err != nil {
			return err
		}
		r.trueKept, err = judge.Unharmed(ctx, plain, dir, repair.Options{Without: o.laws()})
		return err
	})
	for seed := o.firstSeed; err == nil && seed < o.firstSeed+o.seeds; seed++ {
		trial := judge.Trial{Recording: recording, Degradation: d, Seed: seed, Form: lab.Form(o.form),
			Tables: o.tables, Options: repair.Options{Without: o.laws()}}
		err = inTemporary(func(dir string) error {
			score, err := trial.Run(ctx, dir)
			r.score.Add(score)
			return err
		})
	}
	return r, err
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
