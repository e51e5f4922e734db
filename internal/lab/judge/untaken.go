package judge

import (
	"slices"

	"github.com/mendcap/mendcap/internal/tcp"
)

// answer is a packet by which the host acknowledges; at is as in passage.
type answer struct {
	at int
	s  *tcp.Segment
}

// findUntaken finds the packets that reached the host and that its stack did not
// take, for lack of room: it acknowledges one that came after, and says that it lacks
// this one, before its bytes come again. The stack takes packets in the order in which
// they come.
func (p *passages) findUntaken() {
	for key, list := range p.streams {
		for i := range list {
			q := &list[i]
			if again := slices.IndexFunc(list[i+1:], func(r passage) bool { return r.bytes.Overlaps(q.bytes) }); again >= 0 && q.delivered {
				q.untaken = p.denied(key, i, list[i+1+again].at)
			}
		}
	}
}

// denied reports whether the host denies passage i of the stream before the time.
func (p *passages) denied(key stream, i, before int) bool {
	list := p.streams[key]
	return slices.ContainsFunc(p.said[key], func(a answer) bool {
		if a.at <= list[i].at || a.at >= before || !a.denies(list[i].bytes) {
			return false
		}
		for j := i + 1; j < len(list) && list[j].at < a.at; j++ {
			if list[j].delivered && a.has(list[j].bytes) && len(p.missing(key, list[j].bytes, list[j].at, func(q *passage) bool { return q.delivered })) > 0 {
				return true
			}
		}
		return false
	})
}

// has reports whether the host says that it has the bytes.
func (a answer) has(bytes tcp.Range) bool {
	return bytes.Right.AtMost(a.s.Ack) ||
		slices.ContainsFunc(a.s.SACK[:a.s.SACKs], func(block tcp.Range) bool { return block.Contains(bytes) })
}

// denies reports whether the host says that it lacks the bytes: it asks for them next.
// That no SACK block has them says less, for Linux lists the latest four alone, and
// forgets others (RFC 2018, section 4).
func (a answer) denies(bytes tcp.Range) bool { return a.s.Ack == bytes.Left }
