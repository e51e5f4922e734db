package tables

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
)

const ownFormat = "mendcap-json"

// isOwnFormat tells mendcap's own form by its version or any of its tables.
func isOwnFormat(o object) bool {
	return o.has("version") || slices.ContainsFunc(snapshotTables, func(t table) bool { return o.has(t.name) })
}

// parseOwn reads mendcap's own form. Another version is refused: its fields
// could mean something else.
func (j *jsonText) parseOwn(o object) {
	j.found(ownFormat)
	if v, ok := o["version"]; !ok {
		j.problem = "mendcap's table format without its version"
		return
	} else if string(v.raw) != strconv.Itoa(Version) {
		j.problem = fmt.Sprintf("table format version %s is not known, only %d", sanitise(string(v.raw), 20), Version)
		return
	}
	if v, ok := o["takenAt"]; ok {
		if err := json.Unmarshal(v.raw, &j.snapshot.TakenAt); err != nil {
			j.lose(v, whyRow)
		}
	}
	for _, table := range snapshotTables {
		v, ok := o[table.name]
		if !ok || string(v.raw) == "null" {
			continue
		}
		if v.raw[0] != '[' {
			j.lose(v, whyRow)
			continue
		}
		elements(v, func(row value) {
			if j.room() && !table.read(j.snapshot, row.raw) {
				j.rows--
				j.lose(row, whyRow)
			}
		})
	}
}
