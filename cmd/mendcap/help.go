package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/pflag"
)

// helpWidth is that of help texts, columns.
const helpWidth = 80

func helpCommand() *command {
	return &command{
		name:     "help",
		synopsis: "[COMMAND | TOPIC]",
		summary:  "explain a command or a topic",
		text:     "Without a command, lists them all, the topics, and the exit codes.",
		flags:    newFlags("help"),
		run:      runHelp,
	}
}

func runHelp(_ context.Context, s *streams, args []string) int {
	switch len(args) {
	case 0:
		return s.print(overview())
	case 1:
		if t, ok := findTopic(args[0]); ok {
			var b strings.Builder
			if err := t.write(&b, helpWidth); err != nil {
				return s.fail("", err)
			}
			return s.print(b.String())
		}
		c := find(args[0])
		if c == nil {
			return s.fail(args[0], usagef("the commands are "+commandNames()+"; the topics are "+strings.Join(topicWords(), ", "),
				"unknown command%s", guess("", args[0], append(commandWords(), topicWords()...))))
		}
		return s.print(c.help())
	}
	return s.fail("", usagef(seeHelp, "help takes one command or topic"))
}

// overview is the help of the whole tool.
func overview() string {
	var b strings.Builder
	b.WriteString(`Mendcap repairs packet captures that were taken with raw sockets: it fills in
the IPv6 headers that are missing, and puts packets back in their true order.
It changes only what it can prove.

Usage:
  mendcap [repair] [FLAG]... CAPTURE...
  mendcap COMMAND [FLAG]... [ARGUMENT]...
  mendcap --help | --version

Commands:
`)
	for _, c := range commands() {
		fmt.Fprintf(&b, "  %-17s %s\n", c.name, c.summary)
	}
	b.WriteString("\nTopics, for mendcap help TOPIC:\n")
	for _, t := range topics {
		fmt.Fprintf(&b, "  %-17s %s\n", t.name, t.summary)
	}
	b.WriteString("\nExit codes:\n")
	for _, e := range exitCodes {
		fmt.Fprintf(&b, "  %3d  %s\n", e.code, e.meaning)
	}
	b.WriteString("\nWhere one run meets several, it ends with the largest.\n")
	return b.String()
}

// help is the help of one command.
func (c *command) help() string {
	if c.flags.Lookup("help") == nil {
		c.flags.BoolP("help", "h", false, "show this help")
	}
	usage := strings.TrimSpace("mendcap " + c.name + " " + c.synopsis)
	flags := newFlags(c.name)
	c.flags.VisitAll(func(f *pflag.Flag) {
		shown := *f
		if f.Value.Type() == "bool" {
			shown.Value = plainValue{f.Value}
		}
		flags.AddFlag(&shown)
	})
	return fmt.Sprintf("Usage:\n  %s\n\n%s.\n\n%s\n\nFlags:\n%s", usage,
		strings.ToUpper(c.summary[:1])+c.summary[1:], c.text, flags.FlagUsagesWrapped(helpWidth))
}

// plainValue hides that a value is a switch: pflag spells out the values of
// switches, which are rarely wanted.
type plainValue struct{ pflag.Value }
