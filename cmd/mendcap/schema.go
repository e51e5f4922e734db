package main

import (
	"context"

	"github.com/mendcap/mendcap/report"
)

func schemaCommand() *command {
	return &command{
		name:    "schema",
		summary: "print the JSON Schema of reports",
		text:    "Of one report, as --json and --report FILE.json write it (JSON Schema, draft\n2020-12). Several captures give an array of such reports.",
		flags:   newFlags("schema"),
		run: func(_ context.Context, s *streams, args []string) int {
			if len(args) > 0 {
				return s.fail("", usagef("see: mendcap help schema", "schema takes no arguments"))
			}
			return s.print(report.SchemaText())
		},
	}
}
