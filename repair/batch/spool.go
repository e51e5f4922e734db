package batch

import (
	"bufio"
	"container/heap"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/mendcap/mendcap/internal/atomicfile"
	"github.com/mendcap/mendcap/report"
)

// Spool takes what became of captures, in any order, and hands it on as the summary has it:
// by path, and of several of one path the last. It holds some thousands of them, and the
// others in a temporary file, sorted in runs. The zero value is ready to use; Close must
// end it.
type Spool struct {
	Kept int64 // captures that were left alone, see report.Batch

	skipped report.Skipped
	entries []report.Entry // since the last run
	file    *os.File
	release func() error // takes away the folder that it lies in
	starts  []int64      // of the runs in the file
	head    *report.BatchHead
	failed  error
}

// mostHeld is how many captures a spool holds at a time.
const mostHeld = 8192

// Add takes in a capture. Errors are those of the temporary file, and come again.
func (s *Spool) Add(e report.Entry) error {
	if s.failed == nil {
		if s.entries = append(s.entries, e); len(s.entries) == mostHeld {
			s.failed = s.write()
		}
	}
	return s.failed
}

// Skip takes in what is no capture.
func (s *Spool) Skip(skipped *report.Skipped) { s.skipped.Add(skipped) }

// write writes what is held as a run.
func (s *Spool) write() error {
	if s.file == nil {
		dir, release, err := atomicfile.ScratchDir()
		if err != nil {
			return err
		}
		s.release = release
		if s.file, err = os.Create(filepath.Join(dir, "entries")); err != nil {
			return err
		}
	}
	start, err := s.file.Seek(0, io.SeekCurrent)
	if err != nil {
		return err
	}
	to := bufio.NewWriterSize(s.file, 1<<16)
	if err := report.WriteLot(to, len(s.starts), report.NewLot(s.entries, report.Skipped{})); err != nil {
		return err
	}
	s.starts = append(s.starts, start)
	clear(s.entries)
	s.entries = s.entries[:0]
	return to.Flush()
}

// Sum sums up what was taken in, after which nothing more is.
func (s *Spool) Sum(ctx context.Context) (*report.BatchHead, error) {
	if s.failed == nil && len(s.starts) > 0 && len(s.entries) > 0 {
		s.failed = s.write()
	}
	s.head = report.NewBatchHead()
	s.head.Skipped = s.skipped
	err := s.each(ctx, func(e *report.Entry) error {
		s.head.AddEntry(e)
		return nil
	})
	return s.head, err
}

// Each hands on the captures by path, with the groups of findings that the summary has.
// It must come after Sum, and may come several times.
func (s *Spool) Each(ctx context.Context, do func(*report.Entry) error) error {
	return s.each(ctx, func(e *report.Entry) error {
		s.head.KeepWorst(e)
		return do(e)
	})
}

func (s *Spool) each(ctx context.Context, do func(*report.Entry) error) error {
	if s.failed != nil {
		return s.failed
	}
	var all runs
	if len(s.starts) == 0 {
		s.entries = report.NewLot(s.entries, report.Skipped{}).Captures
		for i := range s.entries {
			if err := do(&s.entries[i]); err != nil {
				return err
			}
		}
		return nil
	}
	for number := range s.starts {
		r, err := s.run(number)
		if err == nil {
			err = r.advance()
		}
		if err != nil {
			return err
		}
		all = append(all, r)
	}
	heap.Init(&all)
	for len(all) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		e, err := all.take()
		for err == nil && len(all) > 0 && all[0].next.Path == e.Path {
			e, err = all.take() // of a later run
		}
		if err == nil {
			err = do(e)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// sortedRun is a sorted part of a spool while it is read.
type sortedRun struct {
	*report.LotReader
	number int
	next   *report.Entry
}

func (s *Spool) run(number int) (*sortedRun, error) {
	end, err := s.file.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	if number+1 < len(s.starts) {
		end = s.starts[number+1]
	}
	start := s.starts[number]
	from, err := report.NewLotReader(io.NewSectionReader(s.file, start, end-start))
	return &sortedRun{LotReader: from, number: number}, err
}

// advance reads the next entry; io.EOF after the last.
func (r *sortedRun) advance() (err error) {
	r.next, err = r.Next()
	return err
}

// runs is a heap of them by the path of the next entry, and then by their number.
type runs []*sortedRun

// Len, Less, Swap, Push and Pop implement heap.Interface.
func (r runs) Len() int { return len(r) }
func (r runs) Less(i, j int) bool {
	if r[i].next.Path != r[j].next.Path {
		return r[i].next.Path < r[j].next.Path
	}
	return r[i].number < r[j].number
}
func (r runs) Swap(i, j int) { r[i], r[j] = r[j], r[i] }
func (r *runs) Push(x any)   { *r = append(*r, x.(*sortedRun)) }
func (r *runs) Pop() any {
	last := len(*r) - 1
	x := (*r)[last]
	*r = (*r)[:last]
	return x
}

// take takes the first entry.
func (r *runs) take() (*report.Entry, error) {
	first := (*r)[0]
	e := first.next
	switch err := first.advance(); {
	case err == io.EOF:
		heap.Pop(r)
	case err != nil:
		return nil, err
	default:
		heap.Fix(r, 0)
	}
	return e, nil
}

// Close takes the temporary file away.
func (s *Spool) Close() (err error) {
	if s.file != nil {
		err = s.file.Close()
	}
	if s.release != nil {
		err = errors.Join(err, s.release())
	}
	return err
}
