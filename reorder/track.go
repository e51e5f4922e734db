package reorder

import "github.com/mendcap/mendcap/internal/tcp"

// half is what is known of one sender of a flow, in basis order.
type half struct {
	tcp.Origin
	long  bool // more than a plausible distance was sent since the first byte
	seen  seenBytes
	early spans // what was sent before all that is seen, as long as no SYN was

	hasAcked bool
	acked    tcp.Seq // highest ACK number of the other side
	refusal  tcp.Seq // ACK number of the other side's last refusal
	refused  bool    // there was one
	sacked   spans   // what the other side has reported by SACK blocks
	holeAt   int64   // stamp of the first packet that showed a hole at acked; see showsHole
	hasHole  bool
	reported [tcp.MaxSACK]tcp.Range // SACK blocks of the last packet sent with maxAck, but for a D-SACK

	hasAck, hasTS bool
	maxAck        tcp.Seq           // highest ACK number sent
	maxTS         tcp.Seq           // highest TSval sent
	maxSeq        tcp.Seq           // highest end of data sent
	lastAt        int64             // stamp of the last packet sent
	logged        [len(logs)]uint32 // highest places in the host's logs, 0 without any
	answered      bool              // the other side has said something since maxSeq

	told     [4]tcp.Range // what its last D-SACKs reported
	toldAck  tcp.Seq      // ACK number of the last of them
	hasTold  bool
	nextTold uint8

	shift   int8    // of its window, by its SYN; -1 without the option
	reset   bool    // it has sent an RST
	hasEdge bool    // an edge is known
	edge    tcp.Seq // highest right edge of the window that it offered

	// One segment at a time is timed, as RFC 6298 has it (section 3, with Karn's
	// rule), for the smallest round trip.
	timing     bool
	timedEnd   tcp.Seq
	timedStamp int64
	roundTrip  int64 // the smallest, nanoseconds
	trips      int32 // how many were timed

	hasID  bool
	lastID uint16 // IPv4 Identification of the last packet sent
}

// item is one packet in the window.
type item struct {
	seg tcp.Segment

	late    bool // after the SYN of the next incarnation
	apart   bool // no TCP, a copy, or of another incarnation: no law applies
	sackOK  bool // the connection uses SACK
	first   bool // holds bytes that had not appeared before it
	early   bool // holds bytes before all of its sender's, whose SYN had not been seen
	hasEdge bool
	hadEdge bool
	hadTS   bool
	by      Law     // of effect
	newLeft tcp.Seq // the first byte that had not appeared
	epoch   uint32  // incarnation of the port pair

	// What it says of its sender's window, and what that had said before it.
	edge, edgeBefore tcp.Seq
	tsvalBefore      tcp.Seq

	doubt     lawSet // what it may violate with something before it
	open      int64  // for how long the other side had shown that it missed the packet, nanoseconds, 0 if it hadn't
	roundTrip int64  // smallest of the connection so far, nanoseconds, 0 if unknown
	index     int64  // as pushed
	log       *Log   // see Packet
	earliest  int64  // it can't have happened before, by its stamp alone

	cause, effect, self, quoted uint64 // what it asks, answers and quotes (see Packet)
}

// doubtIf notes that the packet may violate laws, if so.
func (it *item) doubtIf(so bool, laws lawSet) {
	if so {
		it.doubt |= laws
	}
}

// suspect is the set of moving laws that the packet may violate.
func (it *item) suspect() lawSet { return it.doubt & moving }

// fresh is the packet's place in the stream from its first new byte.
func (it *item) fresh() tcp.Range { return tcp.Range{Left: it.newLeft, Right: it.seg.End()} }

func (it *item) out() bool { return it.seg.Outbound == tcp.Out || it.seg.Outbound == tcp.Both }

// tracker follows all flows in basis order and notes in each item what it adds
// and what it may violate. It compares with the highest numbers only: exact
// pairs are the window's business, and only where something is suspect.
type tracker struct {
	flows  tcp.Store[flow] // by Segment.Flow
	causes *askedBefore    // what was asked lately, by hash
	learns bool            // count what a Profile is made of
	swaps  *swapMeter      // of a survey

	ipid      IPIDMode
	hostID    uint16
	hasHost   bool
	idGlobal  nearCount
	idFlow    nearCount
	steps     int64 // among the islands and spans of packets' senders
	forgotten int64 // of them, since there were too many
	tally
}

