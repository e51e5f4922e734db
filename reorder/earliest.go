package reorder

// earliest finds in a list of times the last before a place that is early
// enough, in steps that grow with the logarithm of its length. It is a binary
// tree over the list with the least time of what lies below each node: root 1,
// leaves from size on.
type earliest struct {
	tree  []int64
	size  int
	known bool // the tree is that of the present list
}

// fill makes the tree of a list.
func (e *earliest) fill(times []int64) {
	e.known, e.size = true, 1
	for e.size < len(times) {
		e.size *= 2
	}
	e.tree = resize(e.tree, 2*e.size)
	for i := range e.size {
		e.tree[e.size+i] = times[min(i, len(times)-1)]
	}
	for i := e.size - 1; i > 0; i-- {
		e.tree[i] = min(e.tree[2*i], e.tree[2*i+1])
	}
}

// afterLast returns the place after the last one before a place whose time is at
// most limit; 0 where there is none. times must not be empty.
func (e *earliest) afterLast(place node, limit int64, times []int64) node {
	if !e.known {
		e.fill(times)
	}
	i := e.size + int(place)
	for i > 1 && !(i&1 == 1 && e.tree[i-1] <= limit) {
		i /= 2 // nothing to the left of it below the same parent
	}
	if i <= 1 {
		return 0
	}
	for i--; i < e.size; {
		if i = 2*i + 1; e.tree[i] > limit {
			i--
		}
	}
	return node(i - e.size + 1)
}
