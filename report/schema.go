package report

import (
	"embed"
	"slices"
)

// schemas are the published schemas, one file for each of Schemas. A test derives
// them from the types.
//
//go:embed schema/*.json
var schemas embed.FS

// Schemas lists the names that SchemaText takes: of what WriteJSON writes of a Report,
// of one of a check, of a Batch, of Explanations, of a Diff, of a Baseline, and of one
// line of JSON lines, a FindingLine or a CaptureLine.
func Schemas() []string {
	return []string{"report", "check", "batch", "explain", "diff", "baseline", "jsonl"}
}

// SchemaText returns the JSON Schema (draft 2020-12) of that name, and false where there
// is none. Fields may be added to all forms but a baseline: pass over those that you
// don't know.
func SchemaText(name string) (string, bool) {
	if !slices.Contains(Schemas(), name) {
		return "", false
	}
	text, err := schemas.ReadFile("schema/" + name + ".json")
	return string(text), err == nil
}
