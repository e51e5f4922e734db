package batch_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/mendcap/mendcap/repair/batch"
)

func ExampleFind() {
	out, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(out)
	ctx := context.Background()
	plan, err := batch.Find(ctx, []string{filepath.Join("..", "..", "testdata")}, batch.Options{Dir: out, Include: []string{"sockaddr.*"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	sum, err := plan.Run(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, e := range sum.Captures {
		fmt.Println(filepath.Base(e.Path), e.Outcome, e.Packets, "packets")
	}
	// Output:
	// sockaddr.pcap repaired 1200 packets
}
