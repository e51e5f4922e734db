package tables

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// attempt is what looking for JSON in vain costs at least, in bytes.
const attempt = 512

// value is a JSON value in a text, at an offset of what was parsed.
type value struct {
	raw    json.RawMessage
	offset int
}

// takeJSON reads a JSON value that begins at the current line, if there is one
// with rows in it, and moves after it.
func (c *collector) takeJSON(l *lines) bool {
	if c.jsonBudget <= 0 || !beginsJSON(l.current) {
		return false
	}
	text := l.rest()
	decoder := json.NewDecoder(strings.NewReader(text))
	var raw json.RawMessage
	if err := decoder.Decode(&raw); err != nil {
		tried := len(text)
		if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
			tried = int(syntax.Offset)
		}
		c.jsonBudget -= max(attempt, tried)
		return false
	}
	end := int(decoder.InputOffset())
	j := &jsonText{collector: c, text: text, line: l.number}
	if !j.parse(value{raw, end - len(raw)}) {
		c.jsonBudget -= max(attempt, end)
		return false
	}
	l.skip(end)
	return true
}

// beginsJSON tells an object or an array of objects. Lines such as
// [svchost.exe], between netstat's rows, and [::1]:80 are neither.
func beginsJSON(line string) bool {
	line = strings.TrimSpace(line)
	if line == "" || line[0] != '{' && line[0] != '[' {
		return false
	}
	inner := strings.TrimSpace(line[1:])
	return inner == "" || line[0] == '{' && strings.ContainsRune(`"}`, rune(inner[0])) ||
		line[0] == '[' && strings.ContainsRune(`{]`, rune(inner[0]))
}

// jsonText is a JSON value being read.
type jsonText struct {
	*collector
	text   string // what offsets count in
	line   int    // number of the line at offset
	offset int
	lost   tally // values that were not understood
}

// parse reads a value of any of the known shapes: mendcap's own form, or the
// objects of PowerShell's ConvertTo-Json and of ip -j: an array of them, one
// alone, or an array wrapped as {"value": [...], "Count": N}.
func (j *jsonText) parse(v value) bool {
	known := false
	if v.raw[0] == '[' {
		known = j.parseObjects(v)
	} else if o := members(v); isOwnFormat(o) {
		j.parseOwn(o)
		known = true
	} else if inner, ok := o["value"]; ok && inner.raw[0] == '[' {
		known = j.parseObjects(inner)
	} else {
		known = j.parseObject(v)
	}
	if known {
		j.unread.merge(j.lost)
		j.doubtful.merge(j.lost)
	}
	return known
}

// lose notes that a value was not understood.
func (j *jsonText) lose(v value, why string) {
	if v.offset >= j.offset {
		j.line += strings.Count(j.text[j.offset:v.offset], "\n")
	} else {
		j.line -= strings.Count(j.text[v.offset:j.offset], "\n")
	}
	j.offset = v.offset
	j.lost.add(j.line, string(v.raw[:min(len(v.raw), maxLine)]), why)
}

// parseObjects reads an array of objects and reports whether any was of a known
// kind.
func (j *jsonText) parseObjects(v value) (known bool) {
	elements(v, func(element value) { known = j.parseObject(element) || known })
	return known
}

// parseObject reads one object by the first kind that it can be of. Empty ones
// are what ip -j leaves where it has filtered something out.
func (j *jsonText) parseObject(v value) (known bool) {
	o := members(v)
	k := kindOf(o)
	if k == nil {
		if len(bytes.TrimSpace(bytes.Trim(v.raw, "{}"))) > 0 {
			j.lose(v, whyForeign)
		}
		return false
	}
	j.found(k.name + " (json)")
	if why := k.row(j.collector, o); why != "" {
		j.lose(v, why)
	}
	return true
}

// object is a JSON object's members that mendcap knows the names of.
type object map[string]value

// members returns an object's known members; of two with one name the last
// counts. Anything but a valid object has none.
func members(v value) object {
	found := object{}
	if v.raw[0] == '{' {
		walk(v, func(key string, member value) {
			if isKnown(key) {
				found[key] = member
			}
		})
	}
	return found
}

// isKnown tells the names of members; others are not kept, however many.
func isKnown(name string) bool {
	return name == "version" || name == "takenAt" || name == "value" ||
		slices.Contains(properties, name) || slices.Contains(ipMembers, name) ||
		slices.ContainsFunc(snapshotTables, func(t table) bool { return t.name == name })
}

// elements calls visit with each element of a valid array; other values have none.
func elements(v value, visit func(value)) {
	walk(v, func(_ string, element value) { visit(element) })
}

// walk calls visit with each member of a valid object, or each element of a valid
// array, which has no key; other values have none. What is valid needs no parser to be taken apart: each level of a
// large table would be read twice more by one.
func walk(v value, visit func(key string, v value)) {
	if len(v.raw) == 0 || v.raw[0] != '{' && v.raw[0] != '[' {
		return
	}
	isObject, key := v.raw[0] == '{', ""
	for i := next(v.raw, 1); i < len(v.raw)-1; i = next(v.raw, i) {
		if isObject {
			end := valueEnd(v.raw, i)
			key = unquoted(v.raw[i:end])
			i = next(v.raw, end)
		}
		end := valueEnd(v.raw, i)
		visit(key, value{v.raw[i:end:end], v.offset + i})
		i = end
	}
}

// next is where the next value, or the closing bracket, is in valid JSON.
func next(text []byte, from int) int {
	for i := from; i < len(text); i++ {
		switch text[i] {
		case ' ', '\t', '\r', '\n', ',', ':':
			continue
		}
		return i
	}
	return len(text)
}

// valueEnd is where the value ends that begins at start in valid JSON.
func valueEnd(text []byte, start int) int {
	for i, depth := start, 0; i < len(text); i++ {
		switch text[i] {
		case '{', '[':
			depth++
			continue
		case '}', ']':
			if depth == 0 { // after a number
				return i
			}
			depth--
		case '"':
			for i++; text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
		case ' ', '\t', '\r', '\n', ',', ':':
			if depth == 0 {
				return i
			}
			continue
		default:
			continue
		}
		if depth == 0 {
			return i + 1
		}
	}
	return len(text)
}

// unquoted is the text of a valid string.
func unquoted(quoted []byte) string {
	for _, c := range quoted {
		if c == '\\' || c >= utf8.RuneSelf {
			var text string
			_ = json.Unmarshal(quoted, &text) // it is valid
			return text
		}
	}
	return string(quoted[1 : len(quoted)-1])
}

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
