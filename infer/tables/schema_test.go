package tables

import (
	"bytes"
	"net/netip"
	"path/filepath"
	"reflect"
	"testing"

	reflected "github.com/invopop/jsonschema"

	"github.com/mendcap/mendcap/infer"
	"github.com/mendcap/mendcap/internal/lab/golden"
	published "github.com/mendcap/mendcap/internal/lab/schema"
)

// TestSchemasAreThoseOfTheTypes derives the schema from the types and their comments;
// -update writes it.
func TestSchemasAreThoseOfTheTypes(t *testing.T) {
	d := published.Deriver{
		Package: "github.com/mendcap/mendcap/infer", Dir: "..",
		Types: map[reflect.Type]*reflected.Schema{
			reflect.TypeFor[netip.Prefix](): {Type: "string", Pattern: "^[0-9a-f:.]+/[0-9]+$"},
		},
		Properties: map[string]*reflected.Schema{
			"Snapshot.version": {Const: Version}, "protocol": {Maximum: "255"},
		},
	}
	s, err := d.Derive("mendcap.tables/1", &infer.Snapshot{})
	if err != nil {
		t.Fatal(err)
	}
	text, err := published.Text(s)
	if err != nil {
		t.Fatal(err)
	}
	golden.Check(t, filepath.Join("..", "schema.json"), text)
}

// What is written of all fixtures meets the schema, which allows nothing else.
func TestFixturesMeetTheSchema(t *testing.T) {
	set, err := published.Compile([]string{"tables"}, func(string) (string, bool) { return Schema(), true })
	if err != nil {
		t.Fatal(err)
	}
	union := &infer.Snapshot{}
	for name, content := range fixtureFiles(t) {
		one, _ := Parse(name, content)
		Merge(union, one)
	}
	for _, table := range snapshotTables {
		if table.len(union) == 0 {
			t.Errorf("no fixture has %s: nothing is known of whether those meet the schema", table.name)
		}
	}
	for name, s := range map[string]*infer.Snapshot{"all": union, "none": {}} {
		if n, err := set.Check(toJSON(t, s)); n != 1 || err != nil {
			t.Errorf("%s: %d documents, %v", name, n, err)
		}
	}
	good := toJSON(t, union)
	for old, new := range map[string]string{
		`"version": 1`: `"version": 2`, `"neighbors": [`: `"neighbours": [`, `"port": `: `"port": -`, `"prefix": "`: `"prefix": "x`,
		`"protocol": `: `"protocol": 1000`, `"destination": "`: `"destination": "?`, `"local": {`: `"local": {"more": 1, `,
	} {
		bad := bytes.Replace(good, []byte(old), []byte(new), 1)
		if _, err := set.Check(bad); err == nil || bytes.Equal(bad, good) {
			t.Errorf("%s in the place of %s: got no error", new, old)
		}
	}
}
