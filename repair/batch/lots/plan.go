package lots

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mendcap/mendcap/internal/compress"
	"github.com/mendcap/mendcap/internal/naming"
	"github.com/mendcap/mendcap/internal/store"
	"github.com/mendcap/mendcap/repair/batch"
	"github.com/mendcap/mendcap/report"
)

// Options choose how captures are divided into lots. The zero value works.
type Options struct {
	// Batch is how the lots are worked at. Dir must be set, and Program is kept.
	Batch batch.Options
	Flags []string // that say the same on a command line
	Dir   string   // folder that relative paths start from
	// LotSize is how many bytes a lot has about, if that is not 0: a larger file is one by
	// itself. It follows from Lots otherwise, which is how many there are at most (more
	// only where the names in one would take more than 256 MiB), but is from leastLot to
	// mostLot where that is 0 too.
	LotSize int64
	Lots    int
	// Resume keeps captures that an earlier plan below the same folder has finished with
	// the same versions, tables, flags and program: no lot has them, and the merge does.
	Resume bool
}

// What a lot has where nothing else is asked for, bytes: from what takes longer than to
// start a worker, to what a worker may do again after it was killed.
const (
	leastLot = 64 << 20
	mostLot  = 16 << 30
	usual    = 1000 // lots, which is 50 each for 20 workers, and what Slurm takes unasked
)

const (
	mostLots = 100_000   // of a plan
	perItem  = 256 << 10 // bytes in which as much is done as to begin and end with an item
	perPart  = 10_000    // items
)

var errNotRegular = errors.New("not a regular file")

// Plan lists the captures in files and folders and divides them into lots. It writes the
// plan, unless the same one is there. Errors are ErrUsage, the context's, or the store's.
func Plan(ctx context.Context, inputs []string, o Options) (run *Run, existed bool, err error) {
	out, err := store.Open(ctx, o.Batch.Dir)
	if err != nil {
		return nil, false, err
	}
	sources := make([]Source, 0, len(inputs))
	var missing []report.Entry
	for _, input := range inputs {
		s, err := sourceOf(ctx, input)
		if err != nil && (isFinal(err) || ctx.Err() != nil) {
			return nil, false, err
		}
		if err != nil {
			missing = append(missing, batch.Unread((&batch.Item{Root: input}).Shown(), err))
			continue
		}
		sources = append(sources, s)
	}
	return PlanSources(ctx, out, sources, missing, o)
}

// PlanSources is Plan for inputs that were found, with what is to be said of others, in a
// store that has Options.Batch.Dir.
func PlanSources(ctx context.Context, out store.Store, sources []Source, missing []report.Entry, o Options) (run *Run, existed bool, err error) {
	if err := o.check(sources); err != nil {
		return nil, false, err
	}
	spool, err := newSpool()
	if err != nil {
		return nil, false, err
	}
	defer func() { err = errors.Join(err, spool.close()) }()
	p := &planner{o: &o, sources: sources, spool: spool, hashes: newHashes(), id: sha256.New()}
	for i := range sources {
		p.inputs = append(p.inputs, sources[i].Root)
		outputs, err := batch.NewOutputs(sources[i].Root, &o.Batch)
		if err != nil {
			return nil, false, err
		}
		p.outputs = append(p.outputs, outputs)
	}
	p.found.Entries = missing
	if err := p.list(ctx); err != nil {
		return nil, false, err
	}
	if err := p.distinguish(ctx); err != nil {
		return nil, false, err
	}
	p.hashes = nil // they are most of what is held
	if o.Resume {
		if err := p.resume(ctx, out); err != nil {
			return nil, false, err
		}
	}
	run, err = p.run(out)
	if err != nil {
		return nil, false, err
	}
	if existed, err = run.isThere(ctx, "plan.json"); existed || err != nil {
		if err == nil {
			err = run.readHeader(ctx)
		}
		if err != nil {
			err = fmt.Errorf("read %s: %w", run.URL(), err)
		}
		return run, existed, err
	}
	return run, false, p.write(ctx, run)
}

// check refuses what can't be planned.
func (o *Options) check(sources []Source) error {
	if o.Batch.Dir == "" {
		return fmt.Errorf("%w: no folder of the outputs", ErrUsage)
	}
	if o.Lots < 0 || o.LotSize < 0 || o.Lots > mostLots {
		return fmt.Errorf("%w: %d lots of %d bytes; at most %d lots", ErrUsage, o.Lots, o.LotSize, mostLots)
	}
	if store.IsURL(o.Batch.Dir) {
		return o.checkURLs(sources)
	}
	dir, err := filepath.Abs(o.Batch.Dir)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUsage, err)
	}
	for i := range sources {
		if !sources[i].here() {
			continue
		}
		local := sources[i].Store.Local(sources[i].Key)
		abs, err := filepath.Abs(local)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrUsage, err)
		}
		if rel, err := filepath.Rel(dir, abs); err == nil && filepath.IsLocal(rel) {
			return fmt.Errorf("%w: %s lies in the folder of the outputs", ErrUsage, sources[i].Root)
		}
	}
	return nil
}

