package tables

import (
	"encoding/csv"
	"slices"
	"strings"
	"unicode/utf8"
)

// PowerShell's objects as text: Format-Table (columns under dashes), Format-List
// (a name, a colon and a value a line) and Export-Csv.

// cell is a word of a line, by where it is, in characters. As a column of a table it
// has the place of its dashes, and its property's name.
type cell struct {
	from, to int
	text     string
}

// cells takes a line apart into words. A character of a file is one of a
// column; on a console, East Asian ones are two: wide counts them so.
func cells(line string, wide bool) (words []cell) {
	at := 0
	for _, text := range strings.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == '\t' }) {
		spaces, rest, _ := strings.Cut(line, text)
		from := at + len(spaces)
		at = from + utf8.RuneCountInString(text)
		for _, r := range text {
			if wide && isWide(r) {
				at++
			}
		}
		words = append(words, cell{from, at, text})
		line = rest
	}
	return words
}

// isWide tells the characters that take two columns of a console: Hangul Jamo,
// and the blocks from CJK radicals to compatibility forms and full-width forms.
func isWide(r rune) bool {
	return r >= 0x1100 && r <= 0x115f || r >= 0x2e80 && r <= 0xa4cf || r >= 0xac00 && r <= 0xd7a3 ||
		r >= 0xf900 && r <= 0xfaff || r >= 0xfe30 && r <= 0xfe6f || r >= 0xff00 && r <= 0xff60
}

// slice puts a line's words into columns: a word belongs to the column whose
// dashes it overlaps, else to that of the word before it.
func slice(columns []cell, line string, wide bool) []string {
	values := make([]string, len(columns))
	last := -1
	for _, word := range cells(line, wide) {
		i := slices.IndexFunc(columns, func(c cell) bool { return word.from < c.to && word.to > c.from })
		if i < 0 {
			i = last
		}
		if i < 0 {
			continue
		}
		if values[i] != "" {
			values[i] += " "
		}
		values[i] += word.text
		last = i
	}
	return values
}

// namesProperty reports whether a line may have the name of a property that some
// command's objects have at least, perhaps wrapped.
func namesProperty(line string) bool {
	return len(line) <= maxLine &&
		(strings.Contains(line, "Addr") || strings.Contains(line, "Dest") || strings.Contains(line, "Data"))
}

// Bounds of what PowerShell prints: no view has as many columns, and no object
// as many lines.
const (
	maxColumns = 40
	maxMembers = 200
)

// psColumns reads the header of a PowerShell table whose dashes are the current
// line; of a narrow table it is wrapped. There are none if it is another's.
func psColumns(l *lines) (columns []cell, ok bool) {
	if len(l.current) > maxLine || !strings.Contains(l.current, "--") || strings.Trim(l.current, "- \t") != "" ||
		!slices.ContainsFunc(l.before[:], namesProperty) {
		return nil, false
	}
	columns = cells(l.current, false)
	for i := range columns {
		columns[i].text = "" // the names are above
	}
	if len(columns) > maxColumns {
		return nil, false
	}
	for _, line := range l.before {
		if blank(line) || len(line) > maxLine {
			break
		}
		for i, part := range slice(columns, line, false) {
			columns[i].text = strings.ReplaceAll(part, " ", "") + columns[i].text
		}
		if kindOf(rowObject(columns, make([]string, len(columns)))) != nil {
			return columns, true
		}
	}
	return nil, false
}

// psRow is a table's row in the making: a value too long for its column may go
// on in the lines below.
type psRow struct {
	at     mark
	values []string
	chunks []string // of the values, what the last line has
}

// parsePSTable reads the rows below the dashes.
func parsePSTable(c *collector, l *lines, columns []cell) {
	var row *psRow
	emit := func() {
		if row != nil {
			c.psObject(columns, row)
			row = nil
		}
	}
	for l.next(); !l.done() && !blank(l.current) && len(l.current) <= maxLine; l.next() {
		if _, another := psColumns(l); another {
			break
		}
		values := slice(columns, l.current, false)
		if row != nil && row.goesOn(columns, values) {
			continue
		}
		emit()
		if c.begins(l) {
			return
		}
		row = &psRow{l.mark(), values, slices.Clone(values)}
	}
	emit()
}

