package tcp

// Analyser gives each segment of a capture the flags that Wireshark 4.0 gives
// it (tcp.analysis.*, epan/dissectors/packet-tcp.c, tshark 4.0.17), in file
// order. internal/lab/analysis holds it against tshark.
//
// It keeps one conversation a flow, of fixed size, and takes the same few steps
// for every segment: none of these flags needs the list of unacknowledged
// segments that Wireshark walks for its times and bytes in flight. It does not
// know Multipath TCP, whose duplicate ACKs (RFC 8684, section 4) Wireshark
// sometimes excuses.
type Analyser struct {
	conversations Store[conversation] // by Segment.Flow
}

// NewAnalyser returns an analyser that has seen nothing.
func NewAnalyser() *Analyser { return &Analyser{} }

// Add analyses the next segment of the file and returns its flags. Segments of
// all flows go through one Analyser in file order; Flow and Dir tell them
// apart. s is not kept.
func (a *Analyser) Add(s *Segment) Analysis { return a.AddAt(s, s.Stamp) }

// AddAt is Add for a segment that has another time than its stamp: at, nanoseconds
// since 1970.
func (a *Analyser) AddAt(s *Segment, at int64) Analysis {
	c := a.conversations.Of(s.Flow)
	if !c.begun {
		c.begin()
	}
	flags := c.reuse(s)
	dir := s.Dir & 1
	var m moment // field by field: a literal is made elsewhere and copied, for which the processor waits
	m.s, m.at, m.c, m.from, m.to = s, at, c, &c.ends[dir], &c.ends[dir^1]
	m.setBases()
	flags |= m.flags()
	m.remember(flags)
	m.learnHandshake()
	return flags
}
