package repair_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/mendcap/mendcap/repair"
)

// File does the whole job. The network tables beside the capture are found by
// name.
func ExampleFile() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)

	in := filepath.Join("..", "testdata", "rawsocket.pcapng")
	r, err := repair.File(context.Background(), in, filepath.Join(dir, "fixed.pcapng"), repair.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.Output.Name, r.Output.Status)
	fmt.Printf("%d packets, %d of them without IPv6 header\n", r.Capture.Packets, r.Inference.Packets)
	d := r.Inference.Destination
	fmt.Printf("destinations proved: %d, likely: %d, unknown: %d\n", d.Proved, d.Likely, d.Unknown)
	fmt.Println("fewer ACKs of segments not captured:", r.Analysis.After["ack_lost_segment"] < r.Analysis.Before["ack_lost_segment"])

	// Output:
	// fixed.pcapng written
	// 2000 packets, 1448 of them without IPv6 header
	// destinations proved: 1447, likely: 1, unknown: 0
	// fewer ACKs of segments not captured: true
}
