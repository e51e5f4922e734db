package report

import (
	"cmp"
	"io"

	"github.com/mendcap/mendcap/report/internal/text"
)

// WriteJSON writes r as indented JSON with a closing line feed. Lists and maps
// that are nil are written as empty ones, so that a reader meets every field.
// Text is kept as the capture has it: what is not printable is escaped, so
// that it can be shown on a terminal; invalid UTF-8 becomes U+FFFD.
func (r *Report) WriteJSON(w io.Writer) error {
	c := *r
	c.Schema = cmp.Or(c.Schema, Schema)
	return writeJSON(w, &c)
}

// writeJSON writes v as indented JSON with a closing line feed, and escapes
// what is not printable.
func writeJSON(w io.Writer, v any) error { return text.WriteJSON(w, v, "  ") }
