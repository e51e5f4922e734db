package salvage

import "github.com/mendcap/mendcap/internal/capture"

// recent are the stamps of the last packets delivered, which tell whether another is
// near.
type recent struct {
	stamps [recentStamps]stamp
	noted  int // blocks of the present batch
}

const recentStamps = 4

// stamp is that of a packet that was delivered.
type stamp struct {
	ticks uint64
	iface *capture.Interface
	known bool
}

// note takes in the last of a batch's blocks so far.
func (n *recent) note(blocks []capture.Block) {
	for i, left := len(blocks)-1, recentStamps; i >= n.noted && left > 0; i-- {
		if b := &blocks[i]; b.Kind == capture.Packet {
			n.stamps[b.Frame%recentStamps] = stamp{b.Ticks, b.Interface, b.HasStamp}
			left--
		}
	}
	n.noted = len(blocks)
}

// nearTime is how far stamps of neighbours may lie apart, seconds. It only
// serves to tell a capture's own packets from what packets carry.
const nearTime = 24 * 60 * 60

// near says whether a time is near one of the last packets', or not known not to be.
func (n *recent) near(seconds int64) (near, known bool) {
	for _, s := range n.stamps {
		if !s.known || s.iface == nil {
			continue
		}
		known = true
		if d := s.iface.Nanos(s.ticks)/1e9 - seconds; d >= -nearTime && d <= nearTime {
			return true, true
		}
	}
	return false, known
}
