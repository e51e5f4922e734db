package pipeline

import (
	"net/netip"

	"github.com/mendcap/mendcap/infer"
	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/conn"
	"github.com/mendcap/mendcap/internal/packet"
	"github.com/mendcap/mendcap/internal/tcp"
	"github.com/mendcap/mendcap/reorder"
)

// unit is one block on its way through the stages: a packet mostly. Each stage fills
// its own part, and reads those of the stages before it. A field that is filled stays
// as it is: what was recorded and what was made of it are kept side by side.
type unit struct {
	block *capture.Block // as it is in the file, by the reader: nobody changes it
	chunk *chunk         // that keeps the block's bytes; the mover may give it another one

	decoded
	tracked tracked
	before  tcp.Analysis // flags in the input, by the sequencer before it places the packet
	aligned aligned
	placed  placed
	judged  judged

	clue *clue // of a packet that is to be explained: begun by the sequencer, read by the judge
}

// decoded is what a decoder fills from the block alone, and the resolver where that is
// not enough. All stages after them may read it. Only the Flow, Dir and Outbound of seg
// are the tracker's.
type decoded struct {
	view     packet.View
	facts    *infer.Facts     // of a packet whose IPv6 header is missing, in the pass that gathers them
	answer   *infer.Answer    // to such a packet in the passes after Conclude, nil of others
	mentions *[]infer.Mention // in the pass that gathers facts, nil where there are none
	names    *names           // nil where it has none

	inner        *packet.View // of the innermost IP packet, where it comes in tunnels or was put together; nil of others
	pair         conn.Pair    // of its endpoints, once both are known; of the innermost packet's, as what follows
	seg          tcp.Segment  // with the stamp and the frame of the input
	sport, dport uint16
	proto        uint8         // upper-layer protocol, inferred or captured
	log          *reorder.Log  // what the host's own trace tells of seg, nil without
	isTCP        bool          // seg holds the segment
	heading      tcp.Side      // as the record itself has it
	unread       packet.Unread // why more of it was not read, 0 if all was
	quotes       bool          // it looks like an error that quotes a packet; in the pass that gathers facts
	open         bool          // what is in it is the resolver's to read
	assembled    bool          // seg and inner are of a packet that was put together of this fragment and others, its positions are none of block
	others       int32         // so many of those had unread = Fragmented
}

// tracked is what the tracker fills: how the packet belongs to the capture. The stages
// after it may read it.
type tracked struct {
	followed bool    // seg is complete: a TCP segment of which both ends are known
	ruled    bool    // laws may speak of seg
	finished bool    // mendcap has put its section in order before
	left     leftFor // why the connection is left as recorded, 0 if it isn't
}

// aligned is what the aligner fills of a packet whose clock is corrected. The stages
// after it may read it.
type aligned struct {
	ticks     uint64 // of the packet's interface, at its time on the reference's clock
	corrected bool   // there are some; else the block's hold
}

// placed is what the sequencer fills once the packet has its place. The stages after it
// may read it. It is zero where the packet is a barrier.
type placed struct {
	time             int64  // as repaired, nanoseconds
	earliest, latest int64  // as reorder.Placement has them, with the uncertainty of corrected clocks
	ticks            uint64 // of its interface, where it is timed
	law              reorder.Law
	byLaw            bool // it has another place or time, by law
	left             bool // a violation of law was left as it is
	excused          bool // it looks late, but a drop of the capture explains it
	borrowed         bool // its time is another packet's
	timed            bool // that is another one in ticks, too
	moved            bool // it has another place or time, by law or since it was sorted
}

// judged is what the judge fills. The writer may read it.
type judged struct {
	frame int64        // number in the output
	after tcp.Analysis // flags in the output
}

// recorded returns the packet's time as recorded, nanoseconds, and whether it has
// one.
func (u *unit) recorded() (int64, bool) {
	if !u.block.HasStamp || u.block.Interface == nil {
		return 0, false
	}
	return u.block.Interface.Nanos(u.block.Ticks), true
}

// ticks are those of its interface that order goes by: corrected where its clock is.
func (u *unit) ticks() uint64 {
	if u.aligned.corrected {
		return u.aligned.ticks
	}
	return u.block.Ticks
}

// stamp returns the time that order goes by, nanoseconds, and whether the packet has
// one: as recorded, or corrected where its clock is.
func (u *unit) stamp() (int64, bool) {
	if u.aligned.corrected {
		return u.block.Interface.Nanos(u.aligned.ticks), true
	}
	return u.recorded()
}

// innermost returns the view of the packet that order and reports speak of. What is
// inferred and edited is the outermost one.
func (u *unit) innermost() *packet.View {
	if u.inner != nil {
		return u.inner
	}
	return &u.view
}

// ends returns the addresses that order and reports use.
func (u *unit) ends() (src, dst netip.Addr) {
	v := u.innermost()
	return v.Src.Netip(), v.Dst.Netip()
}
