package infer

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"testing"
)

// oneWayTo returns one UDP packet that the host sends to each of the
// destinations, from a port of its own.
func oneWayTo(r *rand.Rand, destinations []netip.Addr) []sent {
	list := make([]sent, len(destinations))
	for i, dst := range destinations {
		list[i] = udpTo(host, dst, uint16(20_000+i), 4433, bytesOf(r, 20+r.IntN(40)))
	}
	return list
}

// grades counts answers that were given, by grade, and what their posteriors say.
type grades struct {
	proved, provedWrong, likely, likelyWrong int
	expected, variance                       float64
}

func gradesOf(list []sent, answers []Answer) (g grades) {
	for i, a := range answers {
		wrong := 0
		if a.Destination != list[i].dst {
			wrong = 1
		}
		switch a.DestinationOrigin {
		case Inferred:
			g.proved++
			g.provedWrong += wrong
		case Likely:
			g.likely++
			g.likelyWrong += wrong
			g.expected += 1 - a.Posterior
			g.variance += a.Posterior * (1 - a.Posterior)
		}
	}
	return g
}

func (g *grades) plus(o grades) {
	g.proved, g.provedWrong = g.proved+o.proved, g.provedWrong+o.provedWrong
	g.likely, g.likelyWrong = g.likely+o.likely, g.likelyWrong+o.likelyWrong
	g.expected, g.variance = g.expected+o.expected, g.variance+o.variance
}

// With the inbound half hidden nothing but a list names destinations. That all
// flows fit it shows that it is complete, and proves those that fit one address
// alone.
func TestCompleteListIsBelieved(t *testing.T) {
	r := rand.New(rand.NewPCG(61, 62))
	destinations := make([]netip.Addr, 60)
	for i := range destinations {
		destinations[i] = randomAddr(r, "2a00:1450::")
	}
	list := oneWayTo(r, destinations)
	g := gradesOf(list, inferAll(New(Options{Snapshot: cacheOf([]netip.Addr{host}, destinations...)}), hideAll(list)))
	if g.proved != len(list) || g.provedWrong != 0 {
		t.Errorf("got %d of %d destinations proved, %d of them wrong, want all and none", g.proved, len(list), g.provedWrong)
	}
}

// A capture of three flows shows little, so that its answers are likely at best
// where addresses collide easily, and none is kept back.
func TestSmallCaptureIsLikely(t *testing.T) {
	r := rand.New(rand.NewPCG(63, 64))
	destinations := []netip.Addr{addr("2001:db8:1::2"), addr("2001:db8:2::5"), addr("2001:db8:7::9")}
	list := oneWayTo(r, destinations)
	g := gradesOf(list, inferAll(New(Options{Snapshot: cacheOf([]netip.Addr{host}, destinations...)}), hideAll(list)))
	if g.proved != 0 || g.likely != len(list) || g.likelyWrong != 0 {
		t.Errorf("got %+v, want %d likely destinations, all right", g, len(list))
	}
}

// Of 32 times 32 addresses with 63 sums some are listed. An unlisted one then
// fits a listed one more often than not: what is answered all the same is right
// as often as the posteriors say, and none of it counts as proved.
func TestPartialListOverCollidingPlan(t *testing.T) {
	for _, share := range []int{25, 50, 75, 90} {
		var all grades
		for seed := range uint64(40) {
			r := rand.New(rand.NewPCG(seed, 65))
			var destinations []netip.Addr
			for _, n := range r.Perm(32 * 32)[:200] {
				destinations = append(destinations, addr(fmt.Sprintf("2001:db8:%x::%x", 1+n%32, 1+n/32)))
			}
			list := oneWayTo(r, destinations)
			known := destinations[:len(destinations)*share/100]
			all.plus(gradesOf(list, inferAll(New(Options{Snapshot: cacheOf([]netip.Addr{host}, known...)}), hideAll(list))))
		}
		t.Logf("%d %% listed: %+v", share, all)
		if all.provedWrong != 0 {
			t.Errorf("%d %% listed: %d of %d proved destinations are wrong, want none", share, all.provedWrong, all.proved)
		}
		if most := all.expected + 3*math.Sqrt(all.variance); float64(all.likelyWrong) > most {
			t.Errorf("%d %% listed: %d of %d likely destinations are wrong, want at most %.1f", share, all.likelyWrong, all.likely, most)
		}
	}
}

// Random addresses of which half are listed: the others fit by accident as often
// as chance has it, and no more of the answers are wrong.
func TestPartialListOfRandomAddresses(t *testing.T) {
	var all grades
	for seed := range uint64(8) {
		r := rand.New(rand.NewPCG(seed, 66))
		destinations := make([]netip.Addr, 2000)
		for i := range destinations {
			destinations[i] = randomAddr(r, "2a00:1450::")
		}
		list := oneWayTo(r, destinations)
		known := destinations[:len(destinations)/2]
		all.plus(gradesOf(list, inferAll(New(Options{Snapshot: cacheOf([]netip.Addr{host}, known...)}), hideAll(list))))
	}
	most, least := all.expected+3*math.Sqrt(all.variance), all.expected-3*math.Sqrt(all.variance)
	if all.proved != 0 || all.likely < 8*990 || float64(all.likelyWrong) > most || float64(all.likelyWrong) < least {
		t.Errorf("got %+v, want nearly all of %d listed destinations likely, and between %.0f and %.0f wrong", all, 8*1000, least, most)
	}
}

// A stated confidence moves the line of likely answers; 1 leaves proved ones
// alone.
func TestConfidence(t *testing.T) {
	r := rand.New(rand.NewPCG(67, 68))
	destinations := []netip.Addr{addr("2001:db8:1::2"), addr("2001:db8:2::5"), addr("2001:db8:7::9")}
	list := oneWayTo(r, destinations)
	for confidence, want := range map[float64]int{0: 3, 0.9: 3, 1: 0} {
		g := gradesOf(list, inferAll(New(Options{Snapshot: cacheOf([]netip.Addr{host}, destinations...), Confidence: confidence}), hideAll(list)))
		if g.proved != 0 || g.likely != want {
			t.Errorf("confidence %v: got %+v, want %d likely destinations", confidence, g, want)
		}
	}
}

// A likely destination is no evidence: a segment whose checksum is wrong is
// answered by its flow only where that is proved.
func TestLikelyIsNoEvidence(t *testing.T) {
	r := rand.New(rand.NewPCG(69, 70))
	peer := addr("2001:db8:2::5")
	list := []sent{tcpTo(host, peer, 50_000, 443, 1000, 5000, flagACK, bytesOf(r, 40)), tcpTo(host, peer, 50_000, 443, 1040, 5000, flagACK, bytesOf(r, 40))}
	list[1].data[16] ^= 0x55 // of the checksum
	answers := inferAll(New(Options{Snapshot: cacheOf([]netip.Addr{host}, peer)}), hideAll(list))
	if answers[0].DestinationOrigin != Likely || answers[0].Destination != peer {
		t.Fatalf("first segment: got %+v, want %v, likely", answers[0], peer)
	}
	if answers[1].DestinationOrigin == Inferred {
		t.Errorf("segment with a wrong checksum: got %+v, proved by one that is likely", answers[1])
	}
}
