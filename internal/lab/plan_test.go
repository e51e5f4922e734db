package lab

import (
	"net/netip"
	"path/filepath"
	"testing"
)

// Right sums stay right, partial ones partial, and nothing keeps an address
// that the plan has not given.
func TestRenumberKeepsSums(t *testing.T) {
	for _, name := range []string{"many-flows", "offload"} {
		rec, err := Load(filepath.Join("..", "..", "testdata", "recordings", name+".pcapng.gz"))
		if err != nil {
			t.Fatal(err)
		}
		truth := Delivered(rec.Packets)
		for _, plan := range append(Plans(), HeldOutPlans()...) {
			all, err := Renumber(truth, plan, 2)
			if err != nil {
				t.Fatal(err)
			}
			want, got := sumsOf(truth), sumsOf(all)
			if got.wrong > 2*want.wrong || got.whole < want.whole || got.partial < want.partial || got.whole < 2*want.whole-200 {
				t.Errorf("%s, %s: got %+v, want twice %+v, but for what is not copied", name, plan.Name, got, want)
			}
		}
	}
}

type sums struct{ whole, partial, wrong int }

func sumsOf(packets []Packet) (s sums) {
	for _, p := range packets {
		h, ok := parseIP(p.Data)
		if !ok || h.version != 6 {
			continue
		}
		at, ok := sumField(h, p.Data)
		if !ok {
			continue
		}
		upper := p.Data[h.upper:]
		total := sumWords(p.Data[8:40]) + sumWords(upper) + uint32(len(upper)) + uint32(h.proto)
		if len(upper)%2 == 1 {
			total += uint32(upper[len(upper)-1]) << 8
		}
		switch {
		case fold(fold(total)) == 0xFFFF:
			s.whole++
		case isPartial(h, p.Data, at):
			s.partial++
		default:
			s.wrong++
		}
	}
	return s
}

func TestPlansAreDistinct(t *testing.T) {
	for _, plan := range append(Plans(), HeldOutPlans()...) {
		seen := map[netip.Addr]int{}
		for n := range min(plan.Size, 4096) {
			a := plan.Address(n)
			if m, ok := seen[a]; ok {
				t.Fatalf("%s: %d and %d are both %v", plan.Name, m, n, a)
			}
			seen[a] = n
		}
	}
	raw := Plans()[4].Address(0).As16()
	other := Plans()[4].Address(1).As16()
	if a, b := fold(sumWords(raw[:])), fold(sumWords(other[:])); a != b {
		t.Errorf("translated addresses: got sums %x and %x, want one", a, b)
	}
}
