package diagnose

import (
	"testing"

	"github.com/mendcap/mendcap/internal/tcp"
)

const ack = tcp.ACK

// data is a segment of 100 bytes, the n-th of its sender, after a handshake.
func data(at int64, dir uint8, n int, want string) step {
	return step{at: at, dir: dir, bits: ack, seq: 1 + 100*n, len: 100, ack: 1, want: want}
}

// acks is a bare ACK of all before the n-th segment, with SACK blocks from
// segment to segment.
func acks(at int64, dir uint8, n int, sack ...int) step {
	s := step{at: at, dir: dir, bits: ack, seq: 1, ack: 1 + 100*n, sack: []int{}}
	for _, n := range sack {
		s.sack = append(s.sack, 1+100*n)
	}
	return s
}

// stamped sets the timestamp, which a script has in all packets with data or in
// none.
func (s step) stamped(ts uint32) step  { s.ts = ts; return s }
func (s step) echoes(ts uint32) step   { s.echo = ts; return s }
func (s step) acking(n int) step       { s.ack = 1 + 100*n; return s }
func (s step) numbered(id uint16) step { s.id = id; return s }

// plain takes the SACK option away.
func (s step) plain() step { s.sack = nil; return s }

const (
	lost     = "lost_segment="
	outOf    = "out_of_order="
	resent   = "retransmission="
	fast     = "fast_retransmission="
	needless = "spurious_retransmission="
	unseen   = "ack_lost_segment="
)

