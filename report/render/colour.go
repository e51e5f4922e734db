package render

import (
	"slices"
	"strings"

	"github.com/mendcap/mendcap/report"
)

// Colours of a terminal (ECMA-48, select graphic rendition): those of the
// palette that every one has, so that they suit its background.
const (
	sgrEnd     = "\x1b[0m"
	sgrBold    = "\x1b[1m"
	sgrRed     = "\x1b[31m"
	sgrYellow  = "\x1b[33m"
	sgrMagenta = "\x1b[35m"
	sgrCyan    = "\x1b[36m"
	sgrGrey    = "\x1b[90m"
)

// verdictColour is the colour of a verdict; "" of one that is unknown.
func verdictColour(verdict string) string {
	switch verdict {
	case report.Artefact:
		return sgrCyan
	case report.Drop, report.Undecided:
		return sgrYellow
	case report.Loss, report.Created:
		return sgrRed
	case report.Reordering, report.Spurious, report.Duplicate:
		return sgrMagenta
	case report.Genuine, report.NotCaptured:
		return sgrGrey
	}
	return ""
}

// coloured returns text in a colour; "" is none.
func coloured(text, sgr string) string {
	if text == "" || sgr == "" {
		return text
	}
	return sgr + text + sgrEnd
}

// paintVerdicts colours what stands between commas in a column where it is a
// verdict, or a count of one.
func paintVerdicts(column int) func(int, string) string {
	return func(at int, line string) string {
		if at != column {
			return line
		}
		parts := strings.Split(line, ", ")
		for i, part := range parts {
			verdict := strings.TrimLeft(part, "0123456789, ")
			if word, _, detailed := strings.Cut(verdict, " ("); detailed {
				verdict = word
			}
			parts[i] = coloured(part, verdictColour(strings.TrimSuffix(verdict, ",")))
		}
		return strings.Join(parts, ", ")
	}
}

// painted returns a row with its colours, line by line.
func (g *grid) painted(row []string, paint func(int, string) string) []string {
	if !g.colour || paint == nil {
		return row
	}
	row = slices.Clone(row)
	for i, cell := range row {
		lines := strings.Split(cell, "\n")
		for k, line := range lines {
			lines[k] = paint(i, line)
		}
		row[i] = strings.Join(lines, "\n")
	}
	return row
}
