package repair

import (
	"bytes"
	"context"
	"testing"

	"github.com/mendcap/mendcap/internal/lab/flood"
)

// stepsOf returns how many steps a check of the flood takes in loops whose length
// the capture decides, and what was given up.
func stepsOf(t testing.TB, r flood.Recipe) (steps int64, notes []string) {
	t.Helper()
	var in bytes.Buffer
	if err := r.Write(&in); err != nil {
		t.Fatal(err)
	}
	j, err := newJob("-", "-", Options{Stdin: &in})
	if err != nil {
		t.Fatal(err)
	}
	defer j.close()
	if err := j.collect(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := j.rehearse(context.Background()); err != nil {
		t.Fatal(err)
	}
	return j.steps, j.report.Notes
}

func TestZ(t *testing.T) {
	for _, k := range flood.Kinds() {
		k.Recipe.Packets = 3000
		a, _ := stepsOf(t, k.Recipe)
		k.Recipe.Packets = 12000
		b, _ := stepsOf(t, k.Recipe)
		t.Logf("%6d %6d %.1f %s", a/3000, b/12000, float64(b)/float64(a), k.Name)
	}
}
