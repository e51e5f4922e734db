package lots

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/mendcap/mendcap/internal/store"
	"github.com/mendcap/mendcap/repair/batch"
	"github.com/mendcap/mendcap/report"
)

// identity is a hash of an item: its input, name, size and version, its tables and the
// names of its outputs.
type identity [16]byte

// identityOf is that of an item as the spool has it, with its outputs.
func identityOf(input, text string) identity {
	_, rest, _ := strings.Cut(text[1:], ",") // after the lot and the number of the input
	sum := sha256.Sum256([]byte(input + "\x00" + rest))
	return identity(sum[:len(identity{})])
}

// identity is that of the item in a plan with these inputs.
func (it *Item) identity(inputs []string) (identity, error) {
	text, err := json.Marshal(it)
	if err != nil {
		return identity{}, err
	}
	_, rest, _ := strings.Cut(string(text), ",")
	return identityOf(inputs[it.Root], ","+rest), nil
}

// resumed is what earlier plans below the same folder have finished of a new one.
type resumed struct {
	items map[identity]int // of the new plan: 0, or the number of what keeps them, from 1
	kept  []keptLot
	count int64
	bytes int64
}

// keptLot is a lot of an earlier plan of which something is kept.
type keptLot struct {
	run *Run
	lot int
}

// resume finds out what is finished. It reads plans and summaries, and looks whether
// outputs are there, but opens neither captures nor outputs. An archive is worked at
// again, and so is what had failed.
func (p *planner) resume(ctx context.Context, out store.Store) error {
	p.done.items = make(map[identity]int)
	err := p.spool.each(func(it spooled) error {
		id, err := p.identityOf(it)
		p.done.items[id] = 0
		return err
	})
	if err != nil {
		return err
	}
	for o, err := range out.List(ctx, Folder+"/") {
		if err != nil {
			return err
		}
		folder, file := path.Split(o.Key)
		if file != "plan.json" {
			continue
		}
		old := &Run{ID: path.Base(folder), out: out}
		err := old.readJSON(ctx, file, &old.Header)
		if err == nil && old.Schema == Schema && old.Program == p.o.Batch.Program && slices.Equal(old.Flags, p.o.Flags) {
			if err = old.check(); err == nil {
				err = p.resumeFrom(ctx, old)
			}
		}
		if err != nil {
			return fmt.Errorf("resume from %s: %w", out.URL(folder), err)
		}
	}
	return nil
}

// identityOf is the identity of an item of the new plan.
func (p *planner) identityOf(it spooled) (identity, error) {
	text, err := p.text(it)
	if err != nil {
		return identity{}, err
	}
	number, _, _ := strings.Cut(strings.TrimPrefix(text, `,"root":`), ",")
	root, err := strconv.Atoi(number)
	if err != nil {
		return identity{}, err
	}
	return identityOf(p.inputs[root], text), nil
}

// isKept reports whether an item need not be worked at.
func (p *planner) isKept(it spooled) (bool, error) {
	if len(p.done.kept) == 0 {
		return false, nil
	}
	id, err := p.identityOf(it)
	return p.done.items[id] > 0, err
}

// resumeFrom keeps what one earlier plan has finished.
func (p *planner) resumeFrom(ctx context.Context, old *Run) error {
	for lot := range old.Lots {
		from, found, before := keptLot{old, lot}, len(p.done.kept)+1, p.done.count
		err := from.each(ctx, func(id identity, it *Item, e *report.Entry) error {
			by, planned := p.done.items[id]
			if by > 0 || !planned || !hasOutput(ctx, old, e) {
				return nil
			}
			p.done.items[id] = found
			p.done.count++
			p.done.bytes += it.Size
			p.cost -= cost(it.Size)
			return nil
		})
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue // it is not done
		case err != nil:
			return err
		}
		if p.done.count > before {
			p.done.kept = append(p.done.kept, from)
		}
	}
	return nil
}

// each hands on the captures of a lot that are files of their own, and did not fail.
func (k keptLot) each(ctx context.Context, do func(identity, *Item, *report.Entry) error) (err error) {
	sum, err := k.run.openSummary(ctx, k.lot)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sum.close()) }()
	items, err := k.run.ItemsOf(ctx, k.lot)
	if err != nil {
		return err
	}
	byPath := make(map[string]*Item, len(items))
	for i := range items {
		b := items[i].toBatch(k.run.Inputs)
		byPath[b.Shown()] = &items[i]
	}
	for {
		err := sum.advance()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		it := byPath[sum.next.Path]
		if it == nil || sum.next.Outcome == report.OutcomeFailed {
			continue
		}
		id, err := it.identity(k.run.Inputs)
		if err == nil {
			err = do(id, it, sum.next)
		}
		if err != nil {
			return err
		}
	}
}

// hasOutput reports whether the output of a capture is there: who takes it away wants it
// made again.
func hasOutput(ctx context.Context, r *Run, e *report.Entry) bool {
	if e.Output == "" {
		return true
	}
	_, err := r.out.Stat(ctx, e.Output)
	return err == nil
}

// writeKept writes the summaries of what is kept into the new plan.
func (p *planner) writeKept(ctx context.Context, r *Run) error {
	for i, from := range p.done.kept {
		var entries []report.Entry
		err := from.each(ctx, func(id identity, _ *Item, e *report.Entry) error {
			if p.done.items[id] == i+1 {
				entries = append(entries, *e)
			}
			return nil
		})
		if err == nil {
			err = r.putSummary(ctx, planned-1-i, &batch.Result{Entries: entries})
		}
		if err != nil {
			return err
		}
	}
	return nil
}
