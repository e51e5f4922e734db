package infer

import "github.com/mendcap/mendcap/internal/packet"

// fewCompared is up to how many comparisons explanations are searched one by one.
const fewCompared = 1 << 12

// explanations finds explanations by their address.
type explanations struct {
	list   []scored
	places map[packet.Addr]int // where there are many
}

// explanationsOf returns what is asked so often: many for many are found by a map.
func explanationsOf(list []scored, asked int) (x explanations) {
	x.list = list
	if len(list)*asked > fewCompared {
		x.places = make(map[packet.Addr]int, len(list))
		for j := range list {
			if _, ok := x.places[list[j].addr]; !ok {
				x.places[list[j].addr] = j
			}
		}
	}
	return x
}

// of returns the first one of an address, nil where there is none.
func (x *explanations) of(a packet.Addr) *scored {
	if x.places != nil {
		if j, ok := x.places[a]; ok {
			return &x.list[j]
		}
		return nil
	}
	for j := range x.list {
		if x.list[j].addr == a {
			return &x.list[j]
		}
	}
	return nil
}
