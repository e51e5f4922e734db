package schema

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/netip"
	"reflect"
	"strings"

	reflected "github.com/invopop/jsonschema"

	"github.com/mendcap/mendcap/infer"
	"github.com/mendcap/mendcap/internal/packet"
	"github.com/mendcap/mendcap/internal/tcp"
	"github.com/mendcap/mendcap/reorder"
)

// Deriver derives schemas from the types of one package. Numbers are not negative unless
// they are in Signed; the other fields say more of what a type can't.
type Deriver struct {
	Package string // import path
	Dir     string // its folder, for the comments

	Types      map[reflect.Type]*reflected.Schema // of types with a form of their own
	Properties map[string]*reflected.Schema       // by "Type.property", or "property" of all types: added to what the type says
	Signed     map[string]bool                    // by "Type.property"
	Closed     map[string]bool                    // types that get no more fields
	Unchecked  map[string]bool                    // types whose words and numbers may be any
	Refine     func(of *reflected.Schema)         // adds what goes beyond one property to each type; nil for nothing
}

// Derive returns the schema of the type of v with the given title.
func (d *Deriver) Derive(title string, v any) (*reflected.Schema, error) {
	r := reflected.Reflector{Anonymous: true, ExpandedStruct: true, AllowAdditionalProperties: true, Mapper: d.mapped}
	if err := r.AddGoComments(d.Package, d.Dir); err != nil {
		return nil, err
	}
	// Paths of comments are those of packages, which begin at this folder.
	for name, text := range r.CommentMap {
		r.CommentMap[name] = strings.Join(strings.Fields(text), " ")
	}
	s := r.Reflect(v)
	s.ID = reflected.ID("urn:" + strings.ReplaceAll(title, "/", ":"))
	s.Title = title
	own := reflect.TypeOf(v).Elem().Name()
	d.refine(own, s)
	for name, of := range s.Definitions {
		d.refine(name, of)
	}
	return s, nil
}

// mapped is the schema of a type that is written otherwise than its kind says.
func (d *Deriver) mapped(of reflect.Type) *reflected.Schema {
	if s, ok := d.Types[of]; ok {
		c := *s
		return &c
	}
	switch {
	case of == reflect.TypeFor[netip.Addr]():
		return &reflected.Schema{Type: "string", Pattern: "^([0-9A-Fa-f:.]+(%.+)?)?$"}
	case of.Kind() == reflect.Uint32:
		return &reflected.Schema{Type: "integer", Minimum: "0", Maximum: "4294967295"}
	case of.Kind() == reflect.Uint16:
		return &reflected.Schema{Type: "integer", Minimum: "0", Maximum: "65535"}
	}
	return nil
}

// refine adds to the schema of a type what its Go type does not say.
func (d *Deriver) refine(name string, s *reflected.Schema) {
	s.AdditionalProperties = reflected.TrueSchema
	if d.Closed[name] {
		s.AdditionalProperties = reflected.FalseSchema
	}
	for p := s.Properties.Oldest(); p != nil; p = p.Next() {
		if d.Unchecked[name] {
			p.Value.Enum = nil
			continue
		}
		path := name + "." + p.Key
		numbers(p.Value, !d.Signed[path])
		add(p.Value, cmp.Or(d.Properties[path], d.Properties[p.Key]))
	}
	if d.Refine != nil && !d.Unchecked[name] {
		d.Refine(s)
	}
}

// numbers says of a property, or of the elements of its lists and maps, that its numbers
// are not negative.
func numbers(s *reflected.Schema, natural bool) {
	if s == nil || s.Type == "" {
		return
	}
	if s.Type == "integer" && natural && s.Minimum == "" {
		s.Minimum = "0"
	}
	numbers(s.Items, natural)
	numbers(s.AdditionalProperties, natural)
}

// add adds to s what more says.
func add(s, more *reflected.Schema) {
	if more == nil {
		return
	}
	if s.Type == "array" && more.Type != "array" {
		s = s.Items
	}
	s.Pattern, s.Minimum, s.Maximum = cmp.Or(more.Pattern, s.Pattern), cmp.Or(more.Minimum, s.Minimum), cmp.Or(more.Maximum, s.Maximum)
	s.PropertyNames = cmp.Or(more.PropertyNames, s.PropertyNames)
	if more.Const != nil {
		s.Const = more.Const
	}
	if more.Enum != nil {
		s.Enum = more.Enum
	}
}

// Text writes a schema indented.
func Text(s *reflected.Schema) ([]byte, error) {
	text, err := json.MarshalIndent(s, "", "  ")
	return append(text, '\n'), err
}

// Names makes the schema of a text that is one of the given ones.
func Names[T ~string](names ...T) *reflected.Schema {
	s := &reflected.Schema{Type: "string"}
	for _, n := range names {
		s.Enum = append(s.Enum, string(n))
	}
	return s
}

// Keys makes the schema of a map whose keys are among the given names.
func Keys(names ...string) *reflected.Schema {
	return &reflected.Schema{PropertyNames: Names(names...)}
}

// Laws lists the names of the laws of order.
func Laws() []string {
	var names []string
	for l := range reorder.NumLaws {
		names = append(names, reorder.Law(l).String())
	}
	return names
}

// Flags lists the names of the analyser's flags.
func Flags() []string { return tcp.AnalysisNames() }

// Unread lists why packets are not analysed.
func Unread() []string {
	var names []string
	for u := range packet.Unreads {
		if name := fmt.Sprint(packet.Unread(u)); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// Evidence lists what can carry an answer about a header.
func Evidence() []string {
	var names []string
	for _, e := range []infer.Evidence{
		infer.ByConnection, infer.ByEvent, infer.ByPayload, infer.ByReverseFlow, infer.ByFlow, infer.ByCache, infer.ByNeighbor,
		infer.ByLocal, infer.ByResolved, infer.BySeen, infer.ByGroup, infer.ByOthers, infer.ByChecksum,
	} {
		names = append(names, string(e))
	}
	return names
}
