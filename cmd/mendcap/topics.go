package main

import (
	"io"
	"strings"

	"github.com/mendcap/mendcap/report/render"
)

// topic is a word of `mendcap help` that is no command: a table of what reports
// and messages name.
type topic struct {
	name    string
	summary string // one line
	write   func(w io.Writer, width int) error
}

// topics are all of them.
var topics = []topic{
	{"laws", "the laws of order, and when true captures break them", render.Laws},
	{"verdicts", "what a finding can be, and which of them check fails on", render.Verdicts},
	{"exit-codes", "what each exit code means, and what to do", writeExitCodes},
}

// Name returns the word.
func (t topic) Name() string { return t.name }

// exitCodes reads what the manual says of the exit codes: an introduction, and of each
// its number and name, and below them what it means and what to do.
func exitCodes() (introduction string, codes []render.Fact) {
	paragraphs := strings.Split(strings.TrimSpace(page("exit-codes")), "\n\n")
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
