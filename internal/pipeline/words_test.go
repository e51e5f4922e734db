package pipeline

import "testing"

func TestWordsOfNumbers(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{were(1, "connection") + " left: " + itsOrTheir(1), "1 connection was left: its"},
		{were(2, "connection") + " left: " + itsOrTheir(2), "2 connections were left: their"},
		{plural(1, "flag") + " " + timesOver(1), "1 flag once"},
		{plural(1234, "flag") + " " + timesOver(3), "1234 flags 3 times"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}
