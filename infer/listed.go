package infer

import (
	"math"
	"slices"
)

// maxListed bounds the candidates that an answer lists, and fewListed those where
// many flows have long lists: beyond fewListed each, lists have room for one
// candidate for each cluster that may be kept. Up to that many they have room for one
// in listedShare of the clusters.
const (
	maxListed   = 64
	fewListed   = 3
	listedShare = 16
)

// shortlisted are candidates, the likeliest first, and how many are left out.
type shortlisted struct {
	candidates []Candidate
	rest       int
}

// addressesIn returns how many of the explanations in list are addresses.
func addressesIn(list []scored) (n int) {
	for i := range list {
		if !list[i].addr.IsUnspecified() {
			n++
		}
	}
	return n
}

// candidate returns s with its share of total.
func (s *scored) candidate(total float64) Candidate {
	return Candidate{s.protocol, s.addr.Netip(), math.Exp2(s.total) / total, evidenceNames[s.by]}
}

// shortlist returns the likeliest candidates; none where nothing but "none of
// them" is open.
func shortlist(list []scored, total float64) (s shortlisted) {
	if addressesIn(list) == 0 {
		return s
	}
	s.rest = max(0, len(list)-maxListed)
	list = list[:len(list)-s.rest]
	s.candidates = make([]Candidate, 0, len(list))
	for i := range list {
		s.candidates = append(s.candidates, list[i].candidate(total))
		s.rest += int(list[i].beyond)
	}
	return s
}

// keepListed cuts a list for which there is no room; false says that there is none
// for the first of it.
func (e *Engine) keepListed(s *shortlisted) bool {
	few := min(len(s.candidates), fewListed)
	long := len(s.candidates) - few
	if e.few+few > max(e.flows.max/listedShare, maxListed) {
		return false
	}
	e.few += few
	if e.long+long > e.flows.max {
		s.cut(few)
	} else {
		e.long += long
	}
	return true
}

// cut leaves the first few candidates of a list, or all.
func (s *shortlisted) cut(few int) {
	if left := len(s.candidates) - few; left > 0 {
		s.candidates, s.rest = slices.Clone(s.candidates[:few]), s.rest+left
	}
}
