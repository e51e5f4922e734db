package report

import "github.com/mendcap/mendcap/report/internal/text"

// Sanitise returns s so that it can be shown on a terminal: whatever is not
// printable (control characters, bidirectional overrides, invalid UTF-8) is
// written as a Go escape. Printable text comes back as it is.
func Sanitise(s string) string { return text.Sanitise(s) }
