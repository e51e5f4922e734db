package netmon

import (
	"cmp"
	"slices"
)

// cover is the parts of a file that were delivered or gone over: no bytes are looked
// at as records twice.
type cover struct {
	spans []bound // in order, apart
	full  bool    // there were too many: no more are taken in
}

// bound is a part of a file from an offset to another.
type bound struct{ from, to int64 }

// maxSpans is how many parts are kept. A file whose frames follow each other is one.
const maxSpans = 16 << 10

// add takes in a part.
func (c *cover) add(from, to int64) {
	if from >= to || c.full {
		return
	}
	i := len(c.spans) // the first that ends at from or later
	if i > 0 && c.spans[i-1].to >= from {
		i, _ = slices.BinarySearchFunc(c.spans, from, func(b bound, at int64) int { return cmp.Compare(b.to, at) })
	}
	j := i // the first that begins after to
	for j < len(c.spans) && c.spans[j].from <= to {
		from, to = min(from, c.spans[j].from), max(to, c.spans[j].to)
		j++
	}
	if i == j && len(c.spans) == maxSpans {
		c.full = true
		return
	}
	c.spans = slices.Replace(c.spans, i, j, bound{from, to})
}

// has says whether an offset is in a part that was taken in.
func (c *cover) has(at int64) bool {
	i, found := slices.BinarySearchFunc(c.spans, at, func(b bound, at int64) int { return cmp.Compare(b.to, at+1) })
	return (found || i < len(c.spans)) && c.spans[i].from <= at
}

// before gives where the part ends that is the last one before an offset, which is in
// none; or least, if that is more.
func (c *cover) before(at, least int64) int64 {
	i, _ := slices.BinarySearchFunc(c.spans, at, func(b bound, at int64) int { return cmp.Compare(b.to, at+1) })
	if i == 0 {
		return least
	}
	return max(least, c.spans[i-1].to)
}

// gap gives the first bytes from an offset on, up to size, that are in no part.
func (c *cover) gap(from, size int64) (gap bound, ok bool) {
	i, _ := slices.BinarySearchFunc(c.spans, from, func(b bound, at int64) int { return cmp.Compare(b.to, at+1) })
	for ; i < len(c.spans) && c.spans[i].from <= from; i++ {
		from = c.spans[i].to
	}
	gap = bound{from, size}
	if i < len(c.spans) {
		gap.to = min(size, c.spans[i].from)
	}
	return gap, gap.from < gap.to
}
