package pipeline

import (
	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/conn"
	"github.com/mendcap/mendcap/internal/packet"
)

// tracker is the first stage after the decoders: it says to which connection a packet
// belongs, and whether laws may speak of it. In: blocks in file order. It fills tracked,
// and of seg the Flow, Dir and Outbound.
type tracker struct {
	flows  *conn.Table // of which no other stage of the pass asks anything
	local  *conn.Vantage
	left   *left
	placed *sectionSet // sections that mendcap has put in order before
}

// newTracker returns a tracker; placed are the sections that are known, or that a stage
// before it adds in time.
func newTracker(f *facts, flows *conn.Table, placed *sectionSet) *tracker {
	return &tracker{flows: flows, local: &f.local, left: &f.left, placed: placed}
}

// take completes the packet's segment. Laws have no say where it has none that
// can be followed, where mendcap has placed it before, or where it was put together of
// fragments, of which a law would move one alone.
func (t *tracker) take(u *unit) {
	to := &u.tracked
	if to.followed = u.isTCP && u.innermost().Dst != (packet.Addr{}); to.followed {
		t.flows.Complete(&u.seg, &u.pair, u.heading, t.local)
	}
	to.left, to.finished = t.left.has(u), t.placed.holds(u)
	to.ruled = to.followed && to.left == 0 && !to.finished && !u.assembled
}

// sectionSet is a set of sections by their numbers: a bit for each.
type sectionSet []uint64

func (s *sectionSet) add(n int) {
	for len(*s) <= n/64 {
		*s = append(*s, 0)
	}
	(*s)[n/64] |= 1 << (n % 64)
}

// holds reports whether the unit's interface is of one of the sections.
func (s sectionSet) holds(u *unit) bool {
	i := u.block.Interface
	return i != nil && i.Section/64 < len(s) && s[i.Section/64]>>(i.Section%64)&1 != 0
}

// mended reports whether an earlier repair has done for the packet what can be done.
func (u *unit) mended() bool { return u.tracked.finished && mended(u.block) }

// isBarrier reports whether no packet may cross the block: a section header, an
// interface description, secrets, and packets without a stamp.
func isBarrier(b *capture.Block) bool {
	switch b.Kind {
	case capture.Section, capture.Iface, capture.Secrets:
		return true
	case capture.Packet:
		return !b.HasStamp || b.Interface == nil
	}
	return false
}
