package main

import (
	"fmt"
	"io"

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

// writeExitCodes says of each exit code what it means and what to do.
func writeExitCodes(w io.Writer, width int) error {
	rows := make([]render.Fact, len(exitCodes))
	for i, e := range exitCodes {
		rows[i] = render.Fact{Label: fmt.Sprintf("%d %s", e.code, e.name), Text: e.meaning + ".\n" + e.hint}
	}
	return render.Facts(w, "Exit codes. Where one run meets several, it ends with the largest.", rows, width)
}
