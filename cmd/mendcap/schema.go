package main

import (
	"context"
	"strings"

	"github.com/mendcap/mendcap/report"
)

func schemaCommand() *command { return &command{newFlags("schema"), runSchema} }

// runSchema prints one schema: that of reports where none is named.
func runSchema(_ context.Context, s *streams, args []string) int {
	name, names := "report", report.Schemas()
	switch len(args) {
	case 0:
	case 1:
		name = args[0]
	default:
		return s.fail("", usagef(seeCommand, "schema takes one name"))
	}
	text, ok := report.SchemaText(name)
	if !ok {
		return s.fail(name, usagef("the schemas are "+strings.Join(names, ", "), "unknown schema%s", guess("", name, names)))
	}
	return s.print(text)
}
