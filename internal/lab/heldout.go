package lab

import "strings"

// HeldOut reports whether the recording of that name is one of those that no
// constant, no law and no threshold is tuned on: a third of all, and of those over
// links that reorder much two thirds. They are looked at when all else is done.
func HeldOut(name string) bool { return strings.HasSuffix(name, "-held") }

// ForVerdicts is the folder, among the recordings, of those that verdicts are judged on
// besides.
const ForVerdicts = "verdicts"
