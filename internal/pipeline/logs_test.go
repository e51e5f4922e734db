package pipeline

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/mendcap/mendcap/infer"
	"github.com/mendcap/mendcap/internal/packet"
	"github.com/mendcap/mendcap/internal/tcp"
	"github.com/mendcap/mendcap/internal/witness"
	"github.com/mendcap/mendcap/reorder"
)

// bare is a bare ACK that was logged, or is in the capture, at a time in microseconds.
type bare struct {
	ack  uint32
	at   int64
	sack uint32 // right edge of a block, 0 without
}

// placesOf gives the places of packets in the order in which the host has logged them; edit
// changes what is not logged.
func placesOf(t *testing.T, events, packets []bare, edit func(i int, s *tcp.Segment)) (places []reorder.Places) {
	t.Helper()
	from, to := netip.MustParseAddrPort("[2001:db8::2]:443"), netip.MustParseAddrPort("[2001:db8::1]:5000")
	h := &hostLogs{}
	for _, e := range events {
		h.tcp.add(nameOfHandling(&infer.Handling{Source: from, Destination: to, Seq: 7, Ack: e.ack, HasAck: true}), 0, e.at*1000)
	}
	for i, p := range packets {
		seg := tcp.Segment{Seq: 7, Ack: tcp.Seq(p.ack), Bits: tcp.ACK}
		if p.sack != 0 {
			seg.SACKs, seg.SACK[0] = 1, tcp.Range{Left: 1, Right: tcp.Seq(p.sack)}
		}
		if edit != nil {
			edit(i, &seg)
		}
		h.showSegment(packet.AddrOf(from.Addr()), from.Port(), to.Port(), &seg, p.at*1000, int64(i+1))
	}
	h.match(witness.Clock{Known: true, Late: 50_000_000, Early: 20_000_000})
	for i := range packets {
		p := reorder.Places{}
		if told := h.of(int64(i + 1)); told != nil {
			p = told.TCP
		}
		places = append(places, p)
	}
	return places
}

func TestPlacesOfBareACKs(t *testing.T) {
	single := []bare{{1, 100, 0}, {2, 200, 0}, {9, 9000, 0}}
	for i := range leastSingles { // show how late packets are: 10 to 30 us
		single = append(single, bare{uint32(1000 + i), int64(20000 + 100*i), 0})
	}
	more := func(list ...bare) []bare { return slices.Concat(single[:2], list, single[2:]) }
	late := func(list []bare) (packets []bare) {
		for i, p := range list {
			p.at += int64(10 * (i%3 + 1))
			packets = append(packets, p)
		}
		return packets
	}
	at := func(places ...uint32) (list []reorder.Places) {
		for _, p := range places {
			list = append(list, reorder.Places{First: p, Last: p})
		}
		return list
	}
	either := func(first, last uint32) []reorder.Places { return []reorder.Places{{First: first, Last: last}} }
	for _, test := range []struct {
		name            string
		events, packets []bare
		want            []reorder.Places
	}{
		{"each another", single, late(single), at(1, 2, 3)},
		{"in a row", more(bare{3, 300, 0}, bare{3, 310, 0}), late(more(bare{3, 300, 5}, bare{3, 310, 6})),
			slices.Concat(at(1, 2), either(3, 4), either(3, 4), at(5))},
		{"in a row, one dropped", more(bare{3, 250, 0}, bare{3, 310, 0}), late(more(bare{3, 310, 6})), at(1, 2, 4, 5)},
		{"in a row, one event lost", more(bare{3, 300, 0}), late(more(bare{3, 300, 5}, bare{3, 310, 6})), at(1, 2, 0, 0, 4)},
		{"in a row, far apart", more(bare{3, 300, 0}, bare{3, 710, 0}), late(more(bare{3, 300, 5}, bare{3, 710, 6})), at(1, 2, 3, 4, 5)},
		{"apart, alike", more(bare{3, 300, 0}, bare{4, 305, 0}, bare{3, 310, 0}), late(more(bare{3, 300, 0}, bare{4, 305, 0}, bare{3, 310, 0})), at(1, 2, 3, 4, 5, 6)},
		{"apart, different", more(bare{3, 300, 0}, bare{4, 305, 0}, bare{3, 310, 0}), late(more(bare{3, 300, 5}, bare{4, 305, 0}, bare{3, 310, 6})),
			slices.Concat(at(1, 2), either(3, 5), at(4), either(3, 5), at(6))},
		{"far apart, different", more(bare{3, 300, 0}, bare{4, 305, 0}, bare{3, 710, 0}), late(more(bare{3, 300, 5}, bare{4, 305, 0}, bare{3, 710, 6})), at(1, 2, 3, 4, 5, 6)},
		{"apart, one event lost", more(bare{3, 300, 0}, bare{4, 305, 0}), late(more(bare{3, 300, 0}, bare{4, 305, 0}, bare{3, 310, 0})), at(1, 2, 0, 4, 0, 5)},
	} {
		got := placesOf(t, test.events, test.packets, nil)
		if got = got[:len(test.want)]; !slices.Equal(got, test.want) {
			t.Errorf("%s: got places %v, want %v", test.name, got, test.want)
		}
	}
}

