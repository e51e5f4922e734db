package batch

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/mendcap/mendcap/internal/naming"
	"github.com/mendcap/mendcap/report"
)

// Inside follows the name of an archive in that of the folder of its outputs.
const Inside = ".mended"

// archive lists the captures of an archive.
func (w *walker) archive(f *found, kind kind) error {
	var members []member
	met, names := 0, 0
	err := visit(w.ctx, f.source(), kind, w.plan.limits, func(m *member) error {
		met++
		if !m.matters() {
			w.member(f, m, nil) // it is counted, and not kept
			return nil
		}
		if names += len(m.name); names > w.plan.limits.names {
			return limitf("captures and tables whose names take more than %d bytes together", w.plan.limits.names)
		}
		listed := *m
		listed.body = nil
		members = append(members, listed)
		return nil
	})
	if err := cmp.Or(w.ctx.Err(), f.source().failed()); err != nil {
		return err
	}
	tellApart(members)
	tables := tablesOf(members)
	for i := range members {
		w.member(f, &members[i], tables)
	}
	if err != nil {
		w.broken(f, met, err)
	}
	return nil
}

// matters reports whether a member can be a capture, network tables or a failure.
func (m *member) matters() bool {
	_, _, isTable := tableOf(m.name)
	return isTable || m.kind != kindOther || naming.IsNamedCapture(m.name)
}

// broken notes that an archive could not be read to its end.
func (w *walker) broken(f *found, members int, err error) {
	e := failure(f.shown, codeNoCapture, reason(err))
	if members > 0 && !errors.Is(err, errLimit) && !isStopped(err) {
		e.Outcome, e.Code, e.Damage = report.OutcomeDamaged, codeDamaged, 1
	}
	w.plan.fail(w.item, e)
}

// member plans what is done with one member.
func (w *walker) member(f *found, m *member, tables map[string][]tableFile) {
	skipped := w.skipped()
	shown, rel := f.shown+"/"+m.label, f.rel+"/"+m.name
	named := naming.IsNamedCapture(m.name)
	isArchive := m.kind == kindTar || m.kind == kindZip
	switch {
	case w.plan.o.Excludes(rel):
		skipped.Excluded++
	case naming.IsOwn(path.Base(m.name)):
		skipped.Own++
	case m.failed != nil && (named || isArchive):
		w.fail(shown, codeNoCapture, m.failed)
	case m.kind != kindCapture && !named:
		other(skipped, m.name)
	case !w.included(rel) && !matches(w.plan.o.Include, f.rel):
		skipped.Excluded++
	default:
		t := task{shown: shown, file: f.path, member: m.number, size: m.size, tables: beside(m.name, tables)}
		for _, table := range t.tables {
			if table.times > 1 {
				t.notes = append(t.notes, fmt.Sprintf("tables %s/%s are in the archive %d times: the last ones count", f.shown, table.name, table.times))
			}
		}
		w.add(f, t, Inside+"/"+safePath(m.name))
	}
}

// tableFile is a member that holds network tables, by its name.
type tableFile struct {
	member int
	suffix string // after the name of what it belongs to: ".tables.json", ".tables/netstat.txt", ".etl"
	name   string // of the member, with slashes
	times  int    // that the archive has it; the last one counts, as where it is unpacked
	rel    string // where it is to lie beside a capture, from its folder, with slashes
}

// tablesOf finds the members that hold tables, by the path that they belong to:
// a capture's, or that without its suffix.
func tablesOf(members []member) map[string][]tableFile {
	all := make(map[string][]tableFile)
	places := make(map[string]int, len(members)) // in all, by name
	add := func(owner, suffix, name string, member int) {
		at, again := places[name]
		if !again {
			at = len(all[owner])
			places[name] = at
			all[owner] = append(all[owner], tableFile{suffix: suffix, name: name})
		}
		all[owner][at].member = member
		all[owner][at].times++
	}
	for i := range members {
		if owner, suffix, ok := tableOf(members[i].name); ok {
			add(owner, suffix, slashed(members[i].name), members[i].number)
		}
	}
	return all
}

// tableOf says what a member belongs to whose name is one of network tables, and
// what follows it.
func tableOf(member string) (owner, suffix string, ok bool) {
	name := slashed(member)
	folder, base := path.Split(name)
	if owner, ok := strings.CutSuffix(strings.TrimSuffix(folder, "/"), naming.TablesFolder); ok {
		return owner, naming.TablesFolder + "/" + safeName(base), true
	}
	return naming.CutTables(name)
}

// beside lists the tables of a capture in an archive, with the places where a
// repair of a file named as baseName says will find them.
func beside(name string, tables map[string][]tableFile) []tableFile {
	name = slashed(name)
	base := baseName(name)
	var list []tableFile
	for _, f := range tables[naming.Stem(name)] {
		if strings.HasPrefix(name, f.name) {
			continue // the trace is the capture itself, compressed or not
		}
		f.rel = naming.Stem(base) + f.suffix
		list = append(list, f)
	}
	if naming.Stem(name) == name {
		return list
	}
	for _, f := range tables[name] {
		if strings.HasPrefix(f.suffix, naming.TablesFolder+"/") {
			f.rel = base + f.suffix
			list = append(list, f)
		}
	}
	return list
}

// baseName is the name under which a member lies while it is repaired.
func baseName(member string) string { return path.Base(safePath(member)) }

func slashed(name string) string { return strings.ReplaceAll(name, `\`, "/") }
