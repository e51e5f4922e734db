package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/pflag"
)

// manWidth is that of text in a man page, columns: with its margin it is as wide as a
// terminal.
const manWidth = 72

func manCommand() *command { return &command{newFlags("man"), runMan} }

// manNames are the pages: that of mendcap, and one of each command and topic.
func manNames() []string {
	return append(append([]string{"mendcap"}, namesOf(commands())...), namesOf(topics)...)
}

// runMan prints one page.
func runMan(_ context.Context, s *streams, args []string) int {
	switch {
	case len(args) > 1:
		return s.fail("", usagef(seeCommand, "man takes one page"))
	case len(args) == 0 || args[0] == "mendcap":
		return s.print(manOverview())
	}
	if c, ok := find(commands(), args[0]); ok {
		return s.print(c.man())
	}
	if t, ok := find(topics, args[0]); ok {
		var b strings.Builder
		if err := t.write(&b, manWidth); err != nil {
			return s.fail("", err)
		}
		return s.print(manHead("mendcap-"+t.name, 7, t.summary) + manSection("DESCRIPTION", b.String()) + manSeeAlso("mendcap"))
	}
	names := manNames()
	return s.fail(args[0], usagef("the pages are "+strings.Join(names, ", "), "unknown page%s", guess("", args[0], names)))
}

// manOverview is the page of the whole tool.
func manOverview() string {
	var others []string
	for _, c := range commands() {
		others = append(others, "mendcap-"+c.Name())
	}
	said, usage, _ := strings.Cut(page("overview"), "\nUsage:\n")
	_, rest, _ := strings.Cut(overview(), "\nCommands:\n")
	return manHead("mendcap", 1, "repair packet captures that were taken with raw sockets") + manSection("SYNOPSIS", usage) +
		manSection("DESCRIPTION", said) + manSection("COMMANDS", rest) + manSeeAlso(others...)
}

// man is the page of one command.
func (c *command) man() string {
	said, examples, _ := strings.Cut(page(c.Name()), beforeExamples)
	usage, said, _ := strings.Cut(said, "\n\n")
	c.help() // adds --help
	var flags strings.Builder
	flags.WriteString(".SH OPTIONS\n")
	c.VisitAll(func(f *pflag.Flag) { flags.WriteString(manFlag(f)) })
	return manHead("mendcap-"+c.Name(), 1, c.summary()) +
		manSection("SYNOPSIS", strings.TrimPrefix(plainText(usage, manWidth), "Usage:\n")) +
		manSection("DESCRIPTION", plainText(said, manWidth)) + flags.String() +
		manSection("EXAMPLES", plainText(examples, manWidth)) + manSeeAlso("mendcap")
}

// manFlag is the paragraph of one flag.
func manFlag(f *pflag.Flag) string {
	takes, usage := pflag.UnquoteUsage(f)
	names := `\fB` + roff("--"+f.Name) + `\fR`
	if f.Shorthand != "" {
		names = `\fB` + roff("-"+f.Shorthand) + `\fR, ` + names
	}
	if takes != "" && f.Value.Type() != "bool" {
		names += ` \fI` + roff(takes) + `\fR`
	}
	var lines strings.Builder
	wrapTo(&lines, usage, manWidth, 0)
	return ".TP\n" + names + "\n" + roff(lines.String())
}

// manHead begins a page. It names no date: the same program prints the same page.
func manHead(name string, section int, summary string) string {
	return fmt.Sprintf(".TH %s %d \"\" mendcap \"mendcap manual\"\n.SH NAME\n%s \\- %s\n", strings.ToUpper(name), section, roff(name), roff(summary))
}

// manSection is a section whose lines stay as they are.
func manSection(title, text string) string {
	return ".SH " + title + "\n.nf\n" + roff(strings.Trim(text, "\n")) + "\n.fi\n"
}

// manSeeAlso ends a page.
func manSeeAlso(names ...string) string {
	var b strings.Builder
	b.WriteString(".SH SEE ALSO\n")
	for i, name := range names {
		fmt.Fprintf(&b, ".BR %s (1)", roff(name))
		if i < len(names)-1 {
			b.WriteString(" ,")
		}
		b.WriteString("\n")
	}
	return b.String()
}

// roff escapes what roff would take as its own: backslashes, dashes, which are typed as
// they are read, and control characters at the beginning of a line.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", `\(ga`, "^", `\(ha`, "~", `\(ti`).Replace(text)
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") {
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}
