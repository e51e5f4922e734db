package diagnose

import (
	"cmp"

	"github.com/mendcap/mendcap/internal/tcp"
)

// sent is what a packet tells of when it was sent: by its sender's clock, and by
// the sender's count of packets.
type sent struct {
	tsval        uint32
	ipid         uint16
	hasTS, hasID bool
}

func datedBy(s *tcp.Segment) sent {
	return sent{tsval: s.TSval, hasTS: s.HasTS, ipid: s.IPID, hasID: numbered(s)}
}

// compare tells whether another packet of the same sender was sent before (-1) or
// after (1); 0 is unknown.
func (d sent) compare(s *tcp.Segment) int {
	if s.HasTS && d.hasTS {
		if n := int32(s.TSval - d.tsval); n != 0 {
			return cmp.Compare(n, 0)
		}
	}
	if numbered(s) && d.hasID {
		if n := int(int16(s.IPID - d.ipid)); n != 0 && n > -countedApart && n < countedApart {
			return cmp.Compare(n, 0)
		}
	}
	return 0
}

// countedApart is how far apart two IPv4 Identifications are taken to be of one
// counter.
const countedApart = 1 << 10
