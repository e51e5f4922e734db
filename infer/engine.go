package infer

import "net/netip"

// DefaultMaxClusters is the bound on clusters where Options name none.
const DefaultMaxClusters = 1 << 18

// Options say what an Engine starts from. The zero value works: no tables,
// default bound.
type Options struct {
	Snapshot *Snapshot // the host's tables; nil without any; not kept
	// MaxClusters bounds the flows, and the clusters in them, that are kept:
	// about 200 bytes each. Packets beyond it are answered one by one, without
	// the evidence of their flow, and counted by Evicted. 0 means
	// DefaultMaxClusters.
	MaxClusters int
}

// Engine infers headers from what it has observed.
type Engine struct{}

// New returns an Engine that knows what o's tables say.
func New(o Options) *Engine { return &Engine{} }

// Facts are what one packet says: all that Observe and Infer need, without a
// pointer into the packet. The zero value says nothing.
type Facts struct{ src netip.Addr }

// Examine returns the facts of p. It is pure, and reads the data once.
func Examine(p *Packet) Facts { return Facts{} }

// Observe takes in one header-less packet.
func (e *Engine) Observe(f *Facts) {}

// ObserveFlow takes in one packet that has its IPv6 header.
func (e *Engine) ObserveFlow(src, dst netip.Addr, proto uint8, sport, dport uint16) {}

// Conclude decides all that was observed.
func (e *Engine) Conclude() {}

// Infer returns what can be proved of the header of the packet behind f.
func (e *Engine) Infer(f *Facts) Answer { return Answer{NextHeader: Unknown} }

// Local returns the host's own addresses, sorted.
func (e *Engine) Local() []netip.Addr { return nil }

// Candidates returns the number of distinct addresses tried.
func (e *Engine) Candidates() int { return 0 }

// Evicted returns the number of packets that found no room in the cluster table.
func (e *Engine) Evicted() int64 { return 0 }
