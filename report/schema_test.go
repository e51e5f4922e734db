package report

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/netip"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	reflected "github.com/invopop/jsonschema"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/mendcap/mendcap/internal/lab/golden"
)

// TestSchemaIsThatOfTheTypes derives the schema from the types and their
// comments; -update writes it.
func TestSchemaIsThatOfTheTypes(t *testing.T) {
	r := reflected.Reflector{Anonymous: true, ExpandedStruct: true, AllowAdditionalProperties: true, Mapper: textOf}
	if err := r.AddGoComments("github.com/mendcap/mendcap/report", "."); err != nil {
		t.Fatal(err)
	}
	// Paths of comments are those of packages, which begin at this folder.
	for name, text := range r.CommentMap {
		r.CommentMap[name] = strings.Join(strings.Fields(text), " ")
	}
	s := r.Reflect(&Report{})
	s.ID = reflected.ID("urn:" + strings.ReplaceAll(Schema, "/", ":"))
	s.Title = Schema
	property(t, s, "schema").Const = Schema
	verdict := property(t, s.Definitions["Finding"], "verdict")
	for _, v := range Verdicts() {
		verdict.Enum = append(verdict.Enum, v)
	}
	property(t, s.Definitions["Point"], "kind").Enum = []any{"data", "ack"}
	for _, d := range append(slices.Collect(maps.Values(s.Definitions)), s) {
		d.AdditionalProperties = reflected.TrueSchema
	}
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden.Check(t, filepath.Join("..", "schema.json"), append(text, '\n'))
}

// textOf is the schema of types that are written as text and are none in Go.
func textOf(of reflect.Type) *reflected.Schema {
	if of == reflect.TypeFor[netip.Addr]() || of == reflect.TypeFor[Endpoints]() {
		return &reflected.Schema{Type: "string"}
	}
	return nil
}

func property(t *testing.T, s *reflected.Schema, name string) *reflected.Schema {
	t.Helper()
	p, ok := s.Properties.Get(name)
	if !ok {
		t.Fatalf("no property %s", name)
	}
	return p
}

// compiled is the published schema.
func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(SchemaText()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("report.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("report.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestReportsMeetTheSchema checks reports by another implementation, and that
// it finds what is wrong with others.
func TestReportsMeetTheSchema(t *testing.T) {
	s := compiled(t)
	valid := func(text []byte) error {
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		return s.Validate(doc)
	}
	for name, r := range map[string]*Report{"sample": sample(), "quiet": quiet(), "empty": {}} {
		if err := valid(written(t, r)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	whole := string(written(t, sample()))
	more := strings.Replace(whole, `"basis": "file",`, `"basis": "file", "base": 1,`, 1)
	if err := valid([]byte(more)); more == whole || err != nil {
		t.Errorf("a field that is added: got %v, want it allowed", err)
	}
	for _, c := range []struct{ name, old, new string }{
		{"another version", `"schema": "mendcap.report/1"`, `"schema": "mendcap.report/2"`},
		{"a field that is not there", `"basis": "file",`, ``},
		{"text for a number", `"packets": 10233`, `"packets": "10233"`},
		{"a fraction", `"packets": 10233`, `"packets": 10233.5`},
		{"an unknown verdict", `"verdict": "artefact"`, `"verdict": "guess"`},
		{"no time", `"time": "2026-03-01T23:59:50.123456Z"`, `"time": "yesterday"`},
		{"an unknown kind of point", `"kind": "ack"`, `"kind": "nak"`},
	} {
		changed := strings.Replace(whole, c.old, c.new, 1)
		if changed == whole {
			t.Errorf("%s: the sample has no %s", c.name, c.old)
		} else if valid([]byte(changed)) == nil {
			t.Errorf("%s: the schema lets it pass", c.name)
		}
	}
}