var scripts = []struct {
	name  string
	steps []step
}{
	{"the capture drops an inbound segment that the host acknowledges", []step{
		data(50, peer, 0, ""), acks(50, host, 1), data(51, peer, 2, lost+"drop"), acks(51, host, 3).wants(unseen + "drop"),
	}},
	{"the capture drops the last outbound segment", []step{
		data(50, host, 0, ""), acks(90, peer, 2).wants(unseen + "drop"),
	}},
	{"the capture drops an inbound original: its retransmission 200 ms later is answered by a D-SACK", []step{
		data(50, peer, 0, ""), acks(50, host, 1), data(51, peer, 2, lost+"drop"), acks(52, host, 3).wants(unseen + "drop"),
		data(251, peer, 1, needless+"drop "+resent+"drop"), acks(251, host, 3, 1, 2),
	}},
	{"the capture drops an inbound original whose ACK is late: only the D-SACK tells", []step{
		data(50, peer, 0, ""), acks(50, host, 1), data(51, peer, 2, lost+"drop"),
		data(251, peer, 1, resent+"drop"), acks(251, host, 3, 1, 2).wants(""),
	}},
	{"an inbound loss that three duplicate ACKs repair", []step{
		data(50, peer, 0, ""), acks(50, host, 1), data(51, peer, 2, lost+"loss(fast-retransmission)"), acks(51, host, 1, 2, 3),
		data(52, peer, 3, ""), acks(52, host, 1, 2, 4), data(53, peer, 4, ""), acks(53, host, 1, 2, 5),
		data(95, peer, 1, resent+"loss(fast-retransmission)"), acks(95, host, 5),
	}},
	{"the same without SACK", []step{
		data(50, peer, 0, ""), acks(50, host, 1).plain(), data(51, peer, 2, lost+"loss(fast-retransmission)"), acks(51, host, 1).plain(),
		data(52, peer, 3, ""), acks(52, host, 1).plain(), data(53, peer, 4, ""), acks(53, host, 1).plain(),
		data(95, peer, 1, resent+"loss(fast-retransmission)"), acks(95, host, 5).plain(),
	}},
	{"an inbound loss that one duplicate ACK repairs after a round trip", []step{
		data(50, peer, 0, ""), acks(50, host, 1), data(51, peer, 2, lost+"loss(time-based)"), acks(51, host, 1, 2, 3),
		data(60, peer, 3, ""), acks(60, host, 1, 2, 4).wants(""), data(101, peer, 1, resent+"loss(time-based)"), acks(101, host, 4),
	}},
	{"inbound reordering within a round trip", []step{
		data(50, peer, 0, ""), acks(50, host, 1), data(51, peer, 2, lost+"reordering"), acks(51, host, 1, 2, 3),
		data(61, peer, 1, outOf+"reordering"), acks(61, host, 3),
	}},
	{"inbound reordering without SACK", []step{
		data(50, peer, 0, ""), acks(50, host, 1).plain(), data(51, peer, 2, lost+"reordering"), acks(51, host, 1).plain(),
		data(61, peer, 1, outOf+"reordering"), acks(61, host, 3).plain(),
	}},
	{"later than a round trip, but sent before by its timestamp", []step{
		data(50, peer, 0, "").stamped(10), acks(50, host, 1), data(51, peer, 2, lost+"reordering").stamped(12), acks(51, host, 1, 2, 3),
		data(151, peer, 1, resent+"reordering").stamped(11), acks(151, host, 3),
	}},
	{"sooner than a round trip, but sent again by its timestamp", []step{
		data(50, peer, 0, "").stamped(10), acks(50, host, 1), data(51, peer, 2, lost+"loss(time-based)").stamped(12), acks(51, host, 1, 2, 3),
		data(61, peer, 1, outOf+"loss(time-based)").stamped(22), acks(61, host, 3),
	}},
	{"sent before by its IPv4 Identification", []step{
		data(50, peer, 0, "").numbered(10), acks(50, host, 1), data(51, peer, 2, lost+"reordering").numbered(12), acks(51, host, 1, 2, 3),
		data(151, peer, 1, resent+"reordering").numbered(11), acks(151, host, 3),
	}},
	{"an outbound loss that SACK shows and a retransmission repairs", []step{
		data(50, host, 0, ""), data(50, host, 1, ""), data(50, host, 2, ""), acks(90, peer, 0, 1, 2), acks(90, peer, 0, 1, 3),
		data(91, host, 0, fast+"loss(time-based) "+resent+"loss(time-based)"), acks(131, peer, 3),
	}},
	{"an outbound loss that three duplicate ACKs repair", []step{
		data(50, host, 0, ""), data(50, host, 1, ""), data(50, host, 2, ""), data(50, host, 3, ""),
		acks(90, peer, 0).plain(), acks(90, peer, 0).plain(), acks(90, peer, 0).plain(), acks(90, peer, 0).plain(),
		data(91, host, 0, fast+"loss(fast-retransmission) "+resent+"loss(fast-retransmission)"), acks(131, peer, 4).plain(),
	}},
	{"the last outbound segment is lost, and a probe repairs it", []step{
		data(50, host, 0, ""), acks(90, peer, 1), data(100, host, 1, ""), data(190, host, 1, resent+"loss(tail-loss-probe)"), acks(230, peer, 2),
	}},
	{"the last outbound segment is lost, and a timeout repairs it", []step{
		data(50, host, 0, ""), acks(90, peer, 1), data(100, host, 1, ""), data(400, host, 1, resent+"loss(timeout)"), acks(440, peer, 2),
	}},
	{"an outbound retransmission that the peer tells it had", []step{
		data(50, host, 0, ""), data(350, host, 0, resent+"spurious"), acks(390, peer, 1, 0, 1),
	}},
	{"an outbound retransmission that is acknowledged too soon", []step{
		data(50, host, 0, ""), data(350, host, 0, resent+"spurious"), acks(352, peer, 1),
	}},
	{"an outbound retransmission of what was acknowledged", []step{
		data(50, host, 0, ""), acks(90, peer, 1), data(350, host, 0, needless+"spurious "+resent+"spurious"), acks(390, peer, 1, 0, 1),
	}},
	{"an inbound retransmission of what had arrived", []step{
		data(50, peer, 0, ""), acks(50, host, 1), data(350, peer, 0, needless+"spurious "+resent+"spurious"), acks(350, host, 1, 0, 1),
	}},
	{"an inbound copy that the network made", []step{
		data(50, peer, 0, "").stamped(7), acks(50, host, 1),
		data(51, peer, 0, needless+"duplicate(network) "+resent+"duplicate(network)").stamped(7), acks(51, host, 1, 0, 1),
	}},
	{"an inbound copy that nobody answers is the capture's", []step{
		data(50, peer, 0, "").stamped(7), data(50, peer, 0, resent+"duplicate(capture)").stamped(7), acks(50, host, 1), data(90, peer, 1, "").stamped(9), acks(90, host, 2),
	}},
	{"an outbound copy is the capture's", []step{
		data(50, host, 0, "").numbered(7), data(50, host, 0, resent+"duplicate(capture)").numbered(7), acks(90, peer, 1),
	}},
	{"the same bytes with another IPv4 Identification were sent again", []step{
		data(50, host, 0, "").numbered(7), data(350, host, 0, resent+"loss(timeout)").numbered(8), acks(390, peer, 1),
	}},
	{"the original is late, and its retransmission overtakes it", []step{
		data(50, peer, 0, "").stamped(10), acks(50, host, 1), data(51, peer, 2, lost+"reordering").stamped(12), acks(51, host, 1, 2, 3),
		data(93, peer, 1, resent+"spurious").stamped(52), acks(93, host, 3),
		data(95, peer, 1, needless+"reordering "+resent+"reordering").stamped(11), acks(95, host, 3, 1, 2),
	}},
	{"the host's stack did not take what the capture saw", []step{
		data(50, peer, 0, "").stamped(10), acks(50, host, 1), data(51, peer, 1, "").stamped(11), data(52, peer, 2, "").stamped(12), acks(52, host, 1, 2, 3),
		data(53, peer, 3, "").stamped(13), acks(53, host, 1, 2, 4), data(54, peer, 4, "").stamped(14), acks(54, host, 1, 2, 5),
		data(96, peer, 1, resent+"genuine").stamped(54), acks(96, host, 5),
	}},
	{"later than a round trip, in the tick of what overtook it, by one who had not heard of the hole", []step{
		data(50, peer, 0, "").stamped(10).echoes(5), acks(50, host, 1).stamped(50), data(51, peer, 2, lost+"reordering").stamped(12).echoes(5),
		acks(51, host, 1, 2, 3).stamped(51), data(151, peer, 1, resent+"reordering").stamped(12).echoes(5), acks(151, host, 3).stamped(151),
	}},
	{"the same tick, by one who had heard of it: its clock is slow", []step{
		data(50, peer, 0, "").stamped(10).echoes(5), acks(50, host, 1).stamped(50), data(51, peer, 2, lost+"loss(time-based)").stamped(12).echoes(5),
		acks(51, host, 1, 2, 3).stamped(51), data(151, peer, 1, resent+"loss(time-based)").stamped(12).echoes(51), acks(151, host, 3).stamped(151),
	}},
	{"the capture missed what overtook it: SACK tells of the hole, and the echo that it was sent before", []step{
		data(50, peer, 0, "").stamped(10).echoes(5), acks(50, host, 1).stamped(50), acks(51, host, 1, 2, 3).stamped(51),
		data(52, peer, 3, lost+"drop").stamped(13).echoes(5), acks(52, host, 1, 2, 4).stamped(52),
		data(151, peer, 1, resent+"reordering").stamped(12).echoes(5), acks(151, host, 4).stamped(151),
	}},
	{"the same, sent again by a timer, which has heard of nothing", []step{
		data(50, peer, 0, "").stamped(10).echoes(5), acks(50, host, 1).stamped(50), acks(51, host, 1, 2, 3).stamped(51),
		data(52, peer, 3, lost+"drop").stamped(13).echoes(5), acks(52, host, 1, 2, 4).stamped(52),
		data(351, peer, 1, resent+"loss(timeout)").stamped(312).echoes(5), acks(351, host, 4).stamped(351),
	}},
	{"without SACK, beyond what the receiver asks for: nobody sends that again", []step{
		data(50, peer, 0, ""), acks(50, host, 1).plain(), data(51, peer, 2, lost+"loss(fast-retransmission)"), acks(51, host, 1).plain(),
		data(52, peer, 4, lost+"reordering"), acks(52, host, 1).plain(), data(152, peer, 3, resent+"reordering"), acks(152, host, 1).plain(),
		data(160, peer, 1, fast+"loss(fast-retransmission) "+resent+"loss(fast-retransmission)"), acks(160, host, 5).plain(),
	}},
	{"without SACK, after a timeout: what is asked for was sent again before, and so was the rest", []step{
		data(50, peer, 0, ""), acks(50, host, 1).plain(), data(51, peer, 2, lost+"loss(timeout)"), acks(51, host, 1).plain(),
		data(52, peer, 4, lost+"loss(time-based)"), acks(52, host, 1).plain(), data(452, peer, 1, resent+"loss(timeout)"), acks(452, host, 3).plain(),
		data(460, peer, 3, resent+"loss(time-based)"), acks(460, host, 5).plain(),
	}},
	{"hardly sooner than a round trip, and sent again needlessly: nothing dates the two", []step{
		data(50, peer, 0, ""), acks(50, host, 1), data(51, peer, 2, lost+"reordering"), acks(51, host, 1, 2, 3),
		data(88, peer, 1, outOf+"reordering"), acks(88, host, 3), data(110, peer, 1, needless+"spurious "+resent+"spurious"), acks(110, host, 3, 1, 2),
	}},
	{"so late that it can be the retransmission that was to come first: sent again twice", []step{
		data(50, peer, 0, ""), acks(50, host, 1), data(51, peer, 2, lost+"loss(time-based)"), acks(51, host, 1, 2, 3),
		data(105, peer, 1, resent+"loss(time-based)"), acks(105, host, 3), data(150, peer, 1, needless+"spurious "+resent+"spurious"), acks(150, host, 3, 1, 2),
	}},
	{"twice by the network within half a round trip, while its sender has SACK: it can't have heard of anything", []step{
		data(50, peer, 0, ""), acks(50, host, 1), data(60, peer, 1, ""), acks(60, host, 2),
		data(70, peer, 1, needless+"duplicate(network) "+resent+"duplicate(network)"), acks(70, host, 2, 1, 2),
	}},
	{"the host asks for it still, though it took what came after: its stack kept the first copy out", []step{
		data(50, peer, 0, "").stamped(10), acks(50, host, 1).stamped(50), data(51, peer, 2, lost+"reordering").stamped(12), acks(51, host, 1, 2, 3).stamped(51),
		data(52, peer, 1, outOf+"reordering").stamped(10), acks(52, host, 1, 2, 3).stamped(52),
		data(53, peer, 3, "").stamped(13), acks(53, host, 1, 2, 4).stamped(53),
		data(95, peer, 1, resent+"genuine").stamped(55), acks(95, host, 4).stamped(95),
	}},
	{"a copy of the original, after what was sent again: twice by the network", []step{
		data(50, peer, 0, "").stamped(10), acks(50, host, 1).stamped(50), data(51, peer, 1, "").stamped(11), acks(51, host, 2).stamped(51),
		data(300, peer, 1, needless+"spurious "+resent+"spurious").stamped(260), acks(300, host, 2, 1, 2).stamped(300),
		data(301, peer, 1, needless+"duplicate(network) "+resent+"duplicate(network)").stamped(11), acks(301, host, 2, 1, 2).stamped(301),
	}},
	{"lost, and its repair came twice by the network: nobody sent it needlessly", []step{
		data(50, peer, 0, "").stamped(10), acks(50, host, 1), data(51, peer, 2, lost+"loss(time-based)").stamped(12), acks(51, host, 1, 2, 3),
		data(95, peer, 1, resent+"loss(time-based)").stamped(52), acks(95, host, 3),
		data(96, peer, 1, needless+"duplicate(network) "+resent+"duplicate(network)").stamped(52), acks(96, host, 3, 1, 2),
	}},
	{"the capture missed what filled the hole, which the echo of the ACK dates: late", []step{
		data(50, peer, 0, "").stamped(10), acks(50, host, 1).stamped(50), data(51, peer, 2, lost+"reordering").stamped(12),
		acks(51, host, 1, 2, 3).stamped(51), acks(151, host, 3).stamped(151).echoes(11).wants(unseen + "drop"),
	}},
	{"the same, sent again", []step{
		data(50, peer, 0, "").stamped(10), acks(50, host, 1).stamped(50), data(51, peer, 2, lost+"loss(time-based)").stamped(12),
		acks(51, host, 1, 2, 3).stamped(51), acks(151, host, 3).stamped(151).echoes(52).wants(unseen + "drop"),
	}},
	{"a full SACK option shows the hole that a block of it ends at", []step{
		data(50, peer, 0, ""), acks(50, host, 1), data(51, peer, 2, lost+"reordering"), acks(51, host, 1, 2, 3), data(52, peer, 4, lost+"reordering"),
		acks(52, host, 1, 4, 5, 2, 3), data(53, peer, 6, lost+"reordering"), acks(53, host, 1, 6, 7, 4, 5, 2, 3),
		data(54, peer, 8, lost+"reordering"), acks(54, host, 1, 8, 9, 6, 7, 4, 5, 2, 3), data(55, peer, 10, lost+"reordering window_full=genuine"),
		acks(55, host, 1, 10, 11, 8, 9, 6, 7, 4, 5), acks(65, host, 11).wants(unseen + "drop"),
	}},
	{"recorded after the ACK that answers it, which could not be repaired", []step{
		data(50, peer, 0, "").stamped(10), acks(50, host, 1).stamped(50), data(51, peer, 2, lost+"loss(time-based)").stamped(12),
		acks(51, host, 1, 2, 3).stamped(51), acks(94, host, 3).stamped(94).echoes(52).wants(unseen + "drop"),
		data(95, peer, 1, needless+"loss(time-based) "+resent+"loss(time-based)").stamped(52),
	}},
	{"recorded after its ACK, and nothing else tells that it was missing; later it is sent again needlessly", []step{
		data(50, peer, 0, ""), acks(50, host, 1), acks(51, host, 2).wants(unseen + "drop"), data(51, peer, 1, needless+"artefact "+resent+"artefact"),
		data(52, peer, 2, ""), acks(52, host, 3), data(95, peer, 1, needless+"spurious "+resent+"spurious"), acks(95, host, 3, 1, 2),
	}},
	{"sent twice within a millisecond: its sender is sending again what else it sent", []step{
		data(50, peer, 0, ""), data(51, peer, 1, ""), acks(51, host, 2).plain(), data(95, peer, 2, ""), acks(95, host, 3).plain(),
		data(95, peer, 1, needless+"spurious "+resent+"spurious"), acks(95, host, 3).plain(), data(96, peer, 2, needless+"spurious "+resent+"spurious"),
		acks(96, host, 3).plain(),
	}},
	{"an inbound loss of which the capture missed the repair", []step{
		data(50, peer, 0, ""), acks(50, host, 1), data(51, peer, 2, lost+"loss(fast-retransmission)"), acks(51, host, 1, 2, 3),
		data(52, peer, 3, ""), acks(52, host, 1, 2, 4), data(53, peer, 4, ""), acks(53, host, 1, 2, 5), acks(95, host, 5).wants(unseen + "drop"),
	}},
	{"inbound reordering of which the capture missed the late packet", []step{
		data(50, peer, 0, ""), acks(50, host, 1), data(51, peer, 2, lost+"reordering"), acks(51, host, 1, 2, 3), acks(60, host, 3).wants(unseen + "drop"),
	}},
	{"inbound reordering: the capture missed the late packet, which is sent again needlessly", []step{
		data(50, peer, 0, ""), acks(50, host, 1), data(51, peer, 2, lost+"reordering"), acks(51, host, 1, 2, 3), acks(60, host, 3).wants(unseen + "drop"),
		data(110, peer, 1, needless+"drop "+resent+"drop"), acks(110, host, 3, 1, 2),
	}},
	{"a D-SACK long after what was late: the capture missed what came again", []step{
		data(50, peer, 0, ""), acks(50, host, 1), data(51, peer, 2, lost+"reordering"), acks(51, host, 1, 2, 3),
		data(61, peer, 1, outOf+"reordering"), acks(61, host, 3), acks(140, host, 3, 1, 2),
	}},
	{"the peer had answered what is sent again: its answer was lost, and its ACK of the second copy begins after that", []step{
		data(50, host, 0, ""), data(90, peer, 0, "").acking(1), data(100, host, 1, "").acking(1), data(400, host, 1, resent+"spurious").acking(1),
		{at: 440, dir: peer, bits: ack, seq: 201, ack: 201, want: lost + "loss(timeout)"}, data(640, peer, 1, resent+"loss(timeout)").acking(2),
		{at: 640, dir: host, bits: ack, seq: 201, ack: 201},
	}},
	{"the same, but the peer had not answered", []step{
		data(50, host, 0, ""), data(90, peer, 0, "").acking(1), data(100, host, 1, "").acking(1), data(400, host, 1, resent+"loss(timeout)").acking(1),
		{at: 440, dir: peer, bits: ack, seq: 101, ack: 201}, data(640, peer, 1, "").acking(2), {at: 640, dir: host, bits: ack, seq: 201, ack: 201},
	}},
	{"later than a round trip, but before bytes that its receiver asks for: its sender would send those again first", []step{
		data(50, peer, 0, ""), acks(50, host, 1), data(51, peer, 2, lost+"loss(fast-retransmission)"), acks(51, host, 1, 2, 3),
		data(52, peer, 4, lost+"reordering"), acks(52, host, 1, 4, 5, 2, 3), data(53, peer, 5, ""), acks(53, host, 1, 4, 6, 2, 3),
		data(100, peer, 3, resent+"reordering"), acks(100, host, 1, 2, 6),
		data(101, peer, 1, fast+"loss(fast-retransmission) "+resent+"loss(fast-retransmission)"), acks(101, host, 6),
	}},
	{"another connection whose SYN the capture missed", []step{
		data(50, host, 0, ""), {at: 5000, dir: peer, bits: tcp.SYN | ack, seq: 70_000, ack: 90_001, want: "reused_ports=drop lost_segment=drop " + unseen + "drop"},
		{at: 5001, dir: host, bits: ack, seq: 90_001, ack: 70_001, want: lost + "drop " + unseen + "drop"},
		{at: 5002, dir: host, bits: ack, seq: 90_001, len: 10, ack: 70_001}, {at: 5042, dir: peer, bits: ack, seq: 70_001, ack: 90_011, want: unseen + "drop"},
	}},
	{"another connection with lower numbers, whose SYN the capture missed", []step{
		data(50, host, 0, ""), data(60, peer, 0, ""), {at: 5000, dir: peer, bits: tcp.SYN | ack, seq: -90_000, ack: -70_000, want: "reused_ports=drop retransmission=drop"},
		{at: 5001, dir: host, bits: ack, seq: -70_000, ack: -89_999},
		{at: 5002, dir: host, bits: ack, seq: -70_000, len: 10, ack: -89_999, want: "retransmission=drop"},
		{at: 5042, dir: peer, bits: ack, seq: -89_999, len: 10, ack: -69_990, want: "retransmission=drop"},
	}},
	{"a host that has forgotten the connection opens it again: a challenge ACK, then another number", []step{
		data(50, host, 0, ""), {at: 5000, dir: host, bits: tcp.SYN, seq: 500_000, want: "reused_ports=genuine"},
		{at: 5040, dir: peer, bits: ack, seq: 1, ack: 101}, {at: 5041, dir: host, bits: tcp.RST, seq: 101},
		{at: 5080, dir: peer, bits: tcp.SYN | ack, seq: -9_000_000, ack: 500_001, want: "reused_ports=genuine retransmission=genuine"},
		{at: 5081, dir: host, bits: ack, seq: 500_001, ack: -8_999_999}, {at: 5082, dir: host, bits: ack, seq: 500_001, len: 100, ack: -8_999_999},
		{at: 5122, dir: peer, bits: ack, seq: -8_999_999, len: 100, ack: 500_101, want: "retransmission=genuine"},
		{at: 5123, dir: host, bits: ack, seq: 500_101, len: 100, ack: -8_999_899},
	}},
	{"a packet of another connection with numbers before the SYN's", []step{
		data(50, host, 0, ""), {at: 90, dir: peer, bits: ack, seq: 1, ack: 101}, {at: 95, dir: host, bits: ack, seq: -500_000, len: 100, ack: 1,
			want: "retransmission=undecided spurious_retransmission=undecided"},
	}},
	{"the ports again, and the host's numbers too", []step{
		data(50, host, 0, ""), {at: 90, dir: peer, bits: ack, seq: 1, ack: 101}, {at: 95, dir: host, bits: tcp.RST, seq: 101},
		{at: 1000, dir: host, bits: tcp.SYN, want: "retransmission=spurious"},
		{at: 1040, dir: peer, bits: tcp.SYN | ack, seq: 9_000_000, ack: 1, want: "reused_ports=genuine lost_segment=genuine"},
		{at: 1041, dir: host, bits: ack, seq: 1, len: 100, ack: 9_000_001, want: "retransmission=genuine " + unseen + "genuine"},
	}},
	{"both open at once", []step{
		{at: 1000, dir: host, bits: tcp.SYN, seq: 500_000, want: "reused_ports=genuine"}, {at: 1001, dir: peer, bits: tcp.SYN, seq: 600_000},
		{at: 1002, dir: host, bits: tcp.SYN | ack, seq: 500_000, ack: 600_001, want: "retransmission=genuine"},
		{at: 1041, dir: peer, bits: tcp.SYN | ack, seq: 600_000, ack: 500_001, want: "retransmission=genuine"},
		{at: 2041, dir: peer, bits: tcp.SYN | ack, seq: 600_000, ack: 500_001, want: "retransmission=spurious"},
		{at: 2042, dir: host, bits: ack, seq: 500_001, ack: 600_001},
	}},
	{"an ACK far beyond all that was seen", []step{
		data(50, host, 0, ""), {at: 90, dir: peer, bits: ack, seq: 1, ack: 1_500_000_000, want: unseen + "undecided"},
	}},
	{"an ACK half of all numbers away", []step{
		data(50, host, 0, ""), {at: 90, dir: peer, bits: ack, seq: 1, ack: 101 + 1<<31, want: unseen + "undecided"},
	}},
	{"the ports again", []step{
		{at: 5000, dir: host, bits: tcp.SYN, seq: 1000, want: "reused_ports=genuine"}, {at: 5040, dir: peer, bits: tcp.SYN | ack, seq: 2000, ack: 1001},
	}},
	{"a hole that nothing fills before the capture ends", []step{
		data(50, peer, 0, ""), acks(50, host, 1), data(51, peer, 2, lost+"undecided"), acks(51, host, 1, 2, 3),
	}},
	{"keep-alives and a closed window are what they seem", []step{
		data(50, host, 0, ""), acks(90, peer, 1),
		{9000, host, ack, 100, 0, 1, nil, 0, 0, 0, "keep_alive=genuine", 0}, acks(9040, peer, 1).wants("keep_alive_ack=genuine"),
		{9100, peer, ack, 1, 0, 101, nil, 0, 0, 1, "zero_window=genuine", 0},
		{9300, host, ack, 101, 1, 1, nil, 0, 0, 0, "zero_window_probe=genuine", 0},
		{9340, peer, ack, 1, 0, 101, nil, 0, 0, 1, "zero_window=genuine zero_window_probe_ack=genuine", 0},
	}},
}

func (s step) wants(want string) step { s.want = want; return s }

func TestVerdicts(t *testing.T) {
	for _, c := range scripts {
		t.Run(c.name, func(t *testing.T) { run(t, c.name, append(append([]step(nil), open...), c.steps...)) })
	}
}

// TestMidFlow: what comes before the beginning of the capture is no drop.
func TestMidFlow(t *testing.T) {
	for name, steps := range map[string][]step{
		"acknowledged in front of the capture": {data(0, host, 5, ""), acks(40, peer, 6), data(50, host, 6, ""), acks(90, peer, 7)},
		"sent again, and acknowledged before": {
			data(0, host, 5, ""), acks(40, peer, 6), data(300, host, 2, needless+"spurious "+resent+"spurious"), acks(340, peer, 6, 2, 3),
		},
		"sent again, and asked for": {
			data(0, host, 5, ""), acks(40, peer, 2, 5, 6), acks(41, peer, 2, 5, 6), acks(42, peer, 2, 5, 6),
			data(80, host, 2, resent+"loss(fast-retransmission)"), acks(120, peer, 6),
		},
		"sent again, and nobody tells": {data(0, host, 5, ""), data(300, host, 2, resent+"undecided")},
	} {
		run(t, name, steps)
	}
}
