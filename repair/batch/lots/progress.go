package lots

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/mendcap/mendcap/internal/store"
	"github.com/mendcap/mendcap/repair/batch"
	"github.com/mendcap/mendcap/report"
)

// Suffixes of what is noted of a lot that is not done.
const (
	progressSuffix = ".progress.jsonl"
	attemptsSuffix = ".attempts.json"
	begunSuffix    = ".begun.txt"
)

// attempts is what is known of earlier attempts at a lot.
type attempts struct {
	Count int `json:"attempts"` // with the present one, without those that were interrupted
	// Item is the number in the lot of the item that is worked at, on the second attempt and later;
	// of a worker that didn't come to an end it is what it may have died of. Those of the
	// first attempt, several at a time, are noted in a file of their own, see begun.
	Item *int `json:"item,omitempty"`
	// Deaths is how many workers worked at that item when they died.
	Deaths map[int]int `json:"deaths,omitempty"`
}

// mostDeaths is how many workers may die of an item.
const mostDeaths = 2

func (a *attempts) deaths(item int) int { return a.Deaths[item] }

func (a *attempts) addDeath(item int) {
	if a.Deaths == nil {
		a.Deaths = make(map[int]int)
	}
	a.Deaths[item]++
}

// begin reads what earlier attempts have left, and notes that there is one more. Where that
// is damaged nothing is known to be done, and a worker may have died.
func (w *worker) begin(ctx context.Context) error {
	a := &w.attempts
	err := w.run.readJSON(ctx, lotName(w.lot, attemptsSuffix), a)
	switch {
	case errors.Is(err, errDamaged):
		*a = attempts{Count: 1}
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("read what is noted of lot %d: %w", w.lot, err)
	}
	if a.Item != nil {
		a.addDeath(*a.Item)
		a.Item = nil
	}
	if err := w.readBegun(ctx); err != nil {
		return fmt.Errorf("read what was begun of lot %d: %w", w.lot, err)
	}
	a.Count++
	switch err := w.readProgress(ctx); {
	case errors.Is(err, errDamaged):
		clear(w.results)
	case err != nil:
		return fmt.Errorf("read what is done of lot %d: %w", w.lot, err)
	}
	return w.putAttempts(ctx)
}

func (w *worker) putAttempts(ctx context.Context) error {
	return w.run.putJSON(ctx, lotName(w.lot, attemptsSuffix), &w.attempts)
}

// note notes which item is worked at, or that none is.
func (w *worker) note(ctx context.Context, item *int) error {
	w.attempts.Item = item
	return w.putAttempts(ctx)
}

// takeBack says that the present attempt was none. Where there is no room to say so,
// what is noted of all attempts is removed.
func (w *worker) takeBack(ctx context.Context) error {
	a := w.attempts
	a.Item = nil
	a.Count--
	if err := w.removeBegun(ctx); err != nil {
		return err
	}
	err := w.run.putJSON(ctx, lotName(w.lot, attemptsSuffix), &a)
	if err != nil && again(err) && !errors.Is(err, store.ErrUnreachable) {
		err = w.remove(ctx, attemptsSuffix)
	}
	return err
}

// progressLine is one capture of an item that is done, or that the item is.
type progressLine struct {
	Item    int              `json:"item"` // its number in the lot
	Entry   *report.LotEntry `json:"entry,omitempty"`
	Skipped *report.Skipped  `json:"skipped,omitempty"` // after the last capture
}

// saveProgress writes what is done, all of it.
func (w *worker) saveProgress(ctx context.Context) error {
	w.mu.Lock()
	results := append([]*batch.Result{}, w.results...)
	w.unsaved = 0
	w.mu.Unlock()
	return w.run.out.Put(ctx, w.run.key(lotName(w.lot, progressSuffix)), func(to io.Writer) error {
		lines := bufio.NewWriter(to)
		enc := json.NewEncoder(lines)
		for i, r := range results {
			if r == nil {
				continue
			}
			for k := range r.Entries {
				if err := enc.Encode(progressLine{Item: i, Entry: (*report.LotEntry)(&r.Entries[k])}); err != nil {
					return err
				}
			}
			if err := enc.Encode(progressLine{Item: i, Skipped: &r.Skipped}); err != nil {
				return err
			}
		}
		return lines.Flush()
	})
}

// readProgress reads what saveProgress wrote.
func (w *worker) readProgress(ctx context.Context) error {
	f, err := w.run.out.Open(ctx, w.run.key(lotName(w.lot, progressSuffix)), "", 0, -1)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	var one batch.Result
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, longestProgress)
	for lines.Scan() {
		var line progressLine
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			return fmt.Errorf("%w: %w", errDamaged, err)
		}
		if line.Item < 0 || line.Item >= len(w.items) {
			return fmt.Errorf("%w: item %d of %d", errDamaged, line.Item, len(w.items))
		}
		if line.Entry != nil {
			one.Entries = append(one.Entries, report.Entry(*line.Entry))
		}
		if line.Skipped != nil {
			one.Skipped = *line.Skipped
			done := one
			w.results[line.Item], one = &done, batch.Result{}
		}
	}
	err = lines.Err()
	if errors.Is(err, bufio.ErrTooLong) {
		err = fmt.Errorf("%w: %w", errDamaged, err)
	}
	return err
}

// longestProgress is how long a line of what is done may be, bytes: as of a summary.
const longestProgress = 1 << 20
