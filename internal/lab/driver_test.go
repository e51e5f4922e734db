package lab

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/mendcap/mendcap/repair"
)

// Packets that a fine clock stamps alike are no burst that was reversed: what the
// network reordered stays, also where the capture dropped the duplicate ACK.
func TestEqualStampsMoveNothing(t *testing.T) {
	for _, name := range recordings(t) {
		for i, tick := range []time.Duration{10 * time.Microsecond, 50 * time.Microsecond, 90 * time.Microsecond} {
			d := Degradation{Tick: tick, DropRate: .01 * float64(i), DropBurst: 1}
			t.Run(fmt.Sprintf("%s/%v", name, tick), func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "in.pcapng")
				writeForm(t, path, Degrade(delivered(t, name), d, 1), WithHeaders)
				if _, r := mend(t, path, repair.Options{}); r.Order.Moved > 0 {
					t.Errorf("got %d packets moved, want none: %+v", r.Order.Moved, r.Order.ByLaw["in-burst"])
				}
			})
		}
	}
}
