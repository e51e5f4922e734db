package repair_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
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

// memory is a capture that is held in memory.
type memory struct {
	name    string
	content []byte
}

func (m memory) Name() string { return m.name }

func (m memory) Open() (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(m.content)), nil
}

// Capture repairs what comes from elsewhere than a file, here a capture in memory.
func ExampleCapture() {
	content, err := os.ReadFile(filepath.Join("..", "testdata", "rawsocket.pcapng"))
	if err != nil {
		fmt.Println(err)
		return
	}
	src := memory{"upload.pcapng", content}
	var repaired bytes.Buffer
	r, err := repair.Capture(context.Background(), src, &repaired, repair.Options{Compression: repair.CompressionZstd})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.Capture.Name, "with", r.Capture.Packets, "packets")
	fmt.Println("changed:", r.Output.Changed)
	fmt.Println("smaller:", repaired.Len() < len(content))

	// Output:
	// upload.pcapng with 2000 packets
	// changed: true
	// smaller: true
}

// Options have types whose values can be read from text, as flags and files of
// settings have it.
func ExampleProtocol_UnmarshalText() {
	var o repair.Options
	if err := o.Protocol.UnmarshalText([]byte("udp-lite")); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(uint8(o.Protocol), o.Protocol)

	// Output:
	// 136 UDP-Lite
}
