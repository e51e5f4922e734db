package main

import (
	"context"
	"strings"

	"github.com/mendcap/mendcap/infer/tables"
	"github.com/mendcap/mendcap/report"
)

func schemaCommand() *command { return &command{newFlags("schema"), runSchema} }

// formOfTables is the name of the form of network tables.
const formOfTables = "tables"

// schemaNames lists the forms of JSON that have a schema.
func schemaNames() []string { return append(report.Schemas(), formOfTables) }

// schemaText returns the schema of a form, and false where there is none.
func schemaText(name string) (string, bool) {
	if name == formOfTables {
		return tables.Schema(), true
	}
	return report.SchemaText(name)
}

// runSchema prints one schema: that of reports where none is named.
func runSchema(_ context.Context, s *streams, args []string) int {
	name, names := "report", schemaNames()
	switch len(args) {
	case 0:
	case 1:
		name = args[0]
	default:
		return s.fail("", usagef(seeCommand, "schema takes one name"))
	}
	text, ok := schemaText(name)
	if !ok {
		return s.fail(name, usagef("the schemas are "+strings.Join(names, ", "), "unknown schema%s", guess("", name, names)))
	}
	return s.print(text)
}
