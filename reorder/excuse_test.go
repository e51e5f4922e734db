package reorder

import "testing"

// Repeated ACKs that came before the higher segment was sent say nothing of a hole
// below it: what the capture swapped is repaired.
func TestEarlierRepeatedAcksExcuseNothing(t *testing.T) {
	s := newScript().handshake().disordered(true)
	for range 3 {
		s.in(s.next[1], s.next[0], 0) // keep-alives' answers, say
		s.wait(ms)
	}
	s.upload(1)
	swapLate(s.segs, len(s.segs)-3, ms/50)
	wantTruth(t, withoutSACK(s.segs), "out-seq")
}

// An ACK whose SACK option is full says nothing of blocks that it has no room for:
// what it leaves out may have arrived.
func TestFullSACKOptionShowsNoHole(t *testing.T) {
	s := newScript()
	s.tsval = true
	s.handshake().disordered(true)
	at := s.next[1] // lost in the network
	for _, from := range []uint32{1000, 3000, 5000, 7000} {
		s.in(at+from, s.next[0], 500)
		s.in(at+from+500, s.next[0], 500)
		s.wait(ms / 50)
		ack := s.out(s.next[0], at, 0)
		for block := range min(from/2000+1, 3) { // the latest ones first
			s.sacks(ack, at+from-2000*block, at+from-2000*block+1000)
		}
		s.wait(ms)
	}
	swap(s.segs, len(s.segs)-12) // the first two, whose block the last ACK leaves out
	s.segs[len(s.segs)-11].Stamp++
	wantTruth(t, s.segs, "in-seq")
}
