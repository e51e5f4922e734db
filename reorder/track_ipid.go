package reorder

// nearCount counts how often a counter advanced by little.
type nearCount struct{ near, far int64 }

func (n *nearCount) add(prev, id uint16) {
	if d := int16(id - prev); d > -64 && d < 64 {
		n.near++
	} else {
		n.far++
	}
}

// counts reports whether the steps look like a counter's.
func (n nearCount) counts() bool { return n.near >= 32 && n.near >= 50*n.far }

// noteID follows the host's IPv4 Identification.
func (t *tracker) noteID(it *item, own *half) {
	seg := &it.seg
	if !seg.HasIPID || seg.IPID == 0 {
		return
	}
	if t.hasHost {
		t.idGlobal.add(t.hostID, seg.IPID)
		it.doubtIf(t.ipid == IPIDGlobal && int16(seg.IPID-t.hostID) < 0, LawIPID.bit())
	}
	if own.hasID {
		t.idFlow.add(own.lastID, seg.IPID)
		it.doubtIf(t.ipid == IPIDPerFlow && int16(seg.IPID-own.lastID) < 0, LawIPID.bit())
	}
	if !t.hasHost || int16(seg.IPID-t.hostID) > 0 || t.ipid != IPIDGlobal {
		t.hostID, t.hasHost = seg.IPID, true
	}
	own.lastID, own.hasID = seg.IPID, true
}
