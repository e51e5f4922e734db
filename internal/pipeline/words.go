package pipeline

import "fmt"

// plural is a number of things, each a noun: "1 flag", "5 flags".
func plural(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// were is plural with its verb: "1 flag was", "5 flags were".
func were(n int64, noun string) string {
	if n == 1 {
		return plural(n, noun) + " was"
	}
	return plural(n, noun) + " were"
}

// itsOrTheir goes with a number of things.
func itsOrTheir(n int64) string {
	if n == 1 {
		return "its"
	}
	return "their"
}

// timesOver is how often something was.
func timesOver(n int64) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}
