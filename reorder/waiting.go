package reorder

import "container/heap"

// waitingRoom holds packets until none with an earlier stamp can come, sorted by
// stamp and then as they were pushed. Most come nearly in that order, so they
// are put among the last of a sorted list; those that belong farther back than
// nearBack go into a heap. A packet takes nearBack steps and a logarithm of those
// that wait.
type waitingRoom struct {
	sorted []item // from head on
	head   int
	deep   deepHeap
	steps  int64
}

// nearBack is how far back from the last of a sorted list a packet is put in.
const nearBack = 64

func (w *waitingRoom) len() int { return len(w.sorted) - w.head + len(w.deep) }

// add takes in the packet that was pushed last.
func (w *waitingRoom) add(it *item) {
	at := len(w.sorted)
	least := max(w.head, at-nearBack)
	for at > least && w.sorted[at-1].seg.Stamp > it.seg.Stamp {
		at--
	}
	w.steps += int64(len(w.sorted) - at + 1)
	if at == least && at > w.head && w.sorted[at-1].seg.Stamp > it.seg.Stamp {
		late := *it
		heap.Push(&w.deep, &late)
		return
	}
	w.sorted = append(w.sorted, *it)
	copy(w.sorted[at+1:], w.sorted[at:])
	w.sorted[at] = *it
}

// first returns the earliest packet, nil if none waits. It is valid until the
// next call of another method.
func (w *waitingRoom) first() *item {
	switch {
	case w.head == len(w.sorted):
		return nil // what is deep is earlier than something that is sorted
	case len(w.deep) > 0 && w.deep[0].before(&w.sorted[w.head]):
		return w.deep[0]
	}
	return &w.sorted[w.head]
}

// drop takes the earliest packet out. The room of the sorted ones that have gone
// is used again once they are as many as those left.
func (w *waitingRoom) drop() {
	w.steps++
	if len(w.deep) > 0 && w.deep[0].before(&w.sorted[w.head]) {
		heap.Pop(&w.deep)
		return
	}
	if w.head++; 2*w.head >= len(w.sorted) {
		w.steps += int64(len(w.sorted) - w.head)
		w.sorted = append(w.sorted[:0], w.sorted[w.head:]...)
		w.head = 0
	}
}

// before orders packets by stamp, then as they were pushed.
func (it *item) before(o *item) bool {
	return it.seg.Stamp < o.seg.Stamp || it.seg.Stamp == o.seg.Stamp && it.index < o.index
}

// deepHeap has the earliest packet on top.
type deepHeap []*item

func (h deepHeap) Len() int           { return len(h) }
func (h deepHeap) Less(i, j int) bool { return h[i].before(h[j]) }
func (h deepHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *deepHeap) Push(x any)        { *h = append(*h, x.(*item)) }
func (h *deepHeap) Pop() any {
	last := len(*h) - 1
	(*h)[last] = nil
	*h = (*h)[:last]
	return nil
}
