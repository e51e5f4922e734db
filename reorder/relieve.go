package reorder

// Relieve places packets now, at least one if any is held, so that whoever keeps
// their bytes can let go of them: first those that nothing yet to come can move;
// only if there are none, half of those that are held. Early says that it was
// half, which is as if the window had been too small for the gate.
func (r *Orderer) Relieve() (early bool) {
	held := r.held()
	if held == 0 {
		return false
	}
	if r.waiting.len() > 0 {
		r.release(shifted(r.highest, -r.profile.Backward))
	}
	r.settle(false)
	if early = r.held() == held; !early {
		return false
	}
	for range (r.waiting.len() + 1) / 2 {
		r.releaseFirst()
	}
	r.settle(true)
	return true
}

// held is how many packets were pushed and are not placed.
func (r *Orderer) held() int { return r.waiting.len() + len(r.items) }

// settle places what drain would, or with half at least the first half of the
// window.
func (r *Orderer) settle(half bool) {
	if len(r.items) == 0 {
		return
	}
	r.readClock()
	cut := r.settledCut()
	if half {
		cut = max(cut, (len(r.items)+1)/2)
	}
	r.place(cut)
	r.settled = max(2*len(r.items), batch) + batch
}
