package diagnose_test

import (
	"fmt"

	"github.com/mendcap/mendcap/internal/tcp"
	"github.com/mendcap/mendcap/reorder"
	"github.com/mendcap/mendcap/repair/diagnose"
)

// A packet was flagged as recorded, and is not any more where its law has put
// it.
func ExampleCase_Each() {
	c := diagnose.Case{
		Before: tcp.OutOfOrder,
		Place:  reorder.Placement{Moved: true, Law: reorder.Ack},
	}
	c.Each(func(v diagnose.Verdict) {
		fmt.Printf("%s: %s, repaired: %v\n%s\n", v.Flag, v.Verdict, v.Repaired, v.Evidence)
	})

	// Output:
	// out_of_order: artefact, repaired: true
	// the packet was recorded late (law ack); in its true place it is not flagged
}
