package reorder

// lawRow is what is known of a law besides what it says, which its constant does.
type lawRow struct {
	name    string // as used in options and reports
	mandate mandate
	among   side   // whose packets alone it compares
	queue   bool   // it speaks of responses and their causes
	source  string // of what it says, as in "RFC 9293, section 3.4"

	// Why one packet comes before another, as a clause of a sentence in which "it" is the
	// packet that is explained: of those that come before it, and of those after it.
	cause, follower string

	// When true captures break it, as a clause after "where".
	but string
}

// mandate says whether a capture shows what it must before a law acts; nil is always.
type mandate func(p *Profile) bool

// That bursts were handed up in reverse; that responses were queued before their causes;
// that the host's ACKs tell what had arrived; that threads swap packets.
func forBursts(p *Profile) bool  { return p.Bursts }
func forQueue(p *Profile) bool   { return p.QueueMandate }
func forLog(p *Profile) bool     { return p.LogMandate }
func forThreads(p *Profile) bool { return p.ThreadMandate }

// forQueueAlone is forQueue where threads don't swap packets.
func forQueueAlone(p *Profile) bool { return p.QueueMandate && !p.ThreadMandate }

// side says which packets a law compares with each other.
type side uint8

const (
	both     side = iota
	sent          // only packets that the host sent
	received      // only packets that the host received: the network may have swapped them, too
)