// checkURLs is check for outputs in a store far away.
func (o *Options) checkURLs(sources []Source) error {
	dir := store.Shown(o.Batch.Dir) + "/"
	for i := range sources {
		if s := &sources[i]; !s.here() && strings.HasPrefix(store.Shown(s.Root)+"/", dir) {
			return fmt.Errorf("%w: %s lies in the folder of the outputs", ErrUsage, store.Shown(s.Root))
		}
	}
	return nil
}

// planner makes one plan.
type planner struct {
	o       *Options
	sources []Source
	inputs  []string // their roots
	outputs []batch.Outputs
	spool   *spool
	hashes  *hashes // of the outputs that items have if they are captures
	id      hash.Hash
	found   batch.Result // that are no items

	items int64
	bytes int64
	cost  int64 // bytes, with those that each item counts as

	// shadows are items whose outputs lie in a folder named as that of an archive's
	// outputs, with the hash of the archive that it would be.
	shadows []shadow
	shared  map[uint64]bool // hashes of outputs that items had to share
	renamed map[place]map[int]Name
	done    resumed

	scratch string // folder of the copies of what is looked into
}

type shadow struct{ item, archive uint64 }

// list lists the sources.
func (p *planner) list(ctx context.Context) error {
	j := &joiner{emit: func(it Item) error { return p.keep(&it) }}
	l := newListing(&p.o.Batch, p.sources)
	l.take = func(root int, name string, o store.Object) error {
		as := name
		if name == "" {
			as = path.Base(p.sources[root].Key)
		}
		return j.add(as, Item{Root: root, Name: Name(name), Size: o.Size, Version: o.Version})
	}
	l.tables = func(name string, o store.Object) error { return j.file(name, o) }
	for root := range p.sources {
		if err := l.run(ctx, root); err != nil {
			return err
		}
		if err := j.end(); err != nil {
			return err
		}
	}
	p.found.Entries = append(p.found.Entries, l.found.Entries...)
	p.found.Skipped = l.found.Skipped
	p.hashes.sort()
	return p.spool.end()
}

// keep takes in an item.
func (p *planner) keep(it *Item) error {
	text, err := json.Marshal(it)
	if err != nil {
		return err
	}
	output := p.outputs[it.Root].Key(string(it.Name))
	key := p.hashes.of(output)
	p.hashes.add(key)
	p.addShadows(output, key)
	p.items++
	p.bytes += it.Size
	p.cost += cost(it.Size)
	rest := text[len(beforeLot)+1:]
	p.id.Write(rest)
	return p.spool.add(spooled{it.Size, key, string(rest)})
}

// cost is how much of a lot a file of a size takes up.
func cost(size int64) int64 { return size + perItem }

// addShadows notes folders of an output that may be those of archives.
func (p *planner) addShadows(output string, key uint64) {
	for from := 0; ; {
		at := strings.Index(output[from:], batch.Inside+"/")
		if at < 0 {
			return
		}
		from += at + len(batch.Inside)
		archive := naming.OutputName(output[:from-len(batch.Inside)], "") + naming.PackedSuffix(string(p.o.Batch.Repair.Compression))
		p.shadows = append(p.shadows, shadow{key, p.hashes.of(batch.KeyOf(filepath.ToSlash(archive)))})
	}
}

// run names the plan and completes its header.
func (p *planner) run(out store.Store) (*Run, error) {
	r := &Run{out: out, Header: Header{
		Schema: Schema, Program: p.o.Batch.Program, Flags: append([]string{}, p.o.Flags...), Dir: Name(p.o.Dir),
		Inputs: append([]string{}, p.inputs...), LotSize: p.lotSize(), Items: p.items - p.done.count, Bytes: p.bytes - p.done.bytes, Kept: len(p.done.kept), Parts: []int{},
	}}
	head, err := json.Marshal(r.Header)
	found, err2 := json.Marshal(p.found)
	if err := errors.Join(err, err2); err != nil {
		return nil, err
	}
	p.id.Write(append(head, found...))
	for _, k := range p.done.kept {
		fmt.Fprintf(p.id, "%s %d\n", k.run.ID, k.lot)
	}
	r.ID = hex.EncodeToString(p.id.Sum(nil))[:12]
	return r, nil
}

