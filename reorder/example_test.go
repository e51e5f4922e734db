package reorder_test

import (
	"fmt"

	"github.com/mendcap/mendcap/reorder"
)

// A sniffer recorded the host's ACK before the response that it acknowledges.
// Two passes put that right: a Survey learns how the capture is disturbed, an
// Orderer places each packet.
func Example() {
	const us = 1000 // nanoseconds
	segments := []reorder.Segment{
		{Frame: 1, Stamp: 0, Dir: 0, Outbound: reorder.Out, Bits: reorder.ACK, Seq: 1, Ack: 1, Len: 100},
		{Frame: 2, Stamp: 20_050 * us, Dir: 0, Outbound: reorder.Out, Bits: reorder.ACK, Seq: 101, Ack: 1001},
		{Frame: 3, Stamp: 20_070 * us, Dir: 1, Outbound: reorder.In, Bits: reorder.ACK, Seq: 1, Ack: 101, Len: 1000},
	}

	survey, err := reorder.NewSurvey(reorder.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for i := range segments {
		survey.Push(&reorder.Packet{Stamp: segments[i].Stamp, Segment: &segments[i]})
	}

	orderer, err := reorder.NewOrderer(survey.Profile(), reorder.Options{}, func(p reorder.Placement) {
		s := segments[p.Index]
		if p.Moved {
			fmt.Printf("frame %d at %d µs, moved by law %s\n", s.Frame, p.Stamp/us, p.Law)
			return
		}
		fmt.Printf("frame %d at %d µs\n", s.Frame, p.Stamp/us)
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for i := range segments {
		orderer.Push(&reorder.Packet{Stamp: segments[i].Stamp, Segment: &segments[i]})
	}
	orderer.Barrier() // there is no more

	// Output:
	// frame 1 at 0 µs
	// frame 3 at 20050 µs, moved by law ack
	// frame 2 at 20050 µs
}
