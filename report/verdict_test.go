package report

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"testing"
)

// Every constant of a verdict has one row, with words of its own, and only two
// verdicts pass a check.
func TestTableOfVerdicts(t *testing.T) {
	var passing []Verdict
	meanings := make(map[string]Verdict)
	for i, v := range verdicts {
		if v.name == "" || v.meaning == "" {
			t.Errorf("row %d: got %+v, want all of it", i, v)
		}
		if other := meanings[v.meaning]; other != "" {
			t.Errorf("%s says what %s says", v.name, other)
		}
		meanings[v.meaning] = v.name
		if v.passes {
			passing = append(passing, v.name)
		}
	}
	if want := []Verdict{Genuine, Artefact}; !slices.Equal(passing, want) {
		t.Errorf("pass a check: got %v, want %v", passing, want)
	}
	if !FailsCheck("of another version") {
		t.Error("a verdict that is unknown passes a check")
	}
	if got, want := Verdicts(), verdictConstants(t); !slices.Equal(got, want) {
		t.Errorf("rows: got %v, want the constants %v", got, want)
	}
}

// verdictConstants are the values of the first constants in verdict.go, in order.
func verdictConstants(t *testing.T) (values []Verdict) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "verdict.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range file.Decls {
		group, ok := d.(*ast.GenDecl)
		if !ok || group.Tok != token.CONST {
			continue
		}
		for _, s := range group.Specs {
			value, err := strconv.Unquote(s.(*ast.ValueSpec).Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			values = append(values, Verdict(value))
		}
		return values
	}
	t.Fatal("no constants")
	return nil
}

// The place of a damage names a frame only where it is known which was the last one.
func TestPlaceOfDamage(t *testing.T) {
	for frame, want := range map[int64]string{3: "after frame 3, at byte 240", 0: "before any frame, at byte 240", -1: "at byte 240"} {
		if got := (&Damage{Frame: frame, Offset: 240}).Place(); got != want {
			t.Errorf("frame %d: got %q, want %q", frame, got, want)
		}
	}
}
