package etw

// Limits of what is kept of packets that came in pieces and are not whole yet.
const (
	maxPacket = 1 << 20  // bytes of one packet; a large send has at most 256 KiB
	maxOpen   = 256      // packets; each processor writes one at a time
	maxHeld   = 16 << 20 // bytes of all packets
)

// joiner puts together what several events hold of one packet each. Events of one key
// belong together, from one that is marked as the start to one that is marked as the end.
// The zero value is ready for use.
type joiner[K comparable] struct {
	open   map[K]*pieces
	opened uint64 // packets begun so far
	held   int    // bytes in open
	spare  []byte
	lost   int64 // packets of which pieces are missing, or that are larger than maxPacket
}

// pieces are those of one packet so far.
type pieces struct {
	data  []byte
	nth   uint64 // when it was begun, for the oldest to be given up first
	large bool   // more than maxPacket: what came is not kept
}

// join takes one event's piece and gives the packet when that is whole. The packet is
// valid until the next call.
func (j *joiner[K]) join(key K, piece []byte, start, end bool) (whole []byte, ok bool) {
	if start && end && len(j.open) == 0 {
		return piece, true // since Windows 8.1 this is all there is
	}
	p := j.open[key]
	if start && p != nil {
		j.giveUp(key, p)
		p = nil
	}
	switch {
	case start && end:
		return piece, true
	case start:
		p = j.begin(key)
	case p == nil: // its start is missing
		if end {
			j.lost++
		}
		return nil, false
	}
	if p.large = p.large || len(p.data)+len(piece) > maxPacket; !p.large {
		p.data = append(p.data, piece...)
		j.held += len(piece)
	}
	if !end {
		j.bound()
		return nil, false
	}
	if p.large {
		j.giveUp(key, p)
		return nil, false
	}
	j.remove(key, p)
	return p.data, true
}

// begin opens a packet.
func (j *joiner[K]) begin(key K) *pieces {
	if j.open == nil {
		j.open = make(map[K]*pieces)
	}
	j.opened++
	p := &pieces{data: j.spare[:0], nth: j.opened}
	j.spare = nil
	j.open[key] = p
	return p
}

// bound gives up the oldest packets while the limits are exceeded.
func (j *joiner[K]) bound() {
	for len(j.open) > maxOpen || j.held > maxHeld {
		var oldest K
		var first *pieces
		for key, p := range j.open {
			if first == nil || p.nth < first.nth {
				oldest, first = key, p
			}
		}
		j.giveUp(oldest, first)
	}
}

func (j *joiner[K]) giveUp(key K, p *pieces) {
	j.lost++
	j.remove(key, p)
}

func (j *joiner[K]) remove(key K, p *pieces) {
	delete(j.open, key)
	j.held -= len(p.data)
	j.spare = p.data
}

// missing counts the packets that are not whole, those that are still open included.
func (j *joiner[K]) missing() int64 { return j.lost + int64(len(j.open)) }