// laws is the table of laws.
var laws = [NumLaws]lawRow{
	LawAck: {name: "ack", source: "RFC 9293, section 3.4",
		cause: "whose bytes it acknowledges", follower: "where its bytes are acknowledged",
		but: "a middlebox swallowed what a host acknowledges"},
	LawSack: {name: "sack", source: "RFC 2018",
		cause: "whose bytes its SACK blocks report as received", follower: "where SACK blocks report its bytes as received",
		but: "the capture dropped every copy of the bytes"},
	LawOutAck: {name: "out-ack", among: sent, source: "RFC 9293, section 3.3.1",
		cause: "with a lower ACK number of the same host", follower: "with a higher ACK number of the same host",
		but: "the capture was taken in mid-path, after a network that may swap packets"},
	LawOutTSval: {name: "out-tsval", among: sent, source: "RFC 7323, section 5.4",
		cause: "with a lower TSval of the same host", follower: "with a higher TSval of the same host",
		but: "the capture was taken in mid-path, after a network that may swap packets"},
	LawOutSack: {name: "out-sack", among: sent, source: "RFC 2018, section 8",
		cause: "with a shorter form of its SACK block", follower: "with a longer form of its SACK block",
		but: "a receiver reneges: it drops what it had reported as received"},
	LawOutSeq: {name: "out-seq", among: sent, source: "RFC 9293, section 3.8",
		cause: "with the bytes before its own", follower: "with the bytes after its own",
		but: "the capture dropped the original of a retransmission"},
	LawHandshake: {name: "handshake", source: "RFC 9293, section 3.5",
		cause: "with a SYN of the connection", follower: "of the connection that its SYN opens",
		but: "the ports are used again while packets of the old connection are about"},
	LawIPID: {name: "ip-id", among: sent, source: "RFC 6864",
		cause: "with a lower IPv4 Identification of the same host", follower: "with a higher IPv4 Identification of the same host",
		but: "several cores number packets and queue them at the same time"},
	LawQuote: {name: "quote", source: "RFC 792; RFC 4443, section 2.4",
		cause: "which it quotes", follower: "where an error quotes it",
		but: "the packet was sent twice, and the capture dropped the first"},
	LawDNS: {name: "dns", source: "RFC 1035, section 4.1.1",
		cause: "with the question that it answers", follower: "with the answer to it",
		but: "the question was sent twice, and the capture dropped the first"},
	LawEcho: {name: "echo", source: "RFC 792; RFC 4443, section 4.2",
		cause: "with the request that it answers", follower: "with the reply to it",
		but: "the request was sent twice, and the capture dropped the first"},
	LawNTP: {name: "ntp", source: "RFC 5905, section 7.3",
		cause: "with the request that it answers", follower: "with the answer to it",
		but: "the request was sent twice, and the capture dropped the first"},
	LawDHCPv6: {name: "dhcpv6", source: "RFC 8415, section 8",
		cause: "with the message that it answers", follower: "with the answer to it",
		but: "the message was sent twice, and the capture dropped the first"},
	LawSTUN: {name: "stun", source: "RFC 8489, section 5",
		cause: "with the request that it answers", follower: "with the response to it",
		but: "the request was sent twice, and the capture dropped the first"},
	LawNeighbor: {name: "neighbor", source: "RFC 4861, section 7.2.4",
		cause: "with the solicitation that it answers", follower: "with the advertisement that answers it",
		but: "the solicitation was sent twice, and the capture dropped the first"},
	LawInBurst: {name: "in-burst", mandate: forBursts, source: "RFC 5681, section 4.2",
		cause: "with the bytes before its own, stamped at the same time", follower: "with the bytes after its own, stamped at the same time",
		but: "the network swapped packets, and the capture dropped the duplicate ACK that shows it"},
	LawWindow: {name: "window", mandate: forQueue, queue: true, source: "RFC 9293, section 3.8.6",
		cause: "which offered the window that its bytes need", follower: "whose bytes need the window that it offers",
		but: "the sender probes a closed window, or the capture dropped the packet that opened it"},
	LawTSecr: {name: "tsecr", mandate: forQueue, queue: true, source: "RFC 7323, sections 3.2 and 4.3",
		cause: "whose timestamp it echoes", follower: "where its timestamp is echoed",
		but: "the capture dropped the packet that is echoed, and one of the same tick came later"},
	LawRecovery: {name: "recovery", mandate: forQueue, queue: true, source: "RFC 6675, section 5",
		cause: "whose SACK blocks show its bytes missing", follower: "which sends again what its SACK blocks lack",
		but: "the timeouts of a stack are short, or the capture dropped the ACK"},
	LawRoundTrip: {name: "round-trip", queue: true, source: "RFC 6298",
		cause: "whose ACK comes a round trip later", follower: "recorded a round trip before its ACK",
		but: "the round trip has become shorter"},
	LawNotYet: {name: "not-yet", mandate: forQueue, queue: true, source: "RFC 9293, section 3.8.6.3",
		cause: "which does not acknowledge its bytes", follower: "with bytes that it does not acknowledge",
		but: "the receiver's socket was busy, and it answers several segments one by one later"},
	LawArrival: {name: "arrival", mandate: forLog, source: "RFC 9293, section 3.8.6.3; RFC 2018, section 4",
		cause: "which does not report its bytes as received", follower: "with bytes that it does not report as received",
		but: "a busy stack acknowledges later, or a block that had left a full option comes back as the first"},
	LawAnswered: {name: "answered", mandate: forLog, source: "RFC 5681, section 4.2",
		cause: "which the host's ACKs show to have come first", follower: "which the host's ACKs show to have come later",
		but: "packets are handed up together and acknowledged once, or an ACK repeats a number for its window"},
	LawDSack: {name: "dsack", mandate: forQueue, queue: true, source: "RFC 2883, section 4",
		cause: "whose bytes it reports as there twice", follower: "which reports its bytes as there twice",
		but: "the capture dropped the original, and a third copy comes"},
	LawFilled: {name: "filled", mandate: forQueue, queue: true, source: "RFC 9293, section 3.10.7.4",
		cause: "which brings again what it had asked for", follower: "which acknowledges its bytes after having asked for them again",
		but: "the capture dropped what brought the bytes, and they come once more"},
	LawInTurn: {name: "in-turn", mandate: forQueueAlone, queue: true,
		cause: "which its sender sent earlier", follower: "which its sender sent later",
		but: "several threads read from a completion port"},
	LawOutNxt: {name: "out-nxt", mandate: forThreads, source: "RFC 9293, section 3.10.4",
		cause: "which the sequence number of a bare ACK puts first", follower: "which the sequence number of a bare ACK puts later",
		but: "a stack goes back to the first lost byte after a timeout"},
	LawInNxt: {name: "in-nxt", mandate: forThreads, among: received, source: "RFC 9293, section 3.10.4",
		cause: "which the sequence number of a bare ACK puts first", follower: "which the sequence number of a bare ACK puts later",
		but: "a stack goes back to the first lost byte after a timeout, or the network swapped packets"},
	LawOutEdge: {name: "out-edge", mandate: forThreads, source: "RFC 9293, section 3.8.6",
		cause: "which offered a window with a lower edge", follower: "which offers a window with a higher edge",
		but: "a receiver that is short of memory shrinks its window"},
	LawInEdge: {name: "in-edge", mandate: forThreads, among: received, source: "RFC 9293, section 3.8.6",
		cause: "which offered a window with a lower edge", follower: "which offers a window with a higher edge",
		but: "a receiver that is short of memory shrinks its window, or the network swapped packets"},
	LawUnacked: {name: "unacked", mandate: forThreads, source: "RFC 9293, section 3.8.1",
		cause: "which its sender sent before it had this ACK", follower: "which acknowledges its bytes, and nobody sends again what is acknowledged",
		but: "an ACK was captured before the stack had read it"},
	LawUnechoed: {name: "unechoed", mandate: forThreads, source: "RFC 7323, section 4.3",
		cause: "which does not echo its timestamp yet", follower: "with a later timestamp than it echoes",
		but: "a busy stack reads the ACK later than the capture does"},
	LawOutOnce: {name: "out-once", mandate: forThreads, source: "RFC 5681, section 4.2",
		cause: "which says the same without a D-SACK", follower: "which repeats it with a D-SACK",
		but: "the packet without a D-SACK answers a keep-alive"},
	LawInOnce: {name: "in-once", mandate: forThreads, among: received, source: "RFC 5681, section 4.2",
		cause: "which says the same without a D-SACK", follower: "which repeats it with a D-SACK",
		but: "the packet without a D-SACK answers a keep-alive, or the network swapped packets"},
	LawOutRST: {name: "out-rst", mandate: forThreads, source: "RFC 9293, section 3.5.2",
		cause: "which its sender sent before resetting the connection", follower: "which resets the connection",
		but: "the capture dropped the SYN of the next connection between the same ports"},
	LawInEvent: {name: "in-event", mandate: forThreads, among: received, source: "RFC 9293, section 3.10.7.4",
		cause: "which the host's own trace says it received earlier", follower: "which the host's own trace says it received later",
		but: "two processors handle segments of one connection at the same time"},
	LawOutEvent: {name: "out-event", mandate: forThreads, source: "RFC 9293, section 3.10.7.4",
		cause: "which the host's own trace says it received or sent earlier", follower: "which the host's own trace says it received or sent later",
		but: "a segment waited in the host's queue while the program sent"},
	LawGiven: {name: "given", mandate: forThreads,
		cause: "which the host's own trace says the raw socket was given earlier", follower: "which the host's own trace says the raw socket was given later",
		but: "two processors handle packets of one connection at the same time"},
	LawTaken: {name: "taken", mandate: forThreads,
		cause: "which the host's own trace says the program took out of the socket earlier", follower: "which the host's own trace says the program took out of the socket later",
		but: "several threads ask at the same time, and each call is logged as it ends"},
	LawInSeq: {name: "in-seq", mandate: forThreads, source: "RFC 9293, section 3.8",
		cause: "with the bytes before its own", follower: "with the bytes after its own",
		but: "the network swapped packets, and the capture dropped the duplicate ACK that shows it"},
	LawInAck: {name: "in-ack", mandate: forThreads, among: received, source: "RFC 9293, section 3.3.1",
		cause: "with a lower ACK number of the same peer", follower: "with a higher ACK number of the same peer",
		but: "the network let one ACK overtake another"},
	LawInTSval: {name: "in-tsval", mandate: forThreads, among: received, source: "RFC 7323, section 5.4",
		cause: "with a lower TSval of the same peer", follower: "with a higher TSval of the same peer",
		but: "the network let one packet overtake another"},
	LawInSack: {name: "in-sack", mandate: forThreads, among: received, source: "RFC 2018, section 8",
		cause: "with a shorter form of its SACK block", follower: "with a longer form of its SACK block",
		but: "the network let one ACK overtake another"},
}

