package tables

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
)

// value is a JSON value in a text, at an offset of what was parsed.
type value struct {
	raw    json.RawMessage
	offset int
}

// takeJSON reads a JSON value that begins at the current line, if there is one
// with rows in it, and moves behind it.
func (c *collector) takeJSON(l *lines) bool {
	if c.json <= 0 || !beginsJSON(l.current) {
		return false
	}
	text := l.rest()
	decoder := json.NewDecoder(strings.NewReader(text))
	var raw json.RawMessage
	if err := decoder.Decode(&raw); err != nil {
		c.json -= triedJSON(err, len(text))
		return false
	}
	end := int(decoder.InputOffset())
	j := &jsonText{collector: c, text: text, first: l.number, line: l.number}
	if !j.parse(value{raw, end - len(raw)}) {
		c.json -= end
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

// triedJSON returns how many bytes a failed attempt has cost.
func triedJSON(err error, all int) int {
	if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
		return int(syntax.Offset)
	}
	return all
}

// jsonText is a JSON value being read.
type jsonText struct {
	*collector
	text   string // what offsets count in
	first  int    // number of its first line
	line   int    // number of the line at counted
	offset int    // up to which lines were counted
}

// parse reads a value of any of the known shapes: mendcap's own form, or what
// ConvertTo-Json makes of PowerShell's objects: an array of them, one alone, or
// an array wrapped as {"value": [...], "Count": N}.
func (j *jsonText) parse(v value) bool {
	if v.raw[0] == '[' {
		return j.parseObjects(elements(v))
	}
	members := members(v)
	if isOwnFormat(members) {
		j.parseOwn(members)
		return true
	}
	if inner, ok := members["value"]; ok && inner.raw[0] == '[' {
		return j.parseObjects(elements(inner))
	}
	return j.parseObjects([]value{v})
}

// lost notes that a value was not understood.
func (j *jsonText) lost(v value) {
	if v.offset < j.offset { // members are visited in an order of their own
		j.line, j.offset = j.first, 0
	}
	j.line += strings.Count(j.text[j.offset:v.offset], "\n")
	j.offset = v.offset
	text := string(v.raw[:min(len(v.raw), maxLine)])
	j.unread.add(j.line, text)
	j.doubtful.add(j.line, text)
}

// elements returns the elements of an array that is known to be valid.
func elements(v value) []value {
	var found []value
	walk(v, func(decoder *json.Decoder) {
		found = append(found, next(decoder, v.offset))
	})
	return found
}

// members returns the members of an object that is known to be valid; of
// members with one name the last counts.
func members(v value) map[string]value {
	found := map[string]value{}
	walk(v, func(decoder *json.Decoder) {
		if key, err := decoder.Token(); err == nil {
			name, _ := key.(string)
			found[name] = next(decoder, v.offset)
		}
	})
	return found
}

// walk calls visit at each element or member of an array or object.
func walk(v value, visit func(*json.Decoder)) {
	decoder := json.NewDecoder(bytes.NewReader(v.raw))
	if _, err := decoder.Token(); err != nil {
		return
	}
	for decoder.More() {
		before := decoder.InputOffset()
		visit(decoder)
		if decoder.InputOffset() == before {
			return
		}
	}
}

// next reads the next value.
func next(decoder *json.Decoder, base int) value {
	var raw json.RawMessage
	if err := decoder.Decode(&raw); err != nil {
		raw = json.RawMessage("null")
	}
	return value{raw, base + int(decoder.InputOffset()) - len(raw)}
}
