package reorder

import "container/heap"

// waitingRoom holds packets until none with an earlier stamp can come, sorted by
// stamp and then as they were pushed. Most come nearly in that order, so they
// are put among the last of a sorted list; those that belong farther back than
// nearBack go into a heap. A packet takes nearBack steps and a logarithm of those
// that wait. What is sorted are their tickets: the packets stay where they were put.
type waitingRoom struct {
	items  []item   // by slot
	free   []int32  // slots of those that have left
	sorted []ticket // from head on
	head   int
	deep   deepHeap
	steps  int64
}

// ticket is one packet that waits.
type ticket struct {
	stamp int64 // nanoseconds
	index int64 // as pushed
	slot  int32
}

// nearBack is how far back from the last of a sorted list a packet is put in.
const nearBack = 64

func (w *waitingRoom) len() int { return len(w.sorted) - w.head + len(w.deep) }

// add takes in the packet that was pushed last. Up to limit wait before it.
func (w *waitingRoom) add(it *item, limit int) {
	t := ticket{it.seg.Stamp, it.index, w.keep(it, limit)}
	at := len(w.sorted)
	least := max(w.head, at-nearBack)
	for at > least && w.sorted[at-1].stamp > t.stamp {
		at--
	}
	w.steps += int64(len(w.sorted) - at + 1)
	if at == least && at > w.head && w.sorted[at-1].stamp > t.stamp {
		heap.Push(&w.deep, t)
		return
	}
	w.sorted = append(w.sorted, t)
	copy(w.sorted[at+1:], w.sorted[at:])
	w.sorted[at] = t
}

// keep puts a packet into a slot of its own.
func (w *waitingRoom) keep(it *item, limit int) int32 {
	if n := len(w.free); n > 0 {
		slot := w.free[n-1]
		w.free = w.free[:n-1]
		w.items[slot] = *it
		return slot
	}
	w.items = append(oneMore(w.items, limit), *it)
	return int32(len(w.items) - 1)
}

// first returns the earliest packet, nil if none waits. It is valid until the
// next call of another method.
func (w *waitingRoom) first() *item {
	switch {
	case w.head == len(w.sorted):
		return nil // what is deep is earlier than something that is sorted
	case len(w.deep) > 0 && w.deep[0].before(w.sorted[w.head]):
		return &w.items[w.deep[0].slot]
	}
	return &w.items[w.sorted[w.head].slot]
}

// drop takes the earliest packet out. The room of the sorted ones that have gone
// is used again once they are as many as those left.
func (w *waitingRoom) drop() {
	w.steps++
	if len(w.deep) > 0 && w.deep[0].before(w.sorted[w.head]) {
		w.free = append(w.free, heap.Pop(&w.deep).(ticket).slot)
		return
	}
	w.free = append(w.free, w.sorted[w.head].slot)
	if w.head++; 2*w.head >= len(w.sorted) {
		w.steps += int64(len(w.sorted) - w.head)
		w.sorted = append(w.sorted[:0], w.sorted[w.head:]...)
		w.head = 0
	}
}

// before orders packets by stamp, then as they were pushed.
func (t ticket) before(o ticket) bool {
	return t.stamp < o.stamp || t.stamp == o.stamp && t.index < o.index
}

// deepHeap has the earliest packet on top.
type deepHeap []ticket

func (h deepHeap) Len() int           { return len(h) }
func (h deepHeap) Less(i, j int) bool { return h[i].before(h[j]) }
func (h deepHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *deepHeap) Push(x any)        { *h = append(*h, x.(ticket)) }
func (h *deepHeap) Pop() any {
	last := len(*h) - 1
	t := (*h)[last]
	*h = (*h)[:last]
	return t
}
