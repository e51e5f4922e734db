package lots

import (
	"context"
	"encoding/json"
	"maps"
	"path/filepath"
	"strconv"

	"github.com/mendcap/mendcap/internal/atomicfile"
	"github.com/mendcap/mendcap/internal/store"
	"github.com/mendcap/mendcap/repair/batch"
)

// distinguish names the outputs of items that would have one together. These alone are
// looked into.
func (p *planner) distinguish(ctx context.Context) error {
	shared := p.hashes.twice()
	for _, s := range p.shadows {
		if p.hashes.has(s.archive) {
			shared[s.item], shared[s.archive] = true, true
		}
	}
	for len(shared) > 0 {
		more, err := p.distinguishAll(ctx, shared)
		if err != nil || !more {
			return err
		}
	}
	return nil
}

// distinguishAll names the outputs of the items of these hashes. More says that further
// items have one of the names that were tried: their hashes are added.
func (p *planner) distinguishAll(ctx context.Context, shared map[uint64]bool) (more bool, err error) {
	var items []Item
	err = p.spool.each(func(s spooled) error {
		if !shared[s.key] {
			return nil
		}
		it, err := s.item()
		items = append(items, it)
		return err
	})
	if err != nil {
		return false, err
	}
	all := make([]batch.Item, len(items))
	for i := range items {
		all[i] = items[i].toBatch(p.inputs)
	}
	done, err := p.fetchAll(ctx, items, all)
	if err != nil {
		return false, err
	}
	defer done()
	o := p.o.Batch
	if store.IsURL(o.Dir) {
		o.Dir = "." // nothing is written
	}
	tried, err := batch.Distinguish(ctx, all, o)
	if err != nil {
		return false, err
	}
	for _, name := range tried {
		if key := p.hashes.of(batch.KeyOf(name)); !shared[key] && p.hashes.has(key) {
			shared[key], more = true, true
		}
	}
	p.renamed = make(map[place]map[int]Name)
	for i := range all {
		if len(all[i].Outputs) > 0 {
			p.renamed[place{items[i].Root, items[i].Name}] = named(all[i].Outputs)
		}
	}
	p.shared = maps.Clone(shared)
	return more, nil
}

// fetchAll copies items that lie far away, which done removes again.
func (p *planner) fetchAll(ctx context.Context, items []Item, all []batch.Item) (done func(), err error) {
	done = func() {}
	for i := range items {
		s := &p.sources[items[i].Root]
		if s.here() {
			continue
		}
		if p.scratch == "" {
			dir, release, err := atomicfile.ScratchDir()
			if err != nil {
				return done, err
			}
			p.scratch = dir
			done = func() {
				p.scratch = ""
				_ = release() // what is left of it is removed by a later run
			}
		}
		inPlace, err := s.inPlace(ctx, &items[i])
		if err == nil {
			_, err = fetch(ctx, s, &items[i], filepath.Join(p.scratch, strconv.Itoa(i)), &all[i], inPlace)
		}
		if err != nil {
			done()
			return done, err
		}
	}
	return done, nil
}

// place is what tells items apart.
type place struct {
	root int
	name Name
}

// item decodes an item.
func (s *spooled) item() (it Item, err error) {
	err = json.Unmarshal([]byte(beforeLot+"0"+s.text), &it)
	return it, err
}

// text is the JSON of an item after its lot, with the outputs that it has.
func (p *planner) text(s spooled) (string, error) {
	if !p.shared[s.key] {
		return s.text, nil
	}
	it, err := s.item()
	if err != nil {
		return "", err
	}
	it.Outputs = p.renamed[place{it.Root, it.Name}]
	text, err := json.Marshal(&it)
	return string(text[len(beforeLot)+1:]), err
}
