package pipeline

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/mendcap/mendcap/internal/tcp"
)

// More connections than are followed at once, in several passes: of each the SYN is
// recorded after its answer, and put before it. What is known of a connection begins with
// its first packet in whatever order, and not where the first one of the file comes.
func TestMoreConnectionsThanAreFollowed(t *testing.T) {
	if testing.Short() {
		t.Skip("the race detector needs less")
	}
	const connections = tcp.MaxFlows + 2000
	var packets [][]byte
	for n := range uint16(connections) {
		isn := [2]uint32{7000*uint32(n) + 1, 9_000_000*uint32(n) + 1}
		packets = append(packets,
			tcp4(false, n, isn[1], isn[0]+1, 18, 0), tcp4(true, n, isn[0], 0, 2, 0),
			tcp4(true, n, isn[0]+1, isn[1]+1, 24, 50), tcp4(false, n, isn[1]+1, isn[0]+51, 24, 20))
	}
	r, err := File(context.Background(), writePackets(t, packets), filepath.Join(t.TempDir(), "out.pcapng"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Order.AsRecorded.WholeCapture || r.Order.AsRecorded.FlagsWouldRise > 0 || r.Order.Moved != connections {
		t.Errorf("got %d packets moved and %+v, want the SYN of each of %d connections", r.Order.Moved, r.Order.AsRecorded, connections)
	}
	for flag, n := range r.Analysis.After {
		if n > 0 {
			t.Errorf("%s: got %d flags after the repair, want none", flag, n)
		}
	}
	if r.Flows.Total != connections {
		t.Errorf("connections: got %d in the report, want %d", r.Flows.Total, connections)
	}
}
