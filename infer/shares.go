package infer

import (
	"math"
	"math/bits"
	"slices"

	"github.com/mendcap/mendcap/infer/internal/header"
)

// sample is what observations say of the pools' shares. Most say what others say
// too, so that they are reckoned once a kind, and added up in the order of the
// observations: a sum of floating-point numbers depends on their order.
type sample struct {
	kinds  []fitting
	kindOf []uint16 // of each observation, as an index of kinds
}

// fitting is what observations of one hypothesis have in common that fit the pools
// equally well.
type fitting struct {
	h     header.Hypothesis
	some  uint16 // the pools whose fit isn't 0, a bit each
	fits  [pools]float64
	parts [pools]float64 // of each observation that each pool accounts for, in a round
}

// sampleOf groups the observations of list, maxObserved at most.
func sampleOf(list []observation) sample {
	type key struct {
		h    uint64
		fits [pools]uint64
	}
	m := sample{kindOf: make([]uint16, len(list))}
	known := map[key]uint16{}
	for i := range list {
		o := &list[i]
		k, f := key{h: uint64(o.h)}, fitting{h: o.h, fits: o.fits}
		for s, fit := range o.fits {
			if k.fits[s] = math.Float64bits(fit); fit != 0 {
				f.some |= 1 << s
			}
		}
		at, ok := known[k]
		if !ok {
			at = uint16(len(m.kinds))
			known[k] = at
			m.kinds = append(m.kinds, f)
		}
		m.kindOf[i] = at
	}
	return m
}

// divide computes the part of an observation of each kind that each pool accounts for.
// One of another hypothesis than h counts for foreign.
func (m *sample) divide(shares *[pools]float64, h header.Hypothesis, foreign float64) {
	for i := range m.kinds {
		f := &m.kinds[i]
		weight, total := 1.0, 0.0
		if f.h != h {
			weight = foreign
		}
		for s := range shares {
			total += shares[s] * f.fits[s]
		}
		for s := range shares {
			f.parts[s] = weight * shares[s] * f.fits[s] / total
		}
	}
}

// addTo adds the parts of all observations up.
func (m *sample) addTo(sums *[pools]float64) {
	for _, at := range m.kindOf {
		f := &m.kinds[at]
		for left := f.some; left != 0; left &= left - 1 {
			s := bits.TrailingZeros16(left)
			sums[s] += f.parts[s]
		}
	}
}

// maximise returns the shares that make what was observed of h likeliest, with a
// prior that a few observations do not overturn. It may be asked for several
// hypotheses at once.
func (e *Engine) maximise(seen sample, h header.Hypothesis) *[pools]float64 {
	const (
		strength = 4 // observations that the prior counts for
		rounds   = 32
		foreign  = 0.1 // what an observation of another kind of flow counts for

		deviations = 2 // by which the number of unlisted neighbors may be underestimated
	)
	seen.kinds = slices.Clone(seen.kinds) // divide fills them in
	prior := e.priorShares()
	shares := prior
	found := 0.0
	for range rounds {
		seen.divide(&shares, h, foreign)
		var next [pools]float64
		for s := range next {
			next[s] = strength * prior[s]
		}
		seen.addTo(&next)
		total := 0.0
		for _, n := range next {
			total += n
		}
		for s := range shares {
			shares[s] = next[s] / total
		}
		found = next[nearby]
	}
	// Accidents among colliding neighbors look like listed destinations: as many
	// as may well have been overlooked count as accidents.
	shares[nearby] += shares[nearby] / found * deviations * math.Sqrt(found+0.25)
	for s := range shares {
		shares[s] = math.Log2(shares[s])
	}
	return &shares
}

// priorShares are the shares before anything is observed. An empty list holds
// nothing.
func (e *Engine) priorShares() (shares [pools]float64) {
	total := 0.0
	for s := range shares {
		switch {
		case pool(s) >= nearby:
			shares[s] = math.Exp2(priorElsewhere)
		case e.candidates.counts[s] == 0:
			continue
		case role(1)<<s == isKnown:
			shares[s] = math.Exp2(priorKnown) * float64(e.candidates.counts[s])
		default:
			shares[s] = math.Exp2(priorOf[s])
		}
		total += shares[s]
	}
	for s := range shares {
		shares[s] /= total
	}
	return shares
}
