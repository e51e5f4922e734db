package render

import (
	"strings"

	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/internal/text"
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

// verdictColours are the colours of the verdicts.
var verdictColours = map[report.Verdict]string{
	report.Artefact: sgrCyan, report.Drop: sgrYellow, report.Undecided: sgrYellow, report.Discard: sgrRed, report.Loss: sgrRed, report.Created: sgrRed,
	report.Reordering: sgrMagenta, report.Spurious: sgrMagenta, report.Duplicate: sgrMagenta, report.Genuine: sgrGrey, report.NotCaptured: sgrGrey,
}

// coloured returns text in a colour; "" is none.
func coloured(text, sgr string) string {
	if text == "" || sgr == "" {
		return text
	}
	return sgr + text + sgrEnd
}

// paintVerdicts colours the verdict that a line begins with, or what is between
// commas where it is a verdict, or a count of one.
func paintVerdicts(line string) string {
	if head, rest, ok := strings.Cut(line, ": "); ok {
		verdict, _, _ := strings.Cut(head, " (")
		if colour := verdictColours[report.Verdict(verdict)]; colour != "" {
			return coloured(head, colour) + ": " + rest
		}
	}
	parts := strings.Split(line, ", ")
	for i, part := range parts {
		verdict := strings.TrimLeft(part, "0123456789, ")
		verdict, _, _ = strings.Cut(verdict, " (")
		parts[i] = coloured(part, verdictColours[report.Verdict(strings.TrimSuffix(verdict, ","))])
	}
	return strings.Join(parts, ", ")
}

// paintLabel makes a label bold, and that of what went wrong red.
func paintLabel(label string) string {
	return coloured(label, sgrBold+text.When(label == "Damage", sgrRed))
}
