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
	r.drain(false)
	if early = r.held() == held; !early {
		return false
	}
	for range (r.waiting.len() + 1) / 2 {
		r.releaseFirst()
	}
	r.drain(true)
	return true
}

// held is how many packets were pushed and are not placed.
func (r *Orderer) held() int { return r.waiting.len() + len(r.items) }
