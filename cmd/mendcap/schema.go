package main

import (
	"context"

	"github.com/mendcap/mendcap/report"
)

func schemaCommand() *command {
	return printing("schema", report.SchemaText)
}

// printing is a command that prints a text, and takes nothing.
func printing(name string, text func() string) *command {
	return &command{newFlags(name), func(_ context.Context, s *streams, args []string) int {
		if len(args) > 0 {
			return s.fail("", usagef(seeCommand, "%s takes no arguments", name))
		}
		return s.print(text())
	}}
}
