package batch

import (
	"context"
	"fmt"
	"path"
	"path/filepath"
	"strings"

	"github.com/mendcap/mendcap/internal/naming"
	"github.com/mendcap/mendcap/report"
)

// Item is a file that was found before: a capture, an archive, or neither, for nobody
// has looked into it.
type Item struct {
	Root string // path on the command line that led to it, or URL
	Name string // from there, with slashes; "" for the path itself
	// Outputs are names of outputs below Options.Dir, with slashes, where they are not the
	// usual ones since another item would have them too: by the number of the member of an
	// archive, Alone for a capture that is a file of its own.
	Outputs map[int]string
	// Copy is a file that has what the item does, and its name, where Root is a URL. Its
	// network tables lie beside it. Sums are SHA-256 hashes of these files, by their paths,
	// where they are known.
	Copy string
	Sums map[string][]byte
	// Place is an archive that no file has: Copy is a name that one could have.
	Place InPlace
}

// Alone is the number of a capture that is no member of an archive.
const Alone = -1

// Result is what became of an item.
type Result struct {
	Entries []report.Entry // of its captures, in any order; none where it holds none
	Skipped report.Skipped
}

// sumUp makes the summary of results, and of entries beside them.
func sumUp(results []Result, more ...report.Entry) *report.Batch {
	var all Result
	for i := range results {
		all.Entries = append(all.Entries, results[i].Entries...)
		all.Skipped.Add(&results[i].Skipped)
	}
	return report.NewBatch(append(all.Entries, more...), all.Skipped)
}

// find takes in an item, which is looked into now.
func (it *Item) find(w *walker) error {
	f, err := it.found()
	if err != nil {
		return err
	}
	if it.Place != nil {
		if w.plan.inPlace == nil {
			w.plan.inPlace = make(map[string]InPlace)
		}
		w.plan.inPlace[f.path] = it.Place
	}
	return w.file(f)
}

// found is the item as a walk would come to it.
func (it *Item) found() (*found, error) {
	f, err := rootOf(it.Root)
	if err != nil {
		return nil, err
	}
	if it.Name == "" {
		f.rel = f.under
	} else {
		f = f.child(it.Name)
	}
	if it.Copy != "" {
		f.copied, f.path, f.sums, f.place = true, it.Copy, it.Sums, it.Place
		if f.abs, err = filepath.Abs(it.Copy); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrUsage, err)
		}
	}
	return f, nil
}

// Shown is how the item is named to people, with slashes.
func (it *Item) Shown() string {
	return shownIn(shownRoot(it.Root), it.Name)
}

// Unread is the entry of a file or folder that can't be read; shown is its name, with
// slashes.
func Unread(shown string, err error) report.Entry { return failure(shown, codeNoCapture, reason(err)) }

// Failed is the entry of an item that could not be repaired, for a reason that is none
// of the repair's; the code is one of mendcap's exit codes.
func (it *Item) Failed(code int, why string) report.Entry { return failure(it.Shown(), code, why) }

// Excludes reports whether a file or folder is passed over; name is its path from that on
// the command line, with slashes.
func (o *Options) Excludes(name string) bool { return matches(o.Exclude, name) }

// FindItems plans the repair of items, as Find plans that of what it finds: with the
// same names and the same summary, if each output is named after one item alone or by
// Distinguish. The outputs go below Options.Dir, which must be set. Errors are ErrUsage
// and the context's.
func FindItems(ctx context.Context, items []Item, o Options) (*Plan, error) {
	w, err := newWalker(ctx, o, generous(), len(items))
	if err != nil {
		return nil, err
	}
	for i := range items {
		w.item = i
		before := len(w.plan.tasks)
		if err := items[i].find(w); err != nil {
			return nil, err
		}
		own := w.plan.tasks[before:]
		distinguish(own)
		for k := range own {
			output, ok := items[i].Outputs[own[k].member]
			if !ok {
				continue
			}
			if !isOutput(output) {
				return nil, fmt.Errorf("%w: %.200q is no name of an output", ErrUsage, output)
			}
			own[k].rel = output
		}
	}
	w.plan.protect()
	return w.plan, nil
}

// isOutput reports whether a path with slashes leads down, to a file named as outputs are.
func isOutput(name string) bool {
	return filepath.IsLocal(filepath.FromSlash(name)) && strings.Contains(path.Base(name), naming.Mended)
}

// RunItems is Run for the plan of FindItems: begin is told which item is begun, more than
// once for some archives, and each what became of an item once it is done. Either is called
// by one goroutine at a time. After an error some are not done.
func (p *Plan) RunItems(ctx context.Context, begin func(item int), each func(item int, r Result)) error {
	return newRunner(p, begin, each).run(ctx)
}

// Distinguish names the outputs of items of which some would have one together, or with
// others of them: it sets Outputs. It looks into the items, since what is no capture has
// no output. Tried are names that were wanted on the way: if further items have one of
// these, all of them must be distinguished together.
func Distinguish(ctx context.Context, items []Item, o Options) (tried []string, err error) {
	w, err := newWalker(ctx, o, generous(), len(items))
	if err != nil {
		return nil, err
	}
	for i := range items {
		w.item, items[i].Outputs = i, nil
		if err := items[i].find(w); err != nil {
			return nil, err
		}
	}
	tasks := w.plan.tasks
	usual := make([]string, len(tasks))
	for start := 0; start < len(tasks); {
		end := start
		for end < len(tasks) && tasks[end].item == tasks[start].item {
			end++
		}
		own := append([]task{}, tasks[start:end]...)
		distinguish(own)
		for i := range own {
			usual[start+i] = own[i].rel
		}
		start = end
	}
	for i := range tasks {
		tried = append(tried, tasks[i].rel, tasks[i].full)
	}
	distinguish(tasks)
	for i := range tasks {
		t := &tasks[i]
		if tried = append(tried, t.rel); t.rel != usual[i] {
			it := &items[t.item]
			if it.Outputs == nil {
				it.Outputs = make(map[int]string)
			}
			it.Outputs[t.member] = t.rel
		}
	}
	return tried, nil
}

// Outputs names the usual outputs of the items of one path on the command line.
type Outputs struct {
	under string
	o     *Options
}

// NewOutputs returns those of a path. Its error is ErrUsage.
func NewOutputs(root string, o *Options) (Outputs, error) {
	f, err := rootOf(root)
	if err != nil {
		return Outputs{}, err
	}
	return Outputs{f.under, o}, nil
}

// Key is that of the output of an item that is a capture, such that items of one output
// have one key on every file system. What an archive holds goes into a folder beside it
// whose name ends with Inside.
func (o Outputs) Key(name string) string { return KeyOf(outputOf(path.Join(o.under, name), o.o)) }

// KeyOf is the key of an output.
func KeyOf(output string) string { return strings.ToLower(output) }
