//go:build unix

package lots

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/mendcap/mendcap/internal/store"
	"github.com/mendcap/mendcap/repair/batch"
	"github.com/mendcap/mendcap/repair/batch/lots"
	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/render"
)

// listing is a store of so many made-up captures, 1,000 in a folder, which can be listed
// and not opened.
type listing int

var errMadeUp = errors.New("a made-up capture was opened")

// List implements store.Store.
func (n listing) List(_ context.Context, prefix string) iter.Seq2[store.Object, error] {
	return func(yield func(store.Object, error) bool) {
		for i := range int(n) {
			key := fmt.Sprintf("%s2026/%06d/capture-%09d.pcapng.gz", prefix, i/1000, i)
			if !yield(store.Object{Key: key, Size: sizeOf(i), Version: fmt.Sprintf("%032x", i)}, nil) {
				return
			}
		}
	}
}

// Stat, Open, Put, PutNew, Remove, Local, URL and Close implement store.Store.
func (listing) Stat(context.Context, string) (store.Object, error) { return store.Object{}, errMadeUp }
func (listing) Open(context.Context, string, string, int64, int64) (io.ReadCloser, error) {
	return nil, errMadeUp
}
func (listing) Put(context.Context, string, func(io.Writer) error) error    { return errMadeUp }
func (listing) PutNew(context.Context, string, func(io.Writer) error) error { return errMadeUp }
func (listing) Remove(context.Context, string) error                        { return errMadeUp }
func (listing) Local(string) string                                         { return "" }
func (listing) URL(key string) string                                       { return key }
func (listing) Close() error                                                { return nil }

// sizeOf is how many bytes a made-up capture has.
func sizeOf(i int) int64 { return int64(100_000 + i*7919%9_000_000) }

// hasFailed says of which captures there is no output.
func hasFailed(size int64) bool { return size%1000 == 0 }

// finished is a folder in which all outputs seem to be. It counts what is opened but for
// plans.
type finished struct {
	*store.Folder

	opened int
}

// Stat implements store.Store.
func (f *finished) Stat(ctx context.Context, key string) (store.Object, error) {
	if strings.HasPrefix(key, lots.Folder+"/") {
		return f.Folder.Stat(ctx, key)
	}
	return store.Object{Key: key}, nil
}

// Open implements store.Store.
func (f *finished) Open(ctx context.Context, key, version string, offset, length int64) (io.ReadCloser, error) {
	if !strings.HasPrefix(key, lots.Folder+"/") {
		f.opened++
	}
	return f.Folder.Open(ctx, key, version, offset, length)
}

// sumUp writes what every lot of a plan would have found.
func sumUp(dir string, _ int) error {
	run, err := planned(dir)
	if err != nil {
		return err
	}
	for lot := range run.Lots {
		items, err := run.ItemsOf(context.Background(), lot)
		if err != nil {
			return err
		}
		entries := make([]report.Entry, len(items))
		for i := range items {
			entries[i] = entry(batch.Item{Root: "caps", Name: string(items[i].Name)}, items[i].Size)
		}
		f, err := os.Create(filepath.Join(run.URL(), "lots", fmt.Sprintf("%05d.jsonl", lot)))
		if err != nil {
			return err
		}
		lines := bufio.NewWriter(f)
		err = report.WriteLot(lines, lot, report.NewLot(entries, report.Skipped{Other: 1}))
		if err := errors.Join(err, lines.Flush(), f.Close()); err != nil {
			return err
		}
	}
	return nil
}

// entry is what a repair may say of a capture.
func entry(it batch.Item, size int64) report.Entry {
	first := time.Date(2026, 3, 1, 12, 0, 0, int(size)*1000, time.UTC)
	e := report.Entry{
		Path: it.Shown(), Output: it.Shown() + ".mended.pcapng", Outcome: report.OutcomeRepaired, Format: "pcapng", Compression: "gzip",
		Counts: report.Counts{
			Packets: size / 600, Bytes: size, First: first, Last: first.Add(time.Hour), Headerless: size / 700, Destinations: size / 700,
			Edited: size / 700, Moved: size / 5000, Before: size / 900, After: size % 17,
			ByVerdict: map[report.Verdict]int64{report.Artefact: size / 900, report.Genuine: size % 13, report.Loss: size % 11},
		},
	}
	switch {
	case hasFailed(size):
		e = report.Entry{Path: e.Path, Outcome: report.OutcomeFailed, Code: 4, Error: "no usable capture: it is cut short"}
	case size%500 == 1:
		e.Outcome, e.Code, e.Damage = report.OutcomeDamaged, 3, 1
	}
	return e
}

// merge merges the summaries of all lots.
func merge(dir string, n int) error {
	run, err := planned(dir)
	if err != nil {
		return err
	}
	m, err := run.Merge(context.Background())
	if err != nil {
		return err
	}
	json, err := report.NewBatchWriter(io.Discard, m.Head)
	if err != nil {
		return err
	}
	csv, err := render.NewBatchCSV(io.Discard)
	if err != nil {
		return err
	}
	list, count := render.NewShortlist(), 0
	err = m.Each(context.Background(), func(e *report.Entry) error {
		count++
		return errors.Join(json.Add(e), csv.Add(e), list.Add(e))
	})
	if err := errors.Join(err, json.Close(), csv.Close(), render.BatchHTML(io.Discard, list.Batch(m.Head), render.BatchOptions{})); err != nil {
		return err
	}
	if count != n || m.Head.Totals.Captures != int64(n) || len(m.Missing) > 0 {
		return fmt.Errorf("got %d captures and totals of %d, want %d; lots without a summary: %v", count, m.Head.Totals.Captures, n, m.Missing)
	}
	return nil
}
