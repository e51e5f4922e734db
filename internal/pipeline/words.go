package pipeline

import "strconv"

// either is one of two words, by whether there is one of what they go with.
func either(n int64, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// plural is a number of things, each a noun: "1 flag", "5 flags".
func plural(n int64, noun string) string {
	return strconv.FormatInt(n, 10) + " " + noun + either(n, "", "s")
}

// were is plural with its verb: "1 flag was", "5 flags were".
func were(n int64, noun string) string { return plural(n, noun) + either(n, " was", " were") }

// itsOrTheir goes with a number of things.
func itsOrTheir(n int64) string { return either(n, "its", "their") }

// timesOver is how often something was.
func timesOver(n int64) string { return either(n, "once", strconv.FormatInt(n, 10)+" times") }
