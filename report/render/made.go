package render

import (
	"time"

	"github.com/mendcap/mendcap/report/internal/text"
)

// Made is what a page's footer tells of how the page was made. No report has it: reports
// are the same for the same capture, however they were made. The zero value tells
// nothing but the program's name.
type Made struct {
	Version string    // of mendcap
	Command string    // the command line, quoted so that it can be given again
	At      time.Time // when; the zero value where the page must be the same on another day
}

// text says who made the page and when, and of which time its last packet is.
func (m Made) text(last time.Time) string {
	return "Made by " + text.Join(" ", "mendcap", m.Version, text.When(!m.At.IsZero(), "at "+second(m.At))) + "." +
		text.When(!last.IsZero(), " The last packet is of "+second(last)+".")
}

// second writes a time in UTC.
func second(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }
