package tables

import _ "embed"

// schema is derived from the types by a test.
//
//go:embed schema.json
var schema string

// Schema returns the JSON Schema (draft 2020-12) of what WriteJSON writes. Fields may be
// added: pass over those that you don't know.
func Schema() string { return schema }
