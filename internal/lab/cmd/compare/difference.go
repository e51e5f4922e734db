package compare

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
)

// differences names, in order, the results that differ or that only one has.
func differences(want, got map[string][]byte) (names []string) {
	all := maps.Clone(want)
	maps.Copy(all, got)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		a, inWant := want[name]
		b, inGot := got[name]
		if inWant != inGot || !bytes.Equal(a, b) {
			names = append(names, name)
		}
	}
	return names
}

// shown is how many bytes of a line are shown.
const shown = 160

// firstDifference shows the first line that differs of two results.
func firstDifference(want, got []byte) string {
	a, b := bytes.Split(want, []byte("\n")), bytes.Split(got, []byte("\n"))
	for i := 0; i < len(a) || i < len(b); i++ {
		x, y := line(a, i), line(b, i)
		if !bytes.Equal(x, y) {
			return fmt.Sprintf("\tline %d was %.*q, is %.*q", i+1, shown, x, shown, y)
		}
	}
	return "\tno line differs: only one build has it"
}

func line(lines [][]byte, i int) []byte {
	if i < len(lines) {
		return lines[i]
	}
	return nil
}
