package infer

import (
	"math"
	"math/bits"
	"slices"

	"github.com/mendcap/mendcap/infer/internal/header"
)

// fits are how much likelier something is by each source than by any: by pool, or
// by familiarity.
type fits [pools]float64

// seen is what shares are learnt from.
type seen struct {
	h    header.Hypothesis
	fits fits
}

// sample is what observations say of the shares of sources. Most say what others say
// too, so that they are reckoned once a kind, and added up in the order of the
// observations: a sum of floating-point numbers depends on their order.
type sample struct {
	kinds  []fitting
	kindOf []uint16 // of each observation, as an index of kinds
	known  map[seen]uint16
}

// fitting is a kind of observations: those that are alike.
type fitting struct {
	seen
	some  uint16 // the sources whose fit isn't 0, a bit each
	parts fits   // of each observation that each source accounts for, in a round
}

// add takes in an observation, of 1<<16 at most.
func (m *sample) add(s seen) {
	at, ok := m.known[s]
	if !ok {
		if m.known == nil {
			m.known = map[seen]uint16{}
		}
		at = uint16(len(m.kinds))
		m.known[s] = at
		f := fitting{seen: s}
		for i, fit := range s.fits {
			if fit != 0 {
				f.some |= 1 << i
			}
		}
		m.kinds = append(m.kinds, f)
	}
	m.kindOf = append(m.kindOf, at)
}

// divide computes the part of an observation of each kind that each source accounts
// for. One of another hypothesis than h counts for less.
func (m *sample) divide(shares *fits, h header.Hypothesis) {
	const foreign = 0.1
	for i := range m.kinds {
		f := &m.kinds[i]
		weight, total := 1.0, 0.0
		if f.h != h {
			weight = foreign
		}
		for left := f.some; left != 0; left &= left - 1 {
			s := bits.TrailingZeros16(left)
			total += shares[s] * f.fits[s]
		}
		for left := f.some; left != 0; left &= left - 1 {
			s := bits.TrailingZeros16(left)
			f.parts[s] = weight * shares[s] * f.fits[s] / total
		}
	}
}

// addTo adds the parts of all observations up.
func (m *sample) addTo(sums *fits) {
	for _, at := range m.kindOf {
		f := &m.kinds[at]
		for left := f.some; left != 0; left &= left - 1 {
			s := bits.TrailingZeros16(left)
			sums[s] += f.parts[s]
		}
	}
}

// maximise improves shares in some rounds of expectation-maximisation, so that they
// make what was observed of h likelier, with a prior: that many observations for each
// source, which a few observations do not overturn. It returns how many there are of
// each with them. It may be asked for several hypotheses at once.
func (m sample) maximise(shares, prior *fits, h header.Hypothesis, rounds int) (counts fits) {
	m.kinds = slices.Clone(m.kinds) // divide fills them in
	for range rounds {
		m.divide(shares, h)
		counts = *prior
		m.addTo(&counts)
		*shares = counts
		shares.divideBy(shares.sum())
	}
	return counts
}

func (f *fits) sum() (total float64) {
	for _, n := range f {
		total += n
	}
	return total
}

func (f *fits) divideBy(total float64) {
	for s := range f {
		f[s] /= total
	}
}

// shares are those of the pools.
type shares struct {
	of, log  fits
	unlisted float64 // log2 of the share of what no list holds
}

// sharesOf returns those for h.
func (e *Engine) sharesOf(seen sample, h header.Hypothesis) *shares {
	const (
		strength = 4 // observations that the prior counts for
		rounds   = 32

		deviations = 2 // by which the number of unlisted neighbors may be underestimated
	)
	var s shares
	s.of = e.priorShares()
	prior := s.of
	for p := range prior {
		prior[p] *= strength
	}
	found := seen.maximise(&s.of, &prior, h, rounds)[nearby]
	// Accidents among colliding neighbors look like listed destinations: as many
	// as may well have been overlooked count as accidents.
	s.of[nearby] += s.of[nearby] / found * deviations * math.Sqrt(found+0.25)
	for p := range s.of {
		s.log[p] = math.Log2(s.of[p])
		s.of[p] = math.Exp2(s.log[p]) // so that both say the same
	}
	s.unlisted = math.Log2(s.of[nearby] + s.of[anywhere])
	return &s
}

// priorShares are the shares before anything is observed. An empty list holds
// nothing.
func (e *Engine) priorShares() (shares fits) {
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
	}
	shares.divideBy(shares.sum())
	return shares
}
