package judge

import (
	"testing"
	"time"

	"github.com/mendcap/mendcap/internal/lab"
)

// Exponential delays forget: stamps tell the order of two arrivals only where one is
// stamped before the other had come.
func TestBestReading(t *testing.T) {
	cost, ok := scattered(lab.Degradation{Scatter: 10 * time.Microsecond})
	if !ok {
		t.Fatal("the law of the delays is not known")
	}
	usual := &displaced{all: 100} // one in a hundred is delayed by another
	usual.by[1] = 1
	for _, test := range []struct {
		name          string
		late          bool     // the network delayed the second after the first
		stamps        [2]int64 // of arrivals at 0 and 1000 ns
		wrong, judged bool
	}{
		{"swapped, both stamped late", true, [2]int64{2000, 3000}, true, true},
		{"swapped, and the first stamped in time", true, [2]int64{500, 3000}, false, true},
		{"in sequence, both stamped late", false, [2]int64{3000, 2000}, false, true},
		{"in sequence, stamped so", false, [2]int64{500, 2000}, false, false},
	} {
		list := []beyondHole{{seq: 100, stamp: test.stamps[0]}, {seq: 200, at: 1000, stamp: test.stamps[1]}}
		i := 0
		if test.late {
			list[0].seq, list[1].seq, list[1].late, i = 200, 100, true, 1
		}
		if _, _, wrong, judged := best(list, i, cost, usual); wrong != test.wrong || judged != test.judged {
			t.Errorf("%s: got wrong %v, judged %v, want %v, %v", test.name, wrong, judged, test.wrong, test.judged)
		}
	}
	if _, ok := scattered(lab.Degradation{Scatter: 1, Stalls: 1}); ok {
		t.Error("with stalls: the law of the delays is known, want not")
	}
}
