package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"
)

// manWidth is that of text in a man page, columns: with its margin it is as wide as a
// terminal.
const manWidth = 72

func manCommand() *command {
	flags := newFlags("man")
	folder := flags.StringP("output", "o", "", "write all pages into the folder `DIR`, in which man -M DIR finds them")
	force := flags.Bool("force", false, "replace other files of the same names")
	return &command{flags, func(_ context.Context, s *streams, args []string) int {
		switch {
		case *folder == "" && len(args) > 1:
			return s.fail("", usagef(seeCommand, "man takes one page"))
		case *folder == "":
			return s.showManPage(append(args, "mendcap")[0])
		case len(args) > 0:
			return s.fail("", usagef(seeCommand, "--output writes all pages, and takes none"))
		}
		return s.fail("", writeManPages(*folder, *force))
	}}
}

// manNames are the pages: that of mendcap, and one of each command and topic.
func manNames() []string {
	return append(append([]string{"mendcap"}, namesOf(commands())...), namesOf(topics)...)
}

// showManPage prints one page.
func (s *streams) showManPage(name string) int {
	_, text, err := manPage(name)
	if err != nil {
		return s.fail(name, err)
	}
	return s.print(text)
}

// writeManPages writes all pages into the folder, each into that of its section.
func writeManPages(folder string, force bool) error {
	var files []smallFile
	for _, name := range manNames() {
		file, text, err := manPage(name)
		if err != nil {
			return err
		}
		files = append(files, smallFile{filepath.Join(folder, file), []byte(text)})
	}
	return writeFiles(files, 0o666, force)
}

// manPage returns one page, and its name below a folder of pages: man1/mendcap-check.1.
func manPage(name string) (file, text string, err error) {
	if name == "mendcap" {
		return filepath.Join("man1", "mendcap.1"), manOverview(), nil
	}
	if c, ok := find(commands(), name); ok {
		return filepath.Join("man1", "mendcap-"+name+".1"), c.man(), nil
	}
	if t, ok := find(topics, name); ok {
		var b strings.Builder
		err := t.write(&b, manWidth)
		return filepath.Join("man7", "mendcap-"+name+".7"), manHead("mendcap-"+name, 7, t.summary) + manSection("DESCRIPTION", b.String()) + manSeeAlso("mendcap"), err
	}
	names := manNames()
	return "", "", usagef("the pages are "+strings.Join(names, ", "), "unknown page%s", guess("", name, names))
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
