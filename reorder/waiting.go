package reorder

// waitingRoom holds packets until none with an earlier stamp can come, sorted by
// stamp and then as they were pushed. Most come nearly in that order, so they
// are put among the last of a sorted list; those that belong farther back than
// nearBack go into a heap. A packet takes nearBack steps and a logarithm of those
// that wait. What is sorted are their tickets: the packets stay where they were put.
type waitingRoom struct {
	pages  []*[roomPage]item // by slot; made as they are needed, and kept
	slots  int32             // that were used so far
	free   []int32           // slots of those that have left
	sorted []ticket          // from head on
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

// roomPage is how many packets a page of a waitingRoom holds.
const roomPage = 512

// nearBack is how far back from the last of a sorted list a packet is put in.
const nearBack = 64

func (w *waitingRoom) len() int { return len(w.sorted) - w.head + len(w.deep) }

// add takes in the packet that was pushed last.
func (w *waitingRoom) add(it *item) {
	t := ticket{it.seg.Stamp, it.index, w.keep(it)}
	at := len(w.sorted)
	least := max(w.head, at-nearBack)
	for at > least && w.sorted[at-1].stamp > t.stamp {
		at--
	}
	w.steps += int64(len(w.sorted) - at + 1)
	if at == least && at > w.head && w.sorted[at-1].stamp > t.stamp {
		w.deep.push(t)
		return
	}
	w.sorted = append(w.sorted, t)
	copy(w.sorted[at+1:], w.sorted[at:])
	w.sorted[at] = t
}

// keep puts a packet into a slot of its own.
func (w *waitingRoom) keep(it *item) (slot int32) {
	if n := len(w.free); n > 0 {
		slot = w.free[n-1]
		w.free = w.free[:n-1]
	} else {
		slot = w.slots
		if w.slots++; slot/roomPage == int32(len(w.pages)) {
			w.pages = append(w.pages, new([roomPage]item))
		}
	}
	*w.at(slot) = *it
	return slot
}

// at returns the packet of a slot.
func (w *waitingRoom) at(slot int32) *item { return &w.pages[slot/roomPage][slot%roomPage] }

// first returns the earliest packet, nil if none waits. It is valid until the
// next call of another method.
func (w *waitingRoom) first() *item {
	switch {
	case w.head == len(w.sorted):
		return nil // what is deep is earlier than something that is sorted
	case len(w.deep) > 0 && w.deep[0].before(w.sorted[w.head]):
		return w.at(w.deep[0].slot)
	}
	return w.at(w.sorted[w.head].slot)
}

// drop takes the earliest packet out. The room of the sorted ones that have gone
// is used again once they are as many as those left.
func (w *waitingRoom) drop() {
	w.steps++
	if len(w.deep) > 0 && w.deep[0].before(w.sorted[w.head]) {
		w.free = append(w.free, w.deep.pop().slot)
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

// deepHeap has the earliest packet first, and each one before those at twice its
// place and one or two on. It is not container/heap's, which allocates for each.
type deepHeap []ticket

func (h *deepHeap) push(t ticket) {
	*h = append(*h, t)
	list := *h
	at := len(list) - 1
	for at > 0 && t.before(list[(at-1)/2]) {
		list[at] = list[(at-1)/2]
		at = (at - 1) / 2
	}
	list[at] = t
}

// pop takes the earliest one out.
func (h *deepHeap) pop() ticket {
	list := *h
	earliest, t := list[0], list[len(list)-1] // t is what takes another place
	list = list[:len(list)-1]
	*h = list
	at := 0
	for next := 1; next < len(list); next = 2*at + 1 {
		if next+1 < len(list) && list[next+1].before(list[next]) {
			next++
		}
		if !list[next].before(t) {
			break
		}
		list[at] = list[next]
		at = next
	}
	if len(list) > 0 {
		list[at] = t
	}
	return earliest
}
