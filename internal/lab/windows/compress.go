package windows

import "math/bits"

// Plain LZ77 of [MS-XCA] 2.3.
const (
	window     = 8192 // bytes that a match may lie back
	leastMatch = 3
	chain      = 8 // places that are tried for a match
	hashBits   = 14
)

// packer compresses by Plain LZ77. It may be used again.
type packer struct {
	out   []byte
	flags uint32 // those of the group that is being written
	count int    // how many they are
	at    int    // where they are to be written
	half  int    // where a byte is of which the upper half is free; -1 = nowhere
	heads [1 << hashBits]int32
	links [window]int32 // by place: the one before with the same hash
}

// pack appends the compressed form of data.
func (p *packer) pack(to, data []byte) []byte {
	p.out, p.half, p.count, p.flags = to, -1, 0, 0
	p.at, p.out = len(p.out), append(p.out, 0, 0, 0, 0)
	for i := range p.heads {
		p.heads[i] = -1
	}
	for i := 0; i < len(data); {
		back, length := p.match(data, i)
		if length < leastMatch {
			p.out = append(p.out, data[i])
			p.flag(0)
			p.enter(data, i)
			i++
			continue
		}
		p.writeMatch(back, length)
		p.flag(1)
		// Of a long match the end is enough: what follows may go on from there.
		for k := i + max(0, length-window); k < i+length; k++ {
			p.enter(data, k)
		}
		i += length
	}
	// The flags that are left over are ones.
	rest := 32 - p.count
	le.PutUint32(p.out[p.at:], uint32(uint64(p.flags)<<rest|(1<<rest-1)))
	return p.out
}

// flag notes what was just written: a byte (0) or a match (1).
func (p *packer) flag(bit uint32) {
	p.flags = p.flags<<1 | bit
	if p.count++; p.count == 32 {
		le.PutUint32(p.out[p.at:], p.flags)
		p.at, p.out = len(p.out), append(p.out, 0, 0, 0, 0)
		p.flags, p.count = 0, 0
	}
}

func hashAt(data []byte, i int) uint32 {
	return (uint32(data[i]) | uint32(data[i+1])<<8 | uint32(data[i+2])<<16) * 0x9E3779B1 >> (32 - hashBits)
}

// enter makes a place one that matches may lead to.
func (p *packer) enter(data []byte, i int) {
	if i+leastMatch > len(data) {
		return
	}
	h := hashAt(data, i)
	p.links[i%window] = p.heads[h]
	p.heads[h] = int32(i)
}

// match is the longest match of those that are tried.
func (p *packer) match(data []byte, i int) (back, length int) {
	if i+leastMatch > len(data) {
		return 0, 0
	}
	from := int(p.heads[hashAt(data, i)])
	for range chain {
		if from < 0 || i-from > window {
			break
		}
		if n := common(data[from:], data[i:]); n > length {
			back, length = i-from, n
		}
		next := int(p.links[from%window])
		if next >= from {
			break // overwritten since
		}
		from = next
	}
	return back, length
}

// common is how long b is the beginning of a.
func common(a, b []byte) int {
	n := 0
	for len(b)-n >= 8 {
		if x := le.Uint64(a[n:]) ^ le.Uint64(b[n:]); x != 0 {
			return n + bits.TrailingZeros64(x)/8
		}
		n += 8
	}
	for n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// writeMatch writes distance and length: the latter in 3 bits, then in half a byte that
// two matches share, then in a byte, in two after 255, in four after two zeros.
func (p *packer) writeMatch(back, length int) {
	length -= leastMatch
	p.out = le.AppendUint16(p.out, uint16((back-1)<<3|min(length, 7)))
	if length < 7 {
		return
	}
	half := byte(min(length-7, 15))
	if p.half < 0 {
		p.half, p.out = len(p.out), append(p.out, half)
	} else {
		p.out[p.half] |= half << 4
		p.half = -1
	}
	switch {
	case length < 7+15:
	case length < 7+15+255:
		p.out = append(p.out, byte(length-7-15))
	case length < 1<<16:
		p.out = le.AppendUint16(append(p.out, 255), uint16(length))
	default:
		p.out = le.AppendUint32(append(p.out, 255, 0, 0), uint32(length))
	}
}
