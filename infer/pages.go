package infer

import "iter"

// Size of a page, records.
const (
	pageBits = 6
	pageSize = 1 << pageBits
)

// pages is a list that grows without being copied: what a copy leaves behind
// would be the most of what a large capture takes. Records stay where they are.
type pages[T any] struct {
	list []*[pageSize]T
	n    int32
}

// at returns a record.
func (p *pages[T]) at(i int32) *T { return &p.list[i>>pageBits][i&(pageSize-1)] }

// all are the records with their places.
func (p *pages[T]) all() iter.Seq2[int32, *T] {
	return func(yield func(int32, *T) bool) {
		for i := range p.n {
			if !yield(i, p.at(i)) {
				return
			}
		}
	}
}

// len returns the number of records.
func (p *pages[T]) len() int { return int(p.n) }

// push appends a record and returns its place.
func (p *pages[T]) push(record T) int32 {
	if int(p.n)>>pageBits == len(p.list) {
		p.list = append(p.list, new([pageSize]T))
	}
	i := p.n
	p.n++
	*p.at(i) = record
	return i
}