// tally counts what, beside the violations, tells how a capture was disturbed.
type tally struct {
	// Inbound packets that were stamped with the one before: those whose numbers
	// fall, and those whose numbers rise.
	falls, rises int64
	quiet, heard int64 // inbound data after higher data, the host having said nothing in between, or something
	lateAcks     int64 // bare ACKs of the host's after data that they do not acknowledge, though all before it is there
	missed       int64 // gaps in the data that was seen, when it was acknowledged
}

// note fills in what the item adds and what it may violate.
func (t *tracker) note(it *item) {
	seg := &it.seg
	f := t.flows.Of(seg.Flow)
	f.incarnate(seg)
	own, peer := f.halves(seg)
	fits := own.fits(seg, peer)
	if !fits && f.prior != nil {
		f = f.prior
		own, peer = f.halves(seg)
		it.late, fits = true, own.fits(seg, peer)
	}
	it.epoch = f.epoch
	it.sackOK = f.usesSACK(seg)
	if it.apart = !fits; it.apart {
		return
	}
	it.doubtIf(it.late && it.out(), LawHandshake.bit())
	t.compare(it, f, own, peer)
}

// compare notes what the packet may violate in its incarnation, and lets that
// advance.
func (t *tracker) compare(it *item, f *flow, own, peer *half) {
	seg := &it.seg
	t.steps += int64(len(own.seen.islands)+len(own.sacked)) + int64(seg.SACKs)*int64(1+len(peer.sacked))
	before := own.seen.filled
	it.noteData(own)
	t.forgotten += own.seen.filled - before
	it.noteEcho(own, peer)
	it.noteLog(own, peer)
	it.noteDuplicate(own, peer)
	it.doubtIf(seg.Span() == 0 && own.Begun && seg.Seq.Less(own.maxSeq), LawOutNxt.bit()|LawInNxt.bit())
	it.doubtIf(it.answersAtOnce() && peer.Begun && seg.Ack.Less(peer.maxSeq), LawNotYet.bit())
	if seg.Outbound == tcp.Out && seg.Span() == 0 && seg.HasAck() && peer.Begun && seg.Ack.Less(peer.seen.edge) {
		t.lateAcks++
	}
	if it.out() {
		it.noteOut(own, peer)
		t.noteID(it, own)
	} else {
		t.noteIn(it, own)
	}
	if t.learns {
		t.noteSwap(it)
	}
	own.time(it)
	peer.timed(seg)
	if peer.seen.edge.Less(seg.Ack) && t.learns && seg.HasAck() && own.hasAck && peer.Begun {
		t.missed += peer.seen.gaps(tcp.Range{Left: own.maxAck, Right: seg.Ack})
	}
	t.forgotten += own.sends(seg, peer)
	own.offers(it, f.permit&scaled == scaled)
	if it.hasEdge && it.seg.Outbound == tcp.In && it.edge == peer.maxSeq {
		it.doubt |= LawWindow.bit() // what is before it fills this very window
	}
}

// noteData settles whether the packet holds first copies, and whether they come
// after what acknowledges them or after higher ones.
func (it *item) noteData(own *half) {
	seg := &it.seg
	if seg.Span() == 0 || seg.Bits.Has(tcp.RST) {
		return
	}
	if !own.Begun {
		own.seen.edge = seg.Seq
	}
	it.newLeft, it.first = own.seen.add(tcp.Range{Left: seg.Seq, Right: seg.End()})
	if seg.Bits.Has(tcp.SYN) && !own.SYN {
		it.newLeft, it.first = seg.Seq, true // also after what its sender said next
		if own.Begun {
			own.seen.openAt(seg.End(), own.First, own.early)
			own.early = nil
		}
	}
	if !it.first {
		it.early = own.Begun && !own.SYN && seg.End().AtMost(own.First) && own.early.addNew(tcp.Range{Left: seg.Seq, Right: seg.End()})
		return
	}
	it.doubtIf(own.hasAcked && it.newLeft.Less(own.acked) || own.refused && refusedBy(seg, own.refusal), LawAck.bit())
	it.doubtIf(len(own.sacked) > 0 && own.sacked.overlap(it.fresh()), LawSack.bit())
	it.doubtIf(own.Begun && it.out() && it.newLeft.Less(own.maxSeq), LawOutSeq.bit())
}

