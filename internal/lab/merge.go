package lab

import (
	"cmp"
	"slices"
)

// Merge lets recordings of one host happen at the same time: each is shifted to
// begin when the first one does. The packets are numbered anew.
func Merge(recordings ...[]Packet) []Packet {
	var all []Packet
	for _, packets := range recordings {
		if len(packets) == 0 {
			continue
		}
		shift := int64(0)
		if len(all) > 0 {
			shift = recordings[0][0].Stamp - packets[0].Stamp
		}
		for _, p := range packets {
			p.Stamp += shift
			all = append(all, p)
		}
	}
	slices.SortStableFunc(all, func(a, b Packet) int { return cmp.Compare(a.Stamp, b.Stamp) })
	for i := range all {
		all[i].Index = i
	}
	return all
}
