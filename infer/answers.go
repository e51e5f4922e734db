package infer

import "net/netip"

// Answers are what an Engine has concluded of all that it observed. Their methods
// are safe for concurrent use.
type Answers struct{ engine *Engine }

// Local returns the host's own addresses, sorted: those that the tables name,
// else those that the capture proves to be an end of all its traffic.
func (a *Answers) Local() []netip.Addr { return a.engine.vantage.all() }

// Candidates returns the number of distinct addresses that were tried, well-known
// groups aside.
func (a *Answers) Candidates() int {
	alike := a.engine.candidates.addresses(func(c *candidate) bool { return c.roles != isKnown && c.addr.IsLinkLocal() })
	n := len(alike) // on whatever interface
	for _, c := range a.engine.candidates.list.all() {
		if c.roles != isKnown && !c.addr.IsLinkLocal() {
			n++
		}
	}
	return n
}

// GivenUp counts what bounds have made the inference leave out.
type GivenUp struct {
	Packets   int64 // found no room in the table of clusters, and are answered without the evidence of theirs
	Addresses int64 // times that one was met or named, and found no room among the candidates
	Crowded   int64 // sums that more candidates have than are looked at: see maxCrowd and fitsEach
	Unnamed   int64 // destinations that something named for a flow, beyond those that are kept
	// Unlisted counts the flows' clusters whose candidates no answer lists, since
	// others have all the room for lists.
	Unlisted int64
}

// GivenUp says what was left out.
func (a *Answers) GivenUp() GivenUp {
	e := a.engine
	return GivenUp{
		Packets: e.flows.evicted, Addresses: e.candidates.left,
		Crowded: e.crowds.larger, Unnamed: e.flows.unnamed, Unlisted: e.unlisted,
	}
}