// lotSize is a lot's share of the bytes: a larger file is a lot by itself.
func (p *planner) lotSize() int64 {
	switch {
	case p.o.LotSize > 0:
		return p.o.LotSize
	case p.o.Lots > 0:
		return max(1, share(p.cost, int64(p.o.Lots)))
	}
	return min(max(share(p.cost, usual), leastLot), mostLot)
}

// share is bytes divided by n, rounded up: n shares are no less than all.
func share(bytes, n int64) int64 { return (bytes + n - 1) / n }

// write writes the items by lot, what the plan found itself, and at last the header,
// without which there is no plan.
func (p *planner) write(ctx context.Context, r *Run) error {
	var large []spooled
	err := p.eachLeft(func(it spooled) error {
		if cost(it.size) >= r.LotSize {
			large = append(large, it)
		}
		return p.tooMany(len(large))
	})
	if err != nil {
		return err
	}
	slices.SortStableFunc(large, func(a, b spooled) int { return cmp.Compare(b.size, a.size) })
	w := &partWriter{ctx: ctx, run: r, p: p}
	for _, it := range large {
		if err := w.add(it, true); err != nil {
			return err
		}
	}
	err = p.eachLeft(func(it spooled) error {
		if cost(it.size) >= r.LotSize {
			return nil
		}
		next := w.begins(cost(it.size))
		return w.add(it, next)
	})
	if err == nil {
		err = w.end()
	}
	if err != nil {
		return err
	}
	if err := errors.Join(r.putSummary(ctx, planned, &p.found), p.writeKept(ctx, r)); err != nil {
		return err
	}
	return r.putJSON(ctx, "plan.json", &r.Header)
}

// eachLeft hands on the items that are to be worked at.
func (p *planner) eachLeft(do func(it spooled) error) error {
	return p.spool.each(func(it spooled) error {
		if kept, err := p.isKept(it); kept || err != nil {
			return err
		}
		return do(it)
	})
}

func (p *planner) tooMany(lots int) error {
	if lots > mostLots {
		return fmt.Errorf("%w: more than %d lots; --lot-size makes larger ones", ErrUsage, mostLots)
	}
	return nil
}

// partWriter writes the items of a plan.
type partWriter struct {
	ctx   context.Context
	run   *Run
	p     *planner
	small int64 // bytes of the files so far that are smaller than a lot
	share int64 // of which this many are the shares of lots up to the present one
	texts int   // bytes of the lines of the present lot's items
	count int   // items of the present part
	part  bytes.Buffer
	zip   io.WriteCloser
}

// begins says whether a file smaller than a lot begins the next one. That has the files
// whose middles lie in its share of the bytes, so that there are never more lots than
// shares, and none has more than two.
func (w *partWriter) begins(size int64) bool {
	middle := w.small + size/2
	w.small += size
	if middle < w.share {
		return false
	}
	w.share += w.run.LotSize
	return true
}

// add puts an item into the next lot, or the present one if that has room for its line.
func (w *partWriter) add(it spooled, next bool) error {
	r := w.run
	text, err := w.p.text(it)
	if err != nil {
		return err
	}
	length := len(text) + len(beforeLot) + len(fmt.Sprint(mostLots))
	if length > longestItem {
		return fmt.Errorf("%w: with its network tables, or the names of its outputs, a file takes %d bytes of a plan, of at most %d: %.200s", ErrUsage, length, longestItem, text)
	}
	if next || w.texts+length > mostLotText {
		if r.Lots++; w.p.tooMany(r.Lots) != nil {
			return w.p.tooMany(r.Lots)
		}
		w.texts = 0
	}
	w.texts += length
	if w.count == perPart {
		if err := w.end(); err != nil {
			return err
		}
	}
	if w.count == 0 {
		w.part.Reset()
		if w.zip, err = compress.NewTextCompressor(&w.part); err != nil {
			return err
		}
		r.Parts = append(r.Parts, r.Lots-1)
	}
	w.count++
	_, err = fmt.Fprintf(w.zip, "%s%d%s\n", beforeLot, r.Lots-1, text)
	return err
}

// end writes the present part.
func (w *partWriter) end() error {
	if w.count == 0 {
		return nil
	}
	w.count = 0
	if err := w.zip.Close(); err != nil {
		return err
	}
	name := w.run.key(partName(len(w.run.Parts) - 1))
	return w.run.out.Put(w.ctx, name, func(to io.Writer) error {
		_, err := to.Write(w.part.Bytes())
		return err
	})
}