// goesOn takes a line that only goes on with values of the row: each fills its
// column down to there and no more, and others are missing.
func (row *psRow) goesOn(columns []cell, values []string) bool {
	filled, missing := false, false
	for i, value := range values {
		if value == "" {
			missing = missing || row.values[i] != ""
			continue
		}
		filled = true
		if row.chunks[i] == "" || i+1 < len(columns) && len(row.chunks[i]) != columns[i+1].from-columns[i].from-1 {
			return false
		}
	}
	if !filled || !missing {
		return false
	}
	for i, value := range values {
		row.values[i] += value
	}
	row.chunks = values
	return true
}

// psObject reads a finished row, its columns as a file has them or, failing
// that, as a console has.
func (c *collector) psObject(columns []cell, row *psRow) {
	o := rowObject(columns, row.values)
	k := kindOf(o)
	if k == nil {
		return
	}
	why := k.row(c, o)
	if why != "" && why != whyCut {
		why = k.row(c, rowObject(columns, slice(columns, row.at.text, true)))
	}
	c.found(k.name + " (table)")
	c.reject(row.at, why)
}

func rowObject(columns []cell, values []string) object {
	o := object{}
	for i, column := range columns {
		o.put(column.text, values[i])
	}
	return o
}

// listEntry splits a line of Format-List; its name is a property's.
func listEntry(line string) (name, value string, ok bool) {
	if len(line) > maxLine {
		return "", "", false
	}
	name, value, ok = strings.Cut(line, " :")
	name = strings.TrimSpace(name)
	return name, strings.TrimSpace(value), ok && name != "" && !strings.ContainsAny(name, " \t:")
}

// psList is an object as Format-List has it.
type psList struct {
	object object
	kind   *kind
	count  int // of its lines
}

// psListOf reads the object whose first line is the current one, up to an empty line, to
// a name that it has, or to a line that is no part of a list. Only at a first line are
// the lines below looked at, so that no line is more than once.
func psListOf(l *lines) (list psList, ok bool) {
	_, _, ok = listEntry(l.current)
	before := l.before[0]
	if _, _, inside := listEntry(before); !ok || inside || strings.HasPrefix(before, " ") {
		return list, false
	}
	list.object = object{}
	line, at := l.current, l.end
	for ; list.count < maxMembers && !blank(line); list.count++ {
		name, value, ok := listEntry(line)
		if ok && list.object.has(name) || !ok && line[0] != ' ' {
			break
		}
		if ok && slices.Contains(properties, name) {
			list.object.put(name, value)
		}
		line, at = cutLine(l.text, at)
	}
	list.kind = kindOf(list.object)
	return list, list.kind != nil
}

func parsePSList(c *collector, l *lines, list psList) {
	c.found(list.kind.name + " (list)")
	c.reject(l.mark(), list.kind.row(c, list.object))
	for range list.count {
		l.next()
	}
}

// csvTable is what the line of names says of the rows of Export-Csv.
type csvTable struct {
	columns []cell
	comma   rune
}

// csvHeader reads a line of names as Export-Csv writes them, of a command that
// is known.
func csvHeader(l *lines) (t csvTable, ok bool) {
	if !namesProperty(l.current) {
		return t, false
	}
	for _, t.comma = range ",;\t" {
		names := csvFields(l.current, t.comma)
		t.columns = make([]cell, len(names))
		for i, name := range names {
			t.columns[i].text = name
		}
		if len(names) > 1 && kindOf(rowObject(t.columns, names)) != nil {
			return t, true
		}
	}
	return t, false
}

// csvFields splits a line; nil if it is not CSV.
func csvFields(line string, comma rune) []string {
	reader := csv.NewReader(strings.NewReader(line))
	reader.Comma = comma
	fields, err := reader.Read()
	if err != nil {
		return nil
	}
	return fields
}

// parseCSV reads the rows below the names.
func parseCSV(c *collector, l *lines, t csvTable) {
	for l.next(); !l.done() && !blank(l.current); l.next() {
		var values []string
		if len(l.current) <= maxLine {
			values = csvFields(l.current, t.comma)
		}
		if len(values) != len(t.columns) {
			if c.begins(l) {
				return
			}
			c.reject(l.mark(), whyRow)
			continue
		}
		o := rowObject(t.columns, values)
		if k := kindOf(o); k != nil {
			c.found(k.name + " (csv)")
			c.reject(l.mark(), k.row(c, o))
		}
	}
}
