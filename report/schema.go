package report

import _ "embed"

//go:embed schema.json
var schemaText string

// SchemaText returns the JSON Schema (draft 2020-12) of one report, as
// WriteJSON writes it. A test holds it to the types.
func SchemaText() string { return schemaText }
