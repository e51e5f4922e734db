package main

import "testing"

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
	}{{"", "", 0}, {"", "abc", 3}, {"kitten", "sitting", 3}, {"loss", "losss", 1}, {"ab", "ba", 2}} {
		if got, back := edits(c.a, c.b), edits(c.b, c.a); got != c.want || back != c.want {
			t.Errorf("%q, %q: got %d and %d, want %d", c.a, c.b, got, back, c.want)
		}
	}
}
