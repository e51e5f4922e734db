package batch

import (
	"context"
	"path"
	"path/filepath"
	"slices"

	"github.com/mendcap/mendcap/report"
)

// Plan is what a batch is going to do.
type Plan struct {
	o       Options
	limits  limits
	tasks   []task             // those of one archive are together, in its order
	results []Result           // of the items, as far as is known before they are repaired
	inPlace map[string]InPlace // of archives that are no files, by their paths
}

// fail notes what can't be repaired of an item.
func (p *Plan) fail(item int, e report.Entry) {
	p.results[item].Entries = append(p.results[item].Entries, e)
}

// task is one capture and its output.
type task struct {
	item   int    // that it belongs to, its number in the plan
	shown  string // path of the capture as it is named to people, with slashes
	file   string // the capture, or the archive that holds it
	member int    // its number in the archive, from 0; Alone for a file of its own
	tables []tableFile
	size   int64 // bytes

	root string // folder that the output must not leave
	abs  string // the same, absolute
	rel  string // the output in it, with slashes
	full string // the same where two captures would have one output; until that is settled

	copied bool              // file is a copy of what is shown
	sums   map[string][]byte // SHA-256 of files that need not be read for it
	notes  []string          // that its report has in addition
}

// out is the path of the output.
func (t *task) out() string { return filepath.Join(t.root, filepath.FromSlash(t.rel)) }

// outShown is the output as the summary names it.
func (p *Plan) outShown(t *task) string {
	if p.o.Dir != "" {
		return t.rel
	}
	if t.member == Alone {
		return path.Join(path.Dir(t.shown), t.rel)
	}
	return filepath.ToSlash(t.out())
}

// Find walks paths, files and folders, and plans the repair of the captures in
// them. Nothing is written but temporary files. What can't be read becomes part
// of the summary; errors are ErrUsage and the context's.
func Find(ctx context.Context, paths []string, o Options) (*Plan, error) {
	return find(ctx, paths, o, generous())
}

func find(ctx context.Context, paths []string, o Options, l limits) (*Plan, error) {
	w, err := newWalker(ctx, o, l, 1)
	if err != nil {
		return nil, err
	}
	for _, p := range paths {
		if err := w.root(p); err != nil {
			return nil, err
		}
	}
	distinguish(w.plan.tasks)
	w.plan.protect()
	return w.plan, nil
}

// Files lists the captures that are files of their own, and files that can't be read, in
// the order of their names. Members are how many captures lie in archives besides.
func (p *Plan) Files() (files []string, members int) {
	for i := range p.tasks {
		if t := &p.tasks[i]; t.member == Alone {
			files = append(files, t.file)
		} else {
			members++
		}
	}
	for i := range p.results {
		for _, e := range p.results[i].Entries {
			files = append(files, filepath.FromSlash(e.Path))
		}
	}
	slices.Sort(files)
	return files, members
}

// Captures is how many captures there are to repair.
func (p *Plan) Captures() int { return len(p.tasks) }

// Size is how many bytes the captures have, as they are in their folder or archive.
func (p *Plan) Size() (bytes int64) {
	for i := range p.tasks {
		bytes += p.tasks[i].size
	}
	return bytes
}

// Held is how many bytes the names of the captures and of their outputs take.
func (p *Plan) Held() (bytes int) {
	for i := range p.tasks {
		bytes += len(p.tasks[i].shown) + len(p.tasks[i].rel)
	}
	return bytes
}

// Summary is what a dry run prints: every capture as planned.
func (p *Plan) Summary() *report.Batch {
	var planned []report.Entry
	for i := range p.tasks {
		t := &p.tasks[i]
		planned = append(planned, report.Entry{Path: t.shown, Output: p.outShown(t), Outcome: report.OutcomePlanned})
	}
	return sumUp(p.results, planned...)
}
