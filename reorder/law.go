package reorder

// Law is one causal law: what it says holds in the true order of a capture, so a
// violation within the gate moves the packet that is late.
type Law uint8

// The laws: first those that move packets wherever they are violated, then the
// soft ones.
const (
	// LawAck: a packet that acknowledges beyond byte x comes after some copy of x
	// (RFC 9293, section 3.4: an ACK number is the next one expected).
	// An RST has a number that counts only where it refuses a SYN (section 3.5.2).
	// Counter-example: a host that acknowledges what a middlebox swallowed.
	LawAck Law = iota
	// LawSack: a SACK block comes after some copy of each byte in it (RFC 2018).
	// Counter-example: the copy was dropped by the capture.
	LawSack
	// LawOutAck: the ACK number of packets that the host sends never falls, since
	// RCV.NXT never does (RFC 9293, section 3.3.1). Counter-example: seen from
	// mid-path, where the network may have swapped them.
	LawOutAck
	// LawOutTSval: the TSval of packets that the host sends never falls (RFC 7323,
	// section 5.4). Counter-example: as LawOutAck.
	LawOutTSval
	// LawOutSack: among packets that the host sends with one ACK number, a SACK
	// block never shrinks (RFC 2018, section 8: reneging is rare and a receiver
	// that does so discards all). Counter-example: reneging.
	LawOutSack
	// LawOutSeq: the first copies of the bytes that the host sends appear in
	// sequence order: a sender does not skip ahead. Counter-example: a
	// retransmission whose original the capture dropped.
	LawOutSeq
	// LawHandshake: SYN before SYN/ACK before ACK, and a SYN before all else that
	// its sender says in this incarnation (RFC 9293, section 3.5); what the host
	// says in one incarnation before its SYN of the next.
	// Counter-example: the port pair used again while packets of the old
	// connection are about.
	LawHandshake
	// LawIPID: the IPv4 Identification of packets that the host sends rises, where
	// the host shows itself to use a counter (RFC 6864 leaves it the choice).
	// Counter-example: several cores that number and queue concurrently.
	LawIPID
	// LawQuote: an ICMP or ICMPv6 error comes after the packet that it quotes (RFC
	// 792; RFC 4443, section 2.4). Counter-example: the packet was sent twice
	// and the capture dropped the first.
	LawQuote
	// LawDNS, LawEcho, LawNTP, LawDHCPv6, LawSTUN, LawNeighbor: an answer comes after what it
	// answers: same id, ports and question (RFC 1035, section 4.1.1); same
	// identifier and sequence (RFC 4443, section 4.2); origin timestamp (RFC
	// 5905, section 7.3); transaction ids (RFC 8415, section 8; RFC 8489,
	// section 5); solicited advertisement (RFC 4861, section 7.2.4).
	// Counter-example: as LawQuote.
	LawDNS
	LawEcho
	LawNTP
	LawDHCPv6
	LawSTUN
	LawNeighbor

	// The soft laws are broken by the network too, or by a capture that merely
	// drops packets. They act only with a mandate: where the moving laws show
	// that this capture disturbs the order in the same way.

	// LawInBurst: inbound data that was stamped at one time is in sequence order,
	// where the host's next ACK covers it all: its stack would have answered each
	// segment beyond a hole at once (RFC 5681, section 4.2). It acts where a fine
	// clock shows that whole bursts were handed up in reverse. Counter-example:
	// reordering in the network whose duplicate ACK the capture dropped.
	LawInBurst
	// LawWindow: data that the host sends does not reach beyond the right edge of
	// the window that the peer has offered (RFC 9293, section 3.8.6): it comes
	// after the packet that opened the window so far. Counter-examples: a probe
	// of a closed window; the opening packet was dropped by the capture.
	LawWindow
	// LawTSecr: a packet that echoes a timestamp comes after a packet of the other
	// side with it (RFC 7323, section 3.2), one that it acknowledges (section 4.3).
	// Counter-example: the packet that was echoed was dropped by the capture, and
	// one of the same tick came later.
	LawTSecr
	// LawRecovery: what the host sends again before any timeout comes after an ACK whose
	// SACK blocks show it missing (RFC 6675, section 5), if it echoes so late a timestamp.
	// Truth breaks it for none of 86 such segments of our recordings (counted once, before
	// it asked for the timestamp). It does not speak of the last segment sent, which may be
	// sent again as a probe. Counter-examples: a stack whose timeouts are short; the ACK was
	// dropped by the capture.
	LawRecovery
	// LawRoundTrip: an inbound ACK comes at least the connection's smallest round
	// trip after the data that it acknowledges (the speed of light; RFC 6298
	// measures it). It moves only data that LawAck moves. Counter-example: a round
	// trip that became shorter.
	LawRoundTrip
	// LawNotYet: where the host talks to itself nothing is under way between sending
	// and receiving, so a bare ACK comes before the data that it does not
	// acknowledge (RFC 9293, section 3.8.6.3: it acknowledges all that was
	// received). Truth breaks it in 2 of 1,165 bare ACKs of our recordings, and 9
	// of 4,535 of a real raw socket's. Counter-example: a receiver whose socket
	// was busy, and which answers several segments one by one afterwards.
	LawNotYet
	// LawArrival: an ACK of the host's comes before the segments that it shows as not
	// arrived. A bare ACK shows so the byte that it asks for, and with SACK those
	// beyond it that it doesn't report: next to its blocks, or as long as its option
	// has room (RFC 9293, section 3.8.6.3; RFC 2018, section 4). What a first block
	// holds that no ACK before reported came after the bare ACK before. Truth breaks
	// it for 183 of 40,022 segments of our recordings, held out or not.
	// Counter-examples: a stack that was busy and acknowledges later; a block that had
	// left a full option, and comes back into it as the first.
	LawArrival
	// LawAnswered: a host without SACK that misses a segment answers each arrival at once, by
	// repeating its ACK and, where that fills the hole, by one that advances (RFC 5681,
	// section 4.2). So all that this one covers came before what fills the hole, and what
	// is sent again after that and answered by an ACK of its own came after this one. Truth
	// breaks it for none of 282 segments that fill holes. Counter-examples: a batch that is
	// handed up together and acknowledged once; an ACK that repeats a number for its window.
	LawAnswered
	// LawDSack: a D-SACK of the host's comes after a second copy of what it reports
	// (RFC 2883, section 4). Counter-example: the original was dropped by the
	// capture, and a third copy comes.
	LawDSack
	// LawFilled: a host that asks for a byte, again or with a SACK block beyond it, has not
	// taken what brought it before (RFC 9293, section 3.10.7.4: it drops what does not fit).
	// So its ACK for that byte comes after what brings it again. Truth breaks it for none
	// of 7 such ACKs of our recordings (counted once). Counter-example: what brought the
	// byte was dropped by the capture, and it comes once more.
	LawFilled
	// LawInTurn: packets of one sender keep their order where nothing shows that the
	// capture swaps them: one reader empties the socket's queue in turn, and only
	// what the host sends overtakes what it receives. Counter-example: a
	// completion port, which the swaps among the host's own packets give away.
	LawInTurn
	// LawOutNxt, LawInNxt: a bare ACK bears the sequence number that its sender would
	// send next (RFC 9293, section 3.10.4), so it is between the data before
	// and after that number. Counter-example: a stack that goes back to the
	// first lost byte after a timeout; in the network, as LawInAck.
	LawOutNxt
	LawInNxt
	// LawOutEdge, LawInEdge: the right edge of the window that one sender offers never
	// falls: receivers must not shrink it (RFC 9293, section 3.8.6).
	// Counter-example: a receiver short of memory; in the network, as LawInAck.
	LawOutEdge
	LawInEdge
	// LawUnacked: what the host sends is not acknowledged yet: it keeps for sending
	// again only what is not (RFC 9293, section 3.8.1). Truth breaks it in none of
	// 12,804 segments. Counter-examples: keep-alives, of which it does not speak;
	// an ACK that was captured before the stack had read it.
	LawUnacked
	// LawUnechoed: what the host sends comes before a bare ACK of the peer's with a later
	// timestamp than it echoes, if that ACK begins where the host had acknowledged all:
	// the host would echo it (RFC 7323, section 4.3). Truth breaks it for 4 of 28,792
	// packets of our recordings, by 12 to 29 us (counted once). Counter-example: a stack
	// that was busy and reads the ACK later.
	LawUnechoed
	// LawOutOnce, LawInOnce: a bare ACK without D-SACK comes before one with it that says
	// the same else: it has no reason (RFC 5681, section 4.2: it is sent
	// for a segment that is new or out of order). Truth breaks it in 4 of 87 such
	// pairs. Counter-example: the answer to a keep-alive; in the network, as LawInAck.
	LawOutOnce
	LawInOnce
	// LawOutRST: an RST is the last that the host says in an incarnation (RFC 9293,
	// section 3.5.2: the connection is gone). Counter-example: the SYN of the
	// next incarnation was dropped by the capture.
	LawOutRST
	// LawInEvent: what the host receives is in the order in which its own TCP logs
	// it (RFC 9293, section 3.10.7.4: segments are processed as they arrive), as far as a
	// trace of the host says. Counter-example: segments of one connection that two
	// processors handle at the same time.
	LawInEvent
	// LawOutEvent: data that the host sends comes after what its own TCP has logged as
	// received before it, and before what it has logged as received after it.
	// Counter-example: a segment that waited in the host's queue while the program sent.
	LawOutEvent
	// LawGiven: packets of one sender are in the order in which the host's stack gave them
	// to the raw socket, as far as a trace of the host says. It says nothing of a packet
	// that was sent beside one that was received: the stack may give the response first.
	// Counter-example: packets of one connection that two processors handle at the same
	// time.
	LawGiven
	// LawTaken: packets of one sender are in the order in which the program took them out
	// of the raw socket, which gives them in turn, as far as a trace of the host says.
	// Counter-example: several threads that ask at the same time, whose calls are logged as
	// each of them ends.
	LawTaken
	// LawInSeq: data that the host receives arrives in sequence order, unless the
	// host's own ACKs show the hole. Counter-example: reordering in the network
	// whose duplicate ACK the capture dropped.
	LawInSeq
	// LawInAck: the ACK number of packets that the host receives never falls.
	// Counter-example: ACKs that overtook each other.
	LawInAck
	// LawInTSval: the TSval of packets that the host receives never falls.
	// Counter-example: as LawInAck.
	LawInTSval
	// LawInSack: as LawOutSack, for packets that the host receives. Counter-example:
	// as LawInAck.
	LawInSack

	// NumLaws is how many laws there are.
	NumLaws = int(LawInSack) + 1
)

// soft reports whether the law moves packets only with a mandate.
func (l Law) soft() bool { return l >= LawInBurst }

// mandated returns the laws that may act, of those that are on.
func (s lawSet) mandated(p *Profile) lawSet {
	return s & lawsThat(func(r *lawRow) bool { return r.mandate == nil || r.mandate(p) })
}

// lawSet is a set of laws, one bit each.
type lawSet uint64

const (
	allLaws lawSet = 1<<NumLaws - 1
	moving  lawSet = 1<<LawInBurst - 1
)

func (l Law) bit() lawSet { return 1 << l }

func (s lawSet) has(l Law) bool { return s&l.bit() != 0 }

// ofLog reports whether the law speaks of what events of the host's own trace tell.
func (l Law) ofLog() bool { return l >= LawInEvent && l <= LawTaken }

// ofQueue reports whether the law speaks of responses and their causes.
func (l Law) ofQueue() bool { return laws[l].queue }

// amongOut reports whether the law compares only packets that the host sent:
// then its violations show the jitter between threads, not that of the queue.
func (l Law) amongOut() bool { return amongOut.has(l) }

// ofThreads reports whether a soft law acts only where threads swap packets.
func (l Law) ofThreads() bool { return l.soft() && !l.ofQueue() }
