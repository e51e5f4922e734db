package main

import (
	"context"
	"embed"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/pflag"

	"github.com/mendcap/mendcap/report/render"
)

// helpWidth is that of help texts, columns.
const helpWidth = 80

func helpCommand() *command { return &command{newFlags("help"), runHelp} }

func runHelp(_ context.Context, s *streams, args []string) int {
	switch len(args) {
	case 0:
		return s.print(overview())
	case 1:
		if t, ok := find(topics, args[0]); ok {
			return s.show(false, nil, func(w io.Writer) error { return t.write(w, helpWidth) })
		}
		if c, ok := find(commands(), args[0]); ok {
			return s.print(c.help())
		}
		names, words := namesOf(commands()), namesOf(topics)
		return s.fail(args[0], usagef("the commands are "+strings.Join(names, ", ")+"; the topics are "+strings.Join(words, ", "),
			"unknown command%s", guess("", args[0], append(names, words...))))
	}
	return s.fail("", usagef(seeHelp, "help takes one command or topic"))
}

// overview is the help of the whole tool.
func overview() string {
	var b strings.Builder
	b.WriteString(page("overview") + "\nCommands:\n")
	for _, c := range commands() {
		fmt.Fprintf(&b, "  %-17s %s\n", c.Name(), c.summary())
	}
	b.WriteString("\nTopics, for mendcap help TOPIC:\n")
	for _, t := range topics {
		fmt.Fprintf(&b, "  %-17s %s\n", t.name, t.summary)
	}
	b.WriteString("\nExit codes:\n")
	_, codes := exitCodes()
	for _, c := range codes {
		code, _, _ := strings.Cut(c.Label, " ")
		meaning, _, _ := strings.Cut(c.Text, ".\n")
		fmt.Fprintf(&b, "  %3s  %s\n", code, meaning)
	}
	b.WriteString("\nWhere one run meets several, it ends with the largest.\n")
	return b.String()
}

// help is the help of one command.
func (c *command) help() string {
	if c.Lookup("help") == nil {
		c.BoolP("help", "h", false, "show this help")
	}
	flags := newFlags(c.Name())
	c.VisitAll(func(f *pflag.Flag) {
		shown := *f
		if f.Value.Type() == "bool" {
			shown.Value = plainValue{f.Value}
		}
		flags.AddFlag(&shown)
	})
	said, examples, _ := strings.Cut(page(c.Name()), beforeExamples)
	return plainText(said, helpWidth) + "\nFlags:\n" + flags.FlagUsagesWrapped(helpWidth) + "\nExamples:\n" + plainText(examples, helpWidth)
}

// summary is what the overview says of a command: the sentence after its usage.
func (c *command) summary() string {
	_, text, _ := strings.Cut(plainText(page(c.Name()), helpWidth), "\n\n")
	sentence, _, _ := strings.Cut(text, ".\n")
	return strings.ToLower(sentence[:1]) + sentence[1:]
}

// manual has a page for each command: how it is used, a sentence that says what it
// does, the rest of its help but for the flags, and examples. Its other pages are the
// topics, but for the overview.
//
//go:embed manual
var manual embed.FS

// page returns a page of the manual.
func page(name string) string {
	text, err := manual.ReadFile("manual/" + name + ".md")
	if err != nil {
		panic(err) // a command without a page
	}
	return string(text)
}

// plainValue hides that a value is a switch: pflag spells out the values of
// switches, which are rarely wanted.
type plainValue struct{ pflag.Value }

// topic is a word of `mendcap help` that is no command: a page of the manual, or a
// table of what reports and messages name.
type topic struct {
	name    string
	summary string // one line
	write   func(w io.Writer, width int) error
}

// topics are all of them, but for commands whose page says more than how they are used.
var topics = []topic{
	{"reference", "outputs, reports and what explain says", writePage("reference")},
	{"formats", "what captures are read and written, and what of damaged ones", writePage("formats")},
	{"recording", "how to record a capture and its tables", writePage("recording")},
	{"ci", "how to hold captures to rules; recipes for GitHub, GitLab", writePage("ci")},
	{"how-it-works", "what is done in which pass", writePage("how-it-works")},
	{"headers", "what proves a missing header, and when it is answered", writePage("headers")},
	{"sniffer", "how to write a sniffer whose captures lose little", writePage("sniffer")},
	{"laws", "the laws of order, and when true captures break them", withExamples("laws", render.Laws)},
	{"verdicts", "what a finding can be, and which of them check fails on", writeVerdicts},
	{"exit-codes", "what each exit code means, and what to do", withExamples("exit-codes", writeExitCodes)},
	{"lots", "one batch on many machines", writePage("lots")},
	{"stores", "captures in buckets: S3, Google's and Azure's", writePage("stores")},
	{"slurm", "a batch on a cluster with Slurm", writePage("slurm")},
	{"kubernetes", "a batch on Kubernetes, with Kueue or without", writePage("kubernetes")},
	{"aws-batch", "a batch on AWS Batch", writePage("aws-batch")},
	{"google-batch", "a batch on Google Batch", writePage("google-batch")},
	{"nextflow", "a batch by Nextflow", writePage("nextflow")},
	{"parallel", "a batch by GNU parallel or xargs", writePage("parallel")},
	{"petabyte", "what a petabyte of captures costs", writePage("petabyte")},
	{"limits", "what is not done, and how much of what is", writePage("limits")},
	{"measured", "what was measured, and by which command", writePage("measured")},
}

// writePage writes a page of the manual.
func writePage(name string) func(w io.Writer, width int) error {
	return func(w io.Writer, width int) error {
		_, err := io.WriteString(w, plainText(page(name), width))
		return err
	}
}

// withExamples writes a table, and below it the examples of a page.
func withExamples(name string, table func(w io.Writer, width int) error) func(w io.Writer, width int) error {
	return func(w io.Writer, width int) error {
		if err := table(w, width); err != nil {
			return err
		}
		_, examples, _ := strings.Cut(page(name), beforeExamples)
		_, err := io.WriteString(w, "\nExamples:\n"+plainText(examples, width))
		return err
	}
}

// beforeExamples is what the examples of a page come after, at its end.
const beforeExamples = "\n\nExamples:\n"

// writeVerdicts writes the table of verdicts, and below it what the manual says of how
// each is shown.
func writeVerdicts(w io.Writer, width int) error {
	if err := render.Verdicts(w, width); err != nil {
		return err
	}
	if _, err := io.WriteString(w, "\n"); err != nil {
		return err
	}
	return writePage("verdicts")(w, width)
}

// Name returns the word.
func (t topic) Name() string { return t.name }

// exitCodes reads what the manual says of the exit codes: an introduction, and of each
// its number and name, and below them what it means and what to do.
func exitCodes() (introduction string, codes []render.Fact) {
	said, _, _ := strings.Cut(page("exit-codes"), beforeExamples)
	paragraphs := strings.Split(strings.TrimSpace(said), "\n\n")
	for _, p := range paragraphs[1:] {
		label, said, _ := strings.Cut(p, "\n")
		codes = append(codes, render.Fact{Label: label, Text: said})
	}
	return paragraphs[0], codes
}

// writeExitCodes says of each exit code what it means and what to do.
func writeExitCodes(w io.Writer, width int) error {
	introduction, codes := exitCodes()
	return render.Facts(w, introduction, codes, width)
}
