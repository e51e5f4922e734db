package reorder

// names finds something by its name in one window after the other.
type names[K comparable, T any] struct {
	at   map[K]T
	most int // names since the map was made
}

// fewNames is up to how many names a map is kept, whatever the window.
const fewNames = 1 << 10

// empty forgets all, for a window of so many packets. Emptying a map takes as
// long as it was ever large, so one that was much larger than the window is given
// up: else each of many small windows would take the time of a large one.
func (n *names[K, T]) empty(window int) {
	n.most = max(n.most, len(n.at))
	if n.at == nil || n.most > max(fewNames, 4*window) {
		n.at, n.most = make(map[K]T), 0
		return
	}
	clear(n.at)
}
