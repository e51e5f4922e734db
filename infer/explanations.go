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
		for j := len(list) - 1; j >= 0; j-- {
			x.places[list[j].addr] = j
		}
	}
	return x
}

// of returns the first one of an address, nil where there is none.
func (x *explanations) of(a packet.Addr) *scored {
	if x.places == nil {
		return explained(x.list, a)
	}
	if j, ok := x.places[a]; ok {
		return &x.list[j]
	}
	return nil
}

// explained returns the first explanation of a in list, nil where there is none.
func explained(list []scored, a packet.Addr) *scored {
	for i := range list {
		if list[i].addr == a {
			return &list[i]
		}
	}
	return nil
}
