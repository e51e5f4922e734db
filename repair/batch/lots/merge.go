package lots

import (
	"cmp"
	"container/heap"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"

	"github.com/mendcap/mendcap/report"
)

// Merge is the summary of a plan from those of its lots: it is read as a stream, since it
// may have millions of captures.
type Merge struct {
	Head    *report.BatchHead
	Missing []int // lots that have no summary yet
	run     *Run
	parts   []part // by their first path
}

// part is the summary of one lot.
type part struct {
	lot   int
	first string // the path of its first capture
}

// Merge reads the totals of all lots that are done.
func (r *Run) Merge(ctx context.Context) (*Merge, error) {
	m := &Merge{Head: report.NewBatchHead(), run: r}
	for lot := planned - r.Kept; lot < r.Lots; lot++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		l, err := r.openSummary(ctx, lot)
		if errors.Is(err, fs.ErrNotExist) && lot <= planned {
			return nil, fmt.Errorf("%w: what was written with it is missing: %w", ErrPlan, err)
		}
		if errors.Is(err, fs.ErrNotExist) {
			m.Missing = append(m.Missing, lot)
			continue
		}
		if err != nil {
			return nil, err
		}
		m.Head.Add(&l.LotHead)
		if l.Totals.Captures > 0 {
			m.parts = append(m.parts, part{lot, l.First})
		} else if err = l.advance(); err == io.EOF {
			err = nil // it holds no captures indeed
		}
		if err := errors.Join(err, l.close()); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(m.parts, func(a, b part) int { return cmp.Compare(a.first, b.first) })
	return m, nil
}

// summary is that of a lot, while it is read.
type summary struct {
	*report.LotReader
	file io.ReadCloser
	name string
	next *report.Entry
}

func (s *summary) close() error { return s.file.Close() }

// advance reads the next entry; io.EOF after the last one.
func (s *summary) advance() (err error) {
	if s.next, err = s.Next(); err != nil && err != io.EOF {
		return fmt.Errorf("%s: %w", s.name, err)
	}
	return err
}

func (r *Run) openSummary(ctx context.Context, lot int) (*summary, error) {
	key := r.key(summaryName(lot))
	f, err := r.out.Open(ctx, key, "", 0, -1)
	if err != nil {
		return nil, err
	}
	l, err := report.NewLotReader(f)
	if err == nil && l.Lot != lot {
		err = fmt.Errorf("%w: it is that of lot %d", report.ErrLot, l.Lot)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", r.out.URL(key), err), f.Close())
	}
	return &summary{LotReader: l, file: f, name: r.out.URL(key)}, nil
}

// summaries is a heap of them by the path of the next entry.
type summaries []*summary

// Len, Less, Swap, Push and Pop implement heap.Interface.
func (s summaries) Len() int           { return len(s) }
func (s summaries) Less(i, j int) bool { return s[i].next.Path < s[j].next.Path }
func (s summaries) Swap(i, j int)      { s[i], s[j] = s[j], s[i] }
func (s *summaries) Push(x any)        { *s = append(*s, x.(*summary)) }
func (s *summaries) Pop() any {
	last := len(*s) - 1
	x := (*s)[last]
	*s = (*s)[:last]
	return x
}

// Each hands on all captures by their paths. A lot's summary is opened when its first
// path comes, so that those alone are open that lie among each other.
func (m *Merge) Each(ctx context.Context, do func(*report.Entry) error) (err error) {
	var open summaries
	defer func() {
		for _, s := range open {
			err = errors.Join(err, s.close())
		}
	}()
	before := ""
	for parts := m.parts; len(open) > 0 || len(parts) > 0; {
		if err := ctx.Err(); err != nil {
			return err
		}
		if len(parts) > 0 && (len(open) == 0 || parts[0].first <= open[0].next.Path) {
			s, err := m.run.openSummary(ctx, parts[0].lot)
			if err != nil {
				return err
			}
			if err := s.advance(); err != nil {
				return errors.Join(err, s.close())
			}
			heap.Push(&open, s)
			parts = parts[1:]
			continue
		}
		s := open[0]
		if s.next.Path <= before && before != "" {
			return fmt.Errorf("%s: %w: %q comes after %q", s.name, report.ErrLot, s.next.Path, before)
		}
		before = s.next.Path
		m.Head.KeepWorst(s.next)
		if err := do(s.next); err != nil {
			return err
		}
		switch err := s.advance(); {
		case err == io.EOF:
			heap.Pop(&open)
			if err := s.close(); err != nil {
				return err
			}
		case err != nil:
			return err
		default:
			heap.Fix(&open, 0)
		}
	}
	return nil
}