// noteOut compares a packet that the host sent with the highest numbers that it
// sent before.
func (it *item) noteOut(own, peer *half) {
	seg := &it.seg
	it.doubtIf(own.reset && !seg.Bits.Has(tcp.RST), LawOutRST.bit())
	it.doubtIf(it.first && seg.Len > 1 && peer.hasEdge && peer.edge.Less(seg.End()), LawWindow.bit())
	it.doubtIf(seg.Len > 1 && own.hasAcked && seg.Seq.Less(own.acked), LawUnacked.bit())
	it.noteFalls(own, LawOutAck.bit(), LawOutSack.bit(), LawOutTSval.bit())
}

// noteLog compares the packet's places in the host's logs with the highest ones before.
func (it *item) noteLog(own, peer *half) {
	if it.log == nil {
		return
	}
	for i := range logs {
		p := logs[i].of(it)
		highest := own.logged[i]
		if logs[i].together {
			highest = max(highest, peer.logged[i])
		}
		it.doubtIf(p.known() && p.Last < highest, logs[i].in.bit()|logs[i].out.bit())
		own.logged[i] = max(own.logged[i], p.First)
	}
}

// noteFalls notes which numbers are lower than its sender's before.
func (it *item) noteFalls(own *half, ack, sack, stamp lawSet) {
	seg := &it.seg
	if own.hasAck && seg.HasAck() && seg.Ack.AtMost(own.maxAck) {
		it.doubtIf(seg.Ack != own.maxAck, ack)
		it.doubtIf(seg.SACKs > 0 && seg.Ack == own.maxAck && own.shrinks(seg), sack)
	}
	it.doubtIf(own.hasTS && seg.HasTS && tcp.Seq(seg.TSval).Less(own.maxTS) && !seg.Bits.Has(tcp.RST), stamp)
}

// noteIn compares a packet that the host received with the highest numbers that
// its sender had shown before. Only soft laws speak of it.
func (t *tracker) noteIn(it *item, own *half) {
	seg := &it.seg
	it.noteFalls(own, LawInAck.bit(), LawInSack.bit(), LawInTSval.bit())
	if own.Begun && it.first && it.newLeft.Less(own.maxSeq) {
		it.doubt |= LawInSeq.bit()
		if own.answered {
			t.heard++
		} else {
			t.quiet++
		}
		if own.missing(it.newLeft) {
			it.open = max(0, seg.Stamp-own.holeAt)
		}
	}
	if own.Begun && seg.Stamp == own.lastAt && seg.Outbound == tcp.In {
		t.noteBurst(it, own)
	}
}

// noteBurst compares a packet with those of its sender that were stamped at the
// same time.
func (t *tracker) noteBurst(it *item, own *half) {
	switch {
	case it.doubt&(LawInSeq.bit()|LawInAck.bit()|LawInTSval.bit()|LawInSack.bit()) != 0:
		it.doubt |= LawInBurst.bit()
		t.falls++
	case own.maxSeq.Less(it.seg.End()) || it.seg.HasAck() && own.hasAck && own.maxAck.Less(it.seg.Ack):
		t.rises++
	}
}

// noteEcho compares the timestamp that is echoed with those of the other side.
func (it *item) noteEcho(own, peer *half) {
	it.tsvalBefore, it.hadTS = own.maxTS, own.hasTS
	it.edgeBefore, it.hadEdge = own.edge, own.hasEdge
	it.doubtIf(it.echoes() && peer.hasTS && peer.maxTS.Less(tcp.Seq(it.seg.TSecr)), LawTSecr.bit())
}

// echoes reports whether the packet carries a TSecr that counts (RFC 7323,
// section 3.2: only with ACK; some stacks leave it 0).
func (it *item) echoes() bool { return it.seg.HasTS && it.seg.HasAck() && it.seg.TSecr != 0 }

// time starts timing a segment of the host's, and stops where bytes are sent
// again: then an ACK may be for either copy.
func (h *half) time(it *item) {
	if h.trips >= credibleTrips {
		it.roundTrip = h.roundTrip
	}
	switch {
	case it.seg.Outbound != tcp.Out || it.seg.Span() == 0:
	case !it.first || it.suspect() != 0:
		h.timing = false
	case !h.timing:
		h.timing, h.timedEnd, h.timedStamp = true, it.seg.End(), it.seg.Stamp
	}
}

