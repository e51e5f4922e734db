package main

import (
	"slices"
	"testing"
	"time"

	"github.com/mendcap/mendcap/infer/tables"
	"github.com/mendcap/mendcap/repair"
)

// A word that was misspelled is guessed, another one is not.
func TestGuess(t *testing.T) {
	words := namesOf(commands())
	for word, want := range map[string]string{
		"chekc": "; did you mean check?", "repiar": "; did you mean repair?", "bach": "; did you mean batch?",
		"check": "; did you mean check?", "capture": "", "x": "", "": "",
	} {
		if got := guess("", word, words); got != want {
			t.Errorf("%q: got %q, want %q", word, got, want)
		}
	}
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"kitten", "sitting", 3}, {"loss", "losss", 1}, {"ab", "ba", 1}, {"lwas", "laws", 1}, {"abcd", "badc", 2}} {
		if got, back := edits(c.a, c.b), edits(c.b, c.a); got != c.want || back != c.want {
			t.Errorf("%q, %q: got %d and %d, want %d", c.a, c.b, got, back, c.want)
		}
	}
}

// A zone is read as it is written, UTC too, and never shown as an empty text, which is
// refused as a value that is missing.
func TestZone(t *testing.T) {
	for given, want := range map[string]struct {
		east  time.Duration
		shown string
	}{
		"UTC": {0, "UTC"}, "Z": {0, "UTC"}, "+00:00": {0, "UTC"}, "-00:00": {0, "UTC"},
		"+01:00": {time.Hour, "+01:00"}, "-03:30": {-3*time.Hour - 30*time.Minute, "-03:30"}, "UTC+01:00": {},
	} {
		var v zoneValue
		err := v.Set(given)
		if want.shown == "" {
			if err == nil {
				t.Errorf("%q: got %s, want an error", given, &v)
			}
			continue
		}
		if err != nil || time.Duration(v) != want.east || v.String() != want.shown {
			t.Errorf("%q: got %v shown as %s, error %v; want %v as %s", given, time.Duration(v), &v, err, want.east, want.shown)
		}
	}
}

// The values that help and completion offer are those that the libraries take.
func TestOfferedValuesAreTaken(t *testing.T) {
	takesLayout := func(name string) bool { return new(repair.Layout).UnmarshalText([]byte(name)) == nil }
	takesSystem := func(name string) bool { _, ok := tables.Script(name); return ok }
	for _, c := range []struct {
		flag  string
		takes func(string) bool
	}{{"user-layout", takesLayout}, {"script", takesSystem}} {
		for _, name := range append(slices.Clone(flagWords()[c.flag]), "solaris") {
			if got, want := c.takes(name), name != "solaris"; got != want {
				t.Errorf("--%s %s is taken: got %v, want %v", c.flag, name, got, want)
			}
		}
	}
	var layouts []string
	for l := repair.LayoutAuto; l <= repair.LayoutNone; l++ {
		layouts = append(layouts, l.String())
	}
	if !slices.Equal(layouts, layoutNames) {
		t.Errorf("layouts: got %v, want %v", layoutNames, layouts)
	}
}
