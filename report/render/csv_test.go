package render

import (
	"testing"

	"github.com/mendcap/mendcap/report/internal/text"
)

// TestCSVIsSafeBetweenSemicolons: where a semicolon separates, no quotes keep
// what follows one from being a cell of its own.
func TestCSVIsSafeBetweenSemicolons(t *testing.T) {
	for cell, want := range map[string]string{
		"a;b":          "a;b",
		"a;=1+1":       "a;'=1+1",
		"=1;-2;@x;+3":  "'=1;'-2;'@x;'+3",
		`a;"=1+1"`:     `a;'"=1+1"`,
		"a; =1":        "a;' =1",
		" =1":          "' =1",
		"a;＝1":         "a;'＝1",
		"a;;=1;":       "a;;'=1;",
		"x-1":          "x-1",
		"a;\t=1\r;b\n": `a;\t=1\r;b\n`,
	} {
		if got := defused(text.Sanitise(cell)); got != want {
			t.Errorf("%q: got %q, want %q", cell, got, want)
		}
	}
}
