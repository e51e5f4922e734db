package pipeline

import (
	"github.com/mendcap/mendcap/internal/packet"
	"github.com/mendcap/mendcap/internal/tcp"
)

// asIs counts the flags that an analyser shows for the capture as it is, where packets
// lack their headers or their length, or come after a socket address: it sees none of
// these. Wireshark takes an IPv6 packet without a length for one without TCP, unless its
// preference ipv6.tso_support says otherwise. A
// connection may have whole packets beside them, so that its flags are others then.
type asIs struct {
	analyse *tcp.Analyser
	flags   flagCounts
	unsure  bool // an analyser takes a made-up header for the packet's own
}

// newAsIs returns nil where none is missing: the flags are those of the input then.
func newAsIs(f *facts) *asIs {
	if f.headerless == 0 && f.converted == 0 && f.lengthless == 0 {
		return nil
	}
	return &asIs{analyse: tcp.NewAnalyser()}
}

// add takes in a TCP segment that was analysed with all headers.
func (c *asIs) add(u *unit) {
	switch v := &u.view; {
	case v.Form == packet.Whole && v.Lengthless:
	case v.Form == packet.Whole && v.Version == 4: // of IPv4 none is missing
		c.flags.add(u.before)
	case v.Form == packet.Whole:
		c.flags.add(c.analyse.Add(&u.seg))
	case v.Form == packet.Stub && v.Proto == packet.ProtoTCP:
		c.unsure = true
	}
}

// named are the counts by name; nil where there are none.
func (c *asIs) named() map[string]int64 {
	if c == nil || c.unsure {
		return nil
	}
	return c.flags.named()
}
