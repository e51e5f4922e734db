package pipeline

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/mendcap/mendcap/infer"
	"github.com/mendcap/mendcap/internal/packet"
	"github.com/mendcap/mendcap/internal/tcp"
	"github.com/mendcap/mendcap/internal/witness"
)

// bare is a bare ACK that was logged, or is in the capture, at a time in microseconds.
type bare struct {
	ack  uint32
	at   int64
	sack uint32 // right edge of a block, 0 without
}

// placesOf gives the places of packets in the order in which the host has logged them.
func placesOf(t *testing.T, events, packets []bare) (places []uint32) {
	t.Helper()
	from, to := netip.MustParseAddrPort("[2001:db8::2]:443"), netip.MustParseAddrPort("[2001:db8::1]:5000")
	a := emptyArrivals()
	for _, e := range events {
		a.add(&infer.Reception{Source: from, Destination: to, Seq: 7, Ack: e.ack, HasAck: true, Time: time.UnixMicro(e.at)})
	}
	for i, p := range packets {
		seg := tcp.Segment{Seq: 7, Ack: tcp.Seq(p.ack), Bits: tcp.ACK}
		if p.sack != 0 {
			seg.SACKs, seg.SACK[0] = 1, tcp.Range{Left: 1, Right: tcp.Seq(p.sack)}
		}
		a.show(packet.AddrOf(from.Addr()), from.Port(), to.Port(), &seg, p.at*1000, int64(i+1))
	}
	a.match(&witness.Clock{Known: true, Late: 50_000_000, Early: 20_000_000})
	for i := range packets {
		places = append(places, a.of(int64(i+1)))
	}
	return places
}

func TestPlacesOfBareACKs(t *testing.T) {
	single := []bare{{1, 100, 0}, {2, 200, 0}, {9, 9000, 0}} // show how late packets are
	more := func(list ...bare) []bare { return slices.Concat(single[:2], list, single[2:]) }
	late := func(list []bare) (packets []bare) {
		for i, p := range list {
			p.at += int64(10 * (i%3 + 1))
			packets = append(packets, p)
		}
		return packets
	}
	for _, test := range []struct {
		name            string
		events, packets []bare
		want            []uint32
	}{
		{"each another", single, late(single), []uint32{1, 2, 3}},
		{"in a row, one place", more(bare{3, 300, 0}, bare{3, 310, 0}), late(more(bare{3, 300, 5}, bare{3, 310, 6})), []uint32{1, 2, 3, 3, 5}},
		{"in a row, one dropped", more(bare{3, 300, 0}, bare{3, 310, 0}), late(more(bare{3, 310, 6})), []uint32{1, 2, 3, 5}},
		{"in a row, one event lost", more(bare{3, 300, 0}), late(more(bare{3, 300, 5}, bare{3, 310, 6})), []uint32{1, 2, 0, 0, 4}},
		{"apart, alike", more(bare{3, 300, 0}, bare{4, 305, 0}, bare{3, 310, 0}), late(more(bare{3, 300, 0}, bare{4, 305, 0}, bare{3, 310, 0})), []uint32{1, 2, 3, 4, 5, 6}},
		{"apart, different", more(bare{3, 300, 0}, bare{4, 305, 0}, bare{3, 310, 0}), late(more(bare{3, 300, 5}, bare{4, 305, 0}, bare{3, 310, 6})), []uint32{1, 2, 0, 4, 0, 6}},
		{"far apart, different", more(bare{3, 300, 0}, bare{4, 305, 0}, bare{3, 710, 0}), late(more(bare{3, 300, 5}, bare{4, 305, 0}, bare{3, 710, 6})), []uint32{1, 2, 3, 4, 5, 6}},
		{"apart, one event lost", more(bare{3, 300, 0}, bare{4, 305, 0}), late(more(bare{3, 300, 0}, bare{4, 305, 0}, bare{3, 310, 0})), []uint32{1, 2, 0, 4, 0, 5}},
	} {
		if got := placesOf(t, test.events, test.packets); !slices.Equal(got, test.want) {
			t.Errorf("%s: got places %d, want %d", test.name, got, test.want)
		}
	}
}
