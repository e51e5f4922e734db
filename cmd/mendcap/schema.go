package main

import (
	"context"

	"github.com/mendcap/mendcap/report"
)

func schemaCommand() *command {
	return printing("schema", "print the JSON Schema of reports",
		"Of one report, as --json and --report FILE.json write it (JSON Schema, draft\n2020-12). Several captures give an array of such reports.", report.SchemaText)
}

// printing is a command that prints a text, and takes nothing.
func printing(name, summary, help string, text func() string) *command {
	return &command{name: name, summary: summary, text: help, flags: newFlags(name), run: func(_ context.Context, s *streams, args []string) int {
		if len(args) > 0 {
			return s.fail("", usagef("see: mendcap help "+name, "%s takes no arguments", name))
		}
		return s.print(text())
	}}
}
