package diagnose_test

import (
	"fmt"
	"slices"

	"github.com/mendcap/mendcap/internal/diagnose"
	"github.com/mendcap/mendcap/internal/tcp"
	"github.com/mendcap/mendcap/reorder"
)

// A packet was flagged as recorded, and is not any more where its law has put
// it.
func ExampleDiagnoser() {
	d := diagnose.New(func(f *diagnose.Finding) {
		fmt.Printf("%s: %s, repaired: %v\n%s\n", f.Flag(), f.Verdict, f.Repaired, f.Evidence())
	})
	d.Add(&diagnose.Packet{
		Frame: 7, FrameAfter: 5,
		Segment: &tcp.Segment{Bits: tcp.ACK, Seq: 1, Len: 100},
		Before:  1 << slices.Index(tcp.AnalysisNames(), "out_of_order"),
		ByLaw:   true, Law: reorder.LawAck,
	})
	d.Finish()

	// Output:
	// out_of_order: artefact, repaired: true
	// the packet was recorded late (law ack); in its true place it is not flagged
}