// lawsThat returns the laws of which a row says so.
func lawsThat(says func(*lawRow) bool) (s lawSet) {
	for l := range laws {
		if says(&laws[l]) {
			s |= Law(l).bit()
		}
	}
	return s
}

// The laws that compare only packets of one side.
var (
	amongIn  = lawsThat(func(r *lawRow) bool { return r.among == received })
	amongOut = lawsThat(func(r *lawRow) bool { return r.among == sent })
)

// String returns the law's name as used in options and reports.
func (l Law) String() string { return laws[l].name }

// Source returns where it says what the law does, as in "RFC 9293, section 3.4"; "" where
// no standard says it.
func (l Law) Source() string { return laws[l].source }

// Cause and Follower return clauses that say by this law of other packets why they come
// before one, and after it: "whose bytes it acknowledges", where "it" is that one.
func (l Law) Cause() string    { return laws[l].cause }
func (l Law) Follower() string { return laws[l].follower }

// But returns a clause that says when true captures break the law: "a middlebox swallowed
// what a host acknowledges", after "where".
func (l Law) But() string { return laws[l].but }

// LawNames lists the laws' names in their order.
func LawNames() []string {
	names := make([]string, NumLaws)
	for l := range laws {
		names[l] = laws[l].name
	}
	return names
}

// LawNamed returns the law of a name.
func LawNamed(name string) (l Law, ok bool) {
	for l := range laws {
		if laws[l].name == name {
			return Law(l), true
		}
	}
	return 0, false
}
