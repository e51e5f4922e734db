package infer

import (
	"math"
	"slices"
)

// maxListed bounds the candidates that an answer lists, and fewListed those where
// many flows have long lists: beyond fewListed each, lists have room for one
// candidate for each cluster that may be kept.
const (
	maxListed = 64
	fewListed = 3
)

// shortlisted are candidates, the likeliest first, and how many are left out.
type shortlisted struct {
	candidates []Candidate
	rest       int
}

// ties reports whether several addresses fit.
func ties(list []scored) bool {
	n := 0
	for i := range list {
		if !isUnspecified(list[i].addr) {
			n++
		}
	}
	return n > 1
}

// shortlist returns the likeliest candidates; none where nothing but "none of
// them" is open.
func shortlist(list []scored, total float64) (s shortlisted) {
	any := slices.ContainsFunc(list, func(s scored) bool { return !isUnspecified(s.addr) })
	if !any {
		return s
	}
	s.rest = max(0, len(list)-maxListed)
	list = list[:len(list)-s.rest]
	s.candidates = make([]Candidate, 0, len(list))
	for i := range list {
		s.candidates = append(s.candidates, Candidate{
			NextHeader:  list[i].protocol,
			Destination: list[i].addr.Netip(),
			Posterior:   math.Exp2(list[i].total) / total,
			Evidence:    evidenceNames[list[i].by],
		})
		s.rest += int(list[i].beyond)
	}
	return s
}

// keepListed cuts a list for which there is no room, and returns how much of the
// room it takes.
func (e *Engine) keepListed(s *shortlisted) int {
	long := len(s.candidates) - fewListed
	if long <= 0 {
		return 0
	}
	if e.long+long > e.flows.max {
		s.candidates, s.rest = slices.Clone(s.candidates[:fewListed]), s.rest+long
		return 0
	}
	return long
}