// Two packets of one name are not taken for each other if anything that events leave out
// differs: an update of the window and a duplicate ACK would change places.
func TestPlacesOfWhatDiffers(t *testing.T) {
	var events, packets []bare
	for i := range leastSingles { // show how late packets are: up to 30 us
		events = append(events, bare{uint32(1000 + i), int64(100 * i), 0})
		packets = append(packets, bare{uint32(1000 + i), int64(100*i + 15*(i%3)), 0})
	}
	at := int64(100 * leastSingles)
	events = append(events, bare{3, at, 0}, bare{3, at + 10, 0})
	packets = append(packets, bare{3, at + 10, 0}, bare{3, at + 20, 0})
	for name, edit := range map[string]func(*tcp.Segment){
		"nothing":   func(*tcp.Segment) {},
		"window":    func(s *tcp.Segment) { s.Window++ },
		"length":    func(s *tcp.Segment) { s.Len++ },
		"FIN":       func(s *tcp.Segment) { s.Bits |= tcp.FIN },
		"timestamp": func(s *tcp.Segment) { s.TSval++ },
	} {
		got := placesOf(t, events, packets, func(i int, s *tcp.Segment) {
			if i == leastSingles {
				edit(s)
			}
		})[leastSingles:]
		first, last := uint32(leastSingles+1), uint32(leastSingles+2)
		want := []reorder.Places{{First: first, Last: last}, {First: first, Last: last}}
		if name == "nothing" {
			want = []reorder.Places{{First: first, Last: first}, {First: last, Last: last}}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s differs: got places %v, want %v", name, got, want)
		}
	}
}

// Packets of a raw socket are known by source and length. Of several sockets that one is
// believed which fits the capture, and the clocks are learnt from the logs where nothing
// else tells. How late a packet is at least shows.
func TestPlacesInSocketLogs(t *testing.T) {
	const apart, late = 5_000_000_000, 700_000 // of the clocks, of every tenth packet; nanoseconds
	source := packet.AddrOf(netip.MustParseAddr("2001:db8::2"))
	h := &hostLogs{}
	stamp := func(i int) int64 { return int64(1+i) * 100_000_000 }
	for i := range 300 {
		name := nameOfRaw(source, 100+i)
		h.taken.add(name, 7, stamp(i)+apart+int64(i*7919%1000)*1000) // another process's
		h.taken.add(name, 9, stamp(i)+apart)
	}
	delay := func(i int) int64 {
		if i%10 == 5 {
			return late
		}
		return int64(i%10) * 1000
	}
	for i := range 300 {
		h.showRaw(source, 100+i, stamp(i)+delay(i), int64(i+1))
	}
	h.match(witness.Clock{})
	for i := range 300 {
		l := h.of(int64(i + 1))
		if l == nil {
			t.Fatalf("packet %d: got no place", i)
		}
		place := uint32(2*i + 2)
		if want := (reorder.Places{First: place, Last: place}); l.Taken != want || l.Given.First != 0 || l.TCP.First != 0 {
			t.Errorf("packet %d: got %+v, want it taken at %d", i, l, place)
		}
		if known := delay(i) == late; known != (l.Late > late/2) || l.Late > max(delay(i), 10_000) {
			t.Errorf("packet %d: got %d ns late at least, want at most %d", i, l.Late, delay(i))
		}
	}
}

// A trace may name thousands of sockets, each with events of the same packets: what is set
// beside each other is bounded. What fits is found among fewer.
func TestPartsOfALogAreBounded(t *testing.T) {
	const packets = 1 << 16
	for _, parts := range []uint64{4, mostLooked/packets + 1} {
		var l eventLog
		for part := range parts - 1 {
			l.add(logName{}, part+1, 0)
		}
		for i := range int64(fewSingles) { // the last one fits
			l.add(logName{}, parts, i*1000)
		}
		for i := range int64(packets) {
			l.show(logName{}, arrived{stamp: i * 1000, frame: i})
		}
		found := len(l.alike(&witness.Clock{Known: true, Late: 100, Early: 100}))
		if want := map[bool]int{true: fewSingles}[parts == 4]; found != want {
			t.Errorf("%d parts: got %d packets beside events, want %d", parts, found, want)
		}
	}
}
