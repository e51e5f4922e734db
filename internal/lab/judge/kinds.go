package judge

import "github.com/mendcap/mendcap/internal/tcp"

// Kind is a kind of packet by what tells when it arrived.
type Kind int

// The kinds. Of inbound data the host's ACKs tell, of its bare ACKs hardly anything does.
const (
	DataSACK   Kind = iota // inbound data of a connection with SACK
	DataPlain              // the same without SACK
	InboundACK             // inbound, with a bare ACK
	OtherKind              // all else: what the host sent, SYN, FIN and RST, loopback
	NumKinds
)

// String names the kind.
func (k Kind) String() string {
	return [NumKinds]string{"inbound data with SACK", "inbound data without SACK", "inbound ACKs", "all else"}[k]
}

// Errors counts flags that are left and flags that are hidden.
type Errors struct{ Left, Hidden int }

func (e *Errors) add(o Errors) { e.Left, e.Hidden = e.Left+o.Left, e.Hidden+o.Hidden }

// count counts what is wrong in the flags of one packet.
func (e *Errors) count(got, want tcp.Analysis) { e.add(Errors{pairs(got &^ want), pairs(want &^ got)}) }

// ByKind is the flags that a repair gets wrong, by the kind of packet that has them.
type ByKind [NumKinds]Errors

func (k *ByKind) add(o ByKind) {
	for i := range k {
		k[i].add(o[i])
	}
}

// kinds counts what is wrong in an outcome.
func (c *Case) kinds(o *outcome) (sum ByKind) {
	sacks := map[uint64]bool{}
	for _, p := range c.truth {
		if seg := c.table[p.Index].known; seg.ok && seg.SACKs > 0 {
			sacks[seg.Flow] = true
		}
	}
	places, _ := o.repaired.match(o.truth)
	for i, place := range places {
		got, want := o.repaired.rows[i].Flags, o.truth.rows[place].Flags
		if got == want {
			continue
		}
		seg := c.table[o.packets[i].Index].known
		sum[kindOf(&seg.Segment, sacks[seg.Flow])].count(got, want)
	}
	return sum
}

func kindOf(seg *tcp.Segment, sacks bool) Kind {
	switch {
	case seg.Outbound != tcp.In || seg.Bits&(tcp.SYN|tcp.FIN|tcp.RST) != 0:
		return OtherKind
	case seg.Len == 0:
		return InboundACK
	case sacks:
		return DataSACK
	}
	return DataPlain
}
