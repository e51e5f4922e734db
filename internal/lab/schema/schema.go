// Package schema derives JSON schemas from Go types, and holds what tests write to
// the published ones.
//
// Published schemas allow fields that a later version adds. What this version writes has
// no others, so that Set refuses every field that a schema does not name.
package schema

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Set holds the schemas of several forms, by their names.
type Set map[string]*jsonschema.Schema

// errUnknown says of a document that no schema of a Set is of its form.
var errUnknown = errors.New("its form has no schema")

// Compile returns the schemas of the names, without room for fields that they do not name.
// The text of each is had from text.
func Compile(names []string, text func(name string) (string, bool)) (Set, error) {
	set := make(Set, len(names))
	for _, name := range names {
		published, ok := text(name)
		if !ok {
			return nil, fmt.Errorf("no schema %s", name)
		}
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(published))
		if err != nil {
			return nil, fmt.Errorf("schema %s: %w", name, err)
		}
		closeAll(doc)
		c := jsonschema.NewCompiler()
		c.AssertFormat()
		if err := c.AddResource(name+".json", doc); err != nil {
			return nil, err
		}
		if set[name], err = c.Compile(name + ".json"); err != nil {
			return nil, err
		}
	}
	return set, nil
}

// closeAll refuses fields that are not named wherever some are.
func closeAll(v any) {
	switch v := v.(type) {
	case map[string]any:
		if _, ok := v["properties"].(map[string]any); ok && v["additionalProperties"] != nil {
			v["additionalProperties"] = false
		}
		for _, one := range v {
			closeAll(one)
		}
	case []any:
		for _, one := range v {
			closeAll(one)
		}
	}
}

// Check validates a text that mendcap wrote: one document, a list of documents, or one
// a line. It returns how many documents it has.
func (s Set) Check(text []byte) (documents int, err error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	for {
		var doc any
		err := dec.Decode(&doc)
		if err == io.EOF {
			return documents, nil
		}
		if err != nil {
			return documents, err
		}
		list, ok := doc.([]any)
		if !ok {
			list = []any{doc}
		}
		for _, one := range list {
			if err := s.check(one); err != nil {
				return documents, err
			}
			documents++
		}
	}
}

// check validates one document by the schemas of its form.
func (s Set) check(doc any) error {
	object, ok := doc.(map[string]any)
	if !ok {
		return fmt.Errorf("%w: it is no object", errUnknown)
	}
	for _, name := range namesOf(object) {
		schema, ok := s[name]
		if !ok {
			return fmt.Errorf("%w: %q", errUnknown, name)
		}
		if err := schema.Validate(doc); err != nil {
			return fmt.Errorf("schema %s: %w", name, err)
		}
	}
	return nil
}

// namesOf returns the names of the schemas that a document has to meet.
func namesOf(object map[string]any) []string {
	if _, ok := object["type"]; ok {
		return []string{"jsonl"}
	}
	form, named := object["schema"].(string)
	if _, ok := object["version"]; ok && !named {
		return []string{"tables"}
	}
	name, _, _ := strings.Cut(strings.TrimPrefix(form, "mendcap."), "/")
	if _, ok := object["check"]; ok && name == "report" {
		return []string{name, "check"}
	}
	return []string{name}
}
