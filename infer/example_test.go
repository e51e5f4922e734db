package infer_test

import (
	"fmt"
	"net/netip"

	"github.com/mendcap/mendcap/infer"
)

// A DNS query to 2001:db8::9b2f:64d1:52, as a raw socket delivers it, and what a
// destination cache saved beside the capture says.
func Example() {
	query := &infer.Packet{
		Source:     netip.MustParseAddr("2001:db8::10"),
		NextHeader: infer.Unknown,
		Data: []byte{
			0xC0, 0x00, 0x00, 0x35, 0x00, 0x14, 0xD0, 0x86,
			0x12, 0x34, 0x01, 0x00, 0x00, 0x01, 0, 0, 0, 0, 0, 0,
		},
		Length: 20,
	}
	engine := infer.New(infer.Options{Snapshot: &infer.Snapshot{
		DestinationCache: []infer.Destination{
			{Destination: netip.MustParseAddr("2001:db8::1")},
			{Destination: netip.MustParseAddr("2001:db8::9b2f:64d1:52")},
		},
	}})

	facts := infer.Examine(query) // of every packet
	engine.Observe(&facts)
	answer := engine.Conclude().Infer(&facts)
	fmt.Println(answer.NextHeader, answer.Destination, answer.Evidence)
	// Output: 17 2001:db8::9b2f:64d1:52 destination-cache
}
