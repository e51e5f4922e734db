package batch

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mendcap/mendcap/internal/naming"
)

// fitting shortens the name of an output that is longer than file systems take.
func fitting(rel string) string {
	const most = 240 // of 255 bytes, so that a number fits
	dir, base := path.Split(rel)
	if len(base) <= most {
		return rel
	}
	stem, suffix := cutMended(base)
	return dir + shortened(stem) + suffix
}

// distinguish gives captures with one output several. Those that differ by their
// suffix keep it; others, on a file system that does not tell upper from lower
// case, get a number in the order of their names.
func distinguish(tasks []task) {
	for _, group := range collisions(tasks) {
		for _, t := range group {
			t.rel = t.full
		}
	}
	taken := make(map[string]bool, len(tasks))
	for i := range tasks {
		taken[outKey(&tasks[i])] = true
	}
	for _, group := range collisions(tasks) {
		slices.SortStableFunc(group, func(a, b *task) int { return cmp.Compare(a.shown, b.shown) })
		n := 2
		for _, t := range group[1:] {
			n = t.number(taken, n)
		}
	}
	for i := range tasks {
		tasks[i].full = "" // names may be long, and those that aren't used many
	}
}

// number gives the output the first number from n on that no other has, and
// returns the next one.
func (t *task) number(taken map[string]bool, n int) int {
	stem, suffix := cutMended(t.rel)
	for ; ; n++ {
		t.rel = fmt.Sprintf("%s~%d%s", stem, n, suffix)
		if key := outKey(t); !taken[key] {
			taken[key] = true
			return n + 1
		}
	}
}

// tellApart gives members of one name, as those that were appended to a tar,
// labels with numbers.
func tellApart(members []member) {
	taken := make(map[string]bool, len(members))
	for i := range members {
		taken[members[i].name] = true
	}
	next := make(map[string]int, len(members))
	for i := range members {
		m := &members[i]
		m.label = m.name
		n, again := next[m.name]
		for ; again && taken[m.label]; n++ {
			m.label = fmt.Sprintf("%s~%d", m.name, n)
		}
		taken[m.label] = true
		next[m.name] = max(n, 2)
	}
}

// cutMended cuts a path before the suffix of outputs.
func cutMended(rel string) (stem, suffix string) {
	at := strings.LastIndex(rel, naming.Mended)
	return rel[:at], rel[at:]
}

// collisions lists tasks that share an output, where cases are not told apart.
func collisions(tasks []task) [][]*task {
	byOut := make(map[string][]*task)
	for i := range tasks {
		key := outKey(&tasks[i])
		byOut[key] = append(byOut[key], &tasks[i])
	}
	var all [][]*task
	for _, key := range slices.Sorted(maps.Keys(byOut)) {
		if group := byOut[key]; len(group) > 1 {
			all = append(all, group)
		}
	}
	return all
}

// outKey is a hash that tasks of one output share. Their paths themselves would be
// kept several times.
func outKey(t *task) string {
	sum := sha256.Sum256([]byte(strings.ToLower(filepath.Join(t.abs, filepath.FromSlash(t.rel)))))
	return string(sum[:])
}

// reportName is where the report of an output goes.
func reportName(out string) string {
	stem, _ := cutMended(out)
	return stem + ".mended.json"
}

// pageName is where the page of an output goes.
func pageName(out string) string {
	stem, _ := cutMended(out)
	return stem + ".mended.html"
}