// timed takes the round trip at the ACK for the timed segment.
func (h *half) timed(seg *tcp.Segment) {
	if !h.timing || !seg.HasAck() || seg.Ack.Less(h.timedEnd) {
		return
	}
	h.timing = false
	trip := seg.Stamp - h.timedStamp
	if trip <= 0 {
		return
	}
	if h.trips == 0 || trip < h.roundTrip {
		h.roundTrip = trip
	}
	h.trips++
}

// credibleTrips is from how many samples on the smallest round trip is believed:
// a handshake alone may have been slow.
const credibleTrips = 8

// offers advances the right edge of the window that the half offers. scaled says
// that both SYNs were seen, so that the shift is known.
func (h *half) offers(it *item, known bool) {
	seg := &it.seg
	if seg.Bits.Has(tcp.SYN) {
		h.shift = seg.WindowShift
	}
	if !known || !seg.HasAck() {
		return
	}
	window := uint32(seg.Window)
	if !seg.Bits.Has(tcp.SYN) {
		window <<= max(h.shift, 0)
	}
	it.edge, it.hasEdge = seg.Ack.Add(window), true
	it.doubtIf(h.hasEdge && it.edge.Less(h.edge), LawOutEdge.bit()|LawInEdge.bit())
	if !h.hasEdge || h.edge.Less(it.edge) {
		h.edge, h.hasEdge = it.edge, true
	}
}

// sends advances both halves by what the packet says, and returns how many
// ranges were forgotten for that.
func (h *half) sends(seg *tcp.Segment, peer *half) (forgotten int64) {
	if seg.Refuses() { // its sequence number is nobody's, and it ends nothing
		peer.refusal, peer.refused = seg.Ack, true
		return 0
	}
	peer.answered = true
	h.reset, h.lastAt = h.reset || seg.Bits.Has(tcp.RST), seg.Stamp
	if !h.Begun {
		h.maxSeq = seg.Seq
		if seg.Span() == 0 {
			h.seen.edge = seg.Seq
		}
	}
	if !h.Begun || seg.Bits.Has(tcp.SYN) && !h.SYN {
		h.Origin = seg.Origin()
	}
	if !seg.Bits.Has(tcp.RST) && h.maxSeq.Less(seg.End()) {
		h.maxSeq, h.answered = seg.End(), false
		h.long = h.long || h.maxSeq-h.First >= plausible
	}
	if seg.HasTS && !seg.Bits.Has(tcp.RST) && (!h.hasTS || h.maxTS.Less(tcp.Seq(seg.TSval))) {
		h.maxTS, h.hasTS = tcp.Seq(seg.TSval), true
	}
	if !seg.HasAck() {
		return 0
	}
	if !h.hasAck || h.maxAck.Less(seg.Ack) {
		h.maxAck, h.hasAck = seg.Ack, true
		h.reported = [tcp.MaxSACK]tcp.Range{}
	}
	if seg.Ack == h.maxAck && seg.SACKs > 0 {
		h.reported = [tcp.MaxSACK]tcp.Range{}
		copy(h.reported[:], blocks(seg))
	}
	if !peer.hasAcked || peer.acked.Less(seg.Ack) {
		peer.acked, peer.hasAcked, peer.hasHole = seg.Ack, true, false
		peer.sacked.forget(seg.Ack)
	} else if seg.Ack == peer.acked && seg.Span() == 0 && !peer.hasHole && seg.Ack.Less(peer.maxSeq) {
		peer.holeAt, peer.hasHole = seg.Stamp, true // it repeats itself, or tells of more
	}
	for i := range seg.SACKs {
		if peer.acked.Less(seg.SACK[i].Right) {
			forgotten += peer.sacked.add(seg.SACK[i])
		}
	}
	return forgotten
}

// missing reports whether the other side has shown that a byte had not arrived when
// higher ones had: by repeating its ACK, or by a SACK block beyond.
func (h *half) missing(byte tcp.Seq) bool {
	return h.hasHole && h.acked.AtMost(byte) && (byte == h.acked || len(h.sacked) > 0 && byte.Less(h.sacked[0].Left))
}

// shrinks reports whether a SACK block of the packet ends before the one with
// the same left edge that its sender reported last with this ACK number.
func (h *half) shrinks(seg *tcp.Segment) bool {
	for _, block := range blocks(seg) {
		for _, last := range h.reported {
			if last.Left == block.Left && block.Right.Less(last.Right) {
				return true
			}
		}
	}
	return false
}
