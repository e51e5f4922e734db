package infer

import (
	"math"
	"math/bits"
	"slices"

	"github.com/mendcap/mendcap/infer/internal/header"
)

// Bounds on the candidates of one residue that are looked at for what needs it.
// Without them each of n flows would look at what n addresses have in common with
// it by chance.
const (
	// maxCrowd is how many are looked at, whatever asks for them. Beyond it they are
	// too many to be told apart by less than a name.
	maxCrowd = 1024
	// fitsEach is how many are looked at on average for a cluster, or for a packet
	// that is decided by itself, and freeFits how many in any capture. Where more
	// have what is needed, only some of the larger crowds are looked at: those that
	// more than the capture speaks for, and one that alone sends the other way.
	fitsEach = 4
	freeFits = 1 << 20
)

// crowds says which candidates are looked at.
type crowds struct {
	max       int                        // candidates of one residue of which all are looked at
	larger    int64                      // crowds of more than max
	firm      map[header.Residue][]int32 // the candidates that more than the capture speaks for, of larger crowds with max of them at most
	answering map[answering]int32        // the others of a larger crowd that send: the only one, or several

	// Of packets that no cluster decides, read under each hypothesis: their number,
	// and how many need a residue.
	alone int
	asked []uint32
}

// answering is what candidates of one residue send between two ports.
type answering struct {
	ports    header.Ports
	residue  header.Residue
	protocol uint8
}

// add counts a packet that no cluster decides.
func (c *crowds) add(n header.Needs) {
	if c.asked == nil {
		c.asked = make([]uint32, residueCount+1)
	}
	c.alone++
	for _, need := range n {
		c.asked[need]++
	}
}

// limitCrowds finds out how many candidates of one residue can be looked at. That
// depends on what was observed, and not on its order.
func (e *Engine) limitCrowds() {
	c, t := &e.crowds, &e.candidates
	*c = crowds{max: maxCrowd, alone: c.alone, asked: c.asked}
	asking := e.flows.clusters.len() + c.alone
	if t.largest <= maxCrowd && int64(t.largest)*int64(header.Modes)*int64(asking) <= freeFits {
		return
	}
	asked := make([]uint32, residueCount+1)
	copy(asked, c.asked)
	for _, c := range e.flows.clusters.all() {
		for _, need := range c.needs {
			asked[need]++
		}
	}
	asked[0] = 0
	firm := t.countFirm()
	for c.max > 1 && t.fits(asked, firm, c.max) > freeFits+fitsEach*int64(asking) {
		c.max /= 2
	}
	e.openCrowds(firm)
}

// countFirm returns how many candidates of each residue more than the capture
// speaks for.
func (t *candidates) countFirm() []int32 {
	firm := make([]int32, residueCount+1)
	for r := range firm {
		for _, i := range t.with(header.Residue(r)) {
			if t.list.at(i).firm() {
				firm[r]++
			}
		}
	}
	return firm
}

// firm reports whether more speaks for c than that the capture shows it.
func (c *candidate) firm() bool { return c.roles&^isSeen != 0 }

// fits returns how many candidates are looked at if most have to be of one residue,
// each as often as it is asked for.
func (t *candidates) fits(asked []uint32, firm []int32, most int) (n int64) {
	for r, times := range asked {
		switch crowd := len(t.with(header.Residue(r))); {
		case crowd <= most:
			n += int64(times) * int64(crowd)
		case int(firm[r]) <= most:
			n += int64(times) * int64(firm[r])
		}
	}
	return n
}

// openCrowds notes of the crowds that aren't looked at whole what is.
func (e *Engine) openCrowds(firm []int32) {
	c, t := &e.crowds, &e.candidates
	c.firm, c.answering = map[header.Residue][]int32{}, map[answering]int32{}
	for r := range firm {
		crowd := t.with(header.Residue(r))
		if len(crowd) <= c.max {
			continue
		}
		c.larger++
		if int(firm[r]) > c.max {
			continue
		}
		some := slices.DeleteFunc(slices.Clone(crowd), func(i int32) bool { return !t.list.at(i).firm() })
		c.firm[header.Residue(r)] = slices.Clone(some) // without the crowd's room
	}
	var asking portSet // of those that retired the others matter no more
	for _, fl := range e.flows.list.all() {
		if at := e.candidates.place(&fl.key.src, fl.key.zone, hashPlace(&fl.key.src, fl.key.zone)); at != none {
			e.noteAnswering(&fl.key, at)
		}
		asking.add(fl.key.ports.Reversed(), fl.key.class)
	}
	for a, k := range e.retired.all() {
		if asking.has(a.ports, k.class) {
			e.noteAnswering(&flowKey{src: t.list.at(a.home).addr, ports: a.ports, class: k.class}, a.home)
		}
	}
}

// noteAnswering notes that the source of k, which is the candidate at a place, sends, as
// far as it is of a larger crowd.
func (e *Engine) noteAnswering(k *flowKey, at int32) {
	c, r := &e.crowds, header.ResidueOf(k.src)
	if !k.twoWay() || len(e.candidates.with(r)) <= c.max || e.candidates.list.at(at).firm() {
		return
	}
	one := answering{k.ports, r, uint8(k.class)}
	if known, ok := c.answering[one]; ok && known != at {
		at = several
	}
	c.answering[one] = at
}

// unseen are candidates that fit a question and aren't looked at.
type unseen struct {
	n      int
	mass   float64 // odds that it is one of them
	barred bool    // more than a list may speak for some of them
}

// lookedAt returns the candidates of a residue that are looked at for q, in mode m,
// and counts the others.
func (e *Engine) lookedAt(q *question, need header.Residue, m header.Mode, left *unseen) []int32 {
	crowd := e.candidates.with(need)
	if len(crowd) <= e.crowds.max {
		return crowd
	}
	some, few := e.crowds.firm[need]
	if few && q.key.twoWay() {
		at, ok := e.crowds.answering[answering{q.key.ports.Reversed(), need, uint8(q.key.class)}]
		if at == several {
			left.barred = true
		} else if ok {
			some = append(some[:len(some):len(some)], at)
		}
	}
	left.barred = left.barred || !few
	bits := e.priorAs(seenRole, q) + bitsSum + e.modeOf(q, m)
	if q.said.Strict {
		bits += bitsBreach
	}
	left.n += len(crowd) - len(some)
	left.mass += float64(len(crowd)-len(some)) * math.Exp2(bits)
	return some
}

// seenRole is the number of isSeen.
var seenRole = bits.TrailingZeros8(uint8(isSeen))
