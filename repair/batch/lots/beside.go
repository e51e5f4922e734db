package lots

import (
	"path"
	"slices"
	"strings"

	"github.com/mendcap/mendcap/internal/naming"
	"github.com/mendcap/mendcap/internal/store"
)

// joiner finds the network tables beside each item in a listing in the order of keys, as
// tables.Find does in a folder. What belongs together has keys near each other: all begin
// with the item's stem. So it holds the few that more may belong to.
type joiner struct {
	emit    func(it Item) error
	waiting []waiting
	tables  []table
}

// waiting is an item whose tables may still come.
type waiting struct {
	Item
	name string // as those of tables are
	stem string // the same without the suffixes of captures
}

// table is a file of network tables that may belong to items.
type table struct {
	Beside
	owner  string // stem or name of the item
	folder bool   // it lies in a folder of tables
}

// add takes an item in, which has that name. Those of each root come in the order of
// their names.
func (j *joiner) add(name string, it Item) error {
	if err := j.reach(name); err != nil {
		return err
	}
	w := waiting{Item: it, name: name, stem: naming.Stem(name)}
	for i := range j.tables {
		w.join(&j.tables[i])
	}
	j.waiting = append(j.waiting, w)
	return nil
}

// file takes in a file, or a link to one, that may hold tables.
func (j *joiner) file(name string, o store.Object) error {
	owner, folder, ok := tableOwner(name)
	if !ok {
		return nil
	}
	if err := j.reach(name); err != nil {
		return err
	}
	t := table{Beside{Name(name), o.Size, o.Version}, owner, folder}
	for i := range j.waiting {
		j.waiting[i].join(&t)
	}
	j.tables = append(j.tables, t)
	return nil
}

// tableOwner returns whose network tables a file is by its name: the item's stem, or its
// name where it lies in a folder of tables.
func tableOwner(name string) (owner string, folder, ok bool) {
	if owner, ok := strings.CutSuffix(path.Dir(name), naming.TablesFolder); ok {
		return owner, true, true
	}
	owner, _, ok = naming.CutTables(name)
	return owner, false, ok
}

// join adds tables to an item, if they are its.
func (w *waiting) join(t *table) {
	where := string(t.Name)
	if t.folder {
		where = path.Dir(where)
	}
	if t.owner != w.stem && !(t.folder && t.owner == w.name) || strings.HasPrefix(w.name, where) {
		return
	}
	w.Beside = append(w.Beside, t.Beside)
}

// reach lets go of the items and tables that nothing from a name on belongs to.
func (j *joiner) reach(name string) error {
	past := func(stem string) bool { return name >= stem+"/" }
	kept := j.waiting[:0]
	for _, w := range j.waiting {
		if !past(w.stem) {
			kept = append(kept, w)
		} else if err := j.emit(w.Item); err != nil {
			return err
		}
	}
	j.waiting = kept
	j.tables = slices.DeleteFunc(j.tables, func(t table) bool { return past(t.owner) })
	return nil
}

// end lets go of all, before another root.
func (j *joiner) end() error {
	for _, w := range j.waiting {
		if err := j.emit(w.Item); err != nil {
			return err
		}
	}
	j.waiting, j.tables = nil, nil
	return nil
}
