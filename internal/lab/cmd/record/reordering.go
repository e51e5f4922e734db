//go:build linux

package record

import (
	"context"
	"maps"
	"net"
	"time"

	"golang.org/x/sync/errgroup"
)

// crossing is a path without a rate of its own: packets follow each other within
// microseconds, as fast as the stacks and the recorder are, and a share of them is
// overtaken.
func crossing(roundTrip time.Duration, reorder float64, by time.Duration) Shape {
	return reordering(Shape{Delay: roundTrip / 2, Jitter: 20 * time.Microsecond, Queue: 1 << 20}, reorder, by)
}

// also unites settings of the stacks.
func also(settings ...map[string]string) map[string]string {
	all := map[string]string{}
	for _, s := range settings {
		maps.Copy(all, s)
	}
	return all
}

// bursts runs transfers, and small exchanges for more than a second: a clock that
// ticks slowly has to tick often enough to be known.
func bursts(ctx context.Context, c *clients) error {
	var group errgroup.Group
	group.Go(func() error { return transfers(600e3, 350e3)(ctx, c) })
	group.Go(func() error {
		return c.exchange(ctx, c.server(), func(conn *net.TCPConn) error {
			for range 40 {
				if err := get(conn, 1000); err != nil {
					return err
				}
				time.Sleep(30 * ms)
			}
			return nil
		})
	})
	return group.Wait()
}

var noSACK = map[string]string{"ipv4/tcp_sack": "0"}

// reorderingRecipes lists recordings over links that reorder much, with packets
// close to each other: a sniffer's threads disorder them far beyond the network.
// Those that lab.HeldOut names are like the others, of other mixtures.
func reorderingRecipes() []Recipe {
	const us = time.Microsecond
	recipe := func(name string, seed uint64, s Shape, settings map[string]string, about string) Recipe {
		return Recipe{Name: name, Seed: seed, Up: s, Down: s, Sysctl: settings, Run: bursts, About: about}
	}
	return []Recipe{
		recipe("cross-3ms", 51, crossing(3*ms, .10, 700*us), nil, "3 ms, 10 % overtaken"),
		recipe("cross-10ms", 52, crossing(10*ms, .05, 2*ms), nil, "10 ms, 5 % overtaken"),
		recipe("cross-40ms", 53, lossy(crossing(40*ms, .03, 4*ms), .005), nil, "40 ms, 3 % overtaken, 0.5 % lost"),
		recipe("cross-plain", 54, lossy(crossing(10*ms, .03, 1500*us), .01), noOptions, "10 ms, 3 % overtaken, 1 % lost, neither SACK nor timestamps"),
		recipe("cross-no-sack", 55, crossing(20*ms, .05, 2*ms), noSACK, "20 ms, 5 % overtaken, timestamps without SACK"),
		recipe("cross-no-timestamps", 56, lossy(crossing(5*ms, .08, ms), .003), noTimestamps, "5 ms, 8 % overtaken, 0.3 % lost, SACK without timestamps"),
		recipe("cross-bbr", 57, duplicating(crossing(10*ms, .05, ms), .01), bbr, "10 ms, 5 % overtaken, 1 % twice, BBR"),

		recipe("cross-4ms-held", 61, crossing(4*ms, .10, 400*us), nil, "4 ms, 10 % overtaken"),
		recipe("cross-8ms-held", 62, lossy(crossing(8*ms, .07, ms), .002), nil, "8 ms, 7 % overtaken, 0.2 % lost"),
		recipe("cross-20ms-held", 63, duplicating(lossy(crossing(20*ms, .05, 3*ms), .003), .01), nil, "20 ms, 5 % overtaken, 0.3 % lost, 1 % twice"),
		recipe("cross-30ms-held", 64, crossing(30*ms, .04, 5*ms), nil, "30 ms, 4 % overtaken"),
		recipe("cross-plain-held", 65, lossy(crossing(6*ms, .03, 900*us), .02), noOptions, "6 ms, 3 % overtaken, 2 % lost, neither SACK nor timestamps"),
		recipe("cross-plain-far-held", 66, lossy(crossing(30*ms, .04, 2*ms), .005), noOptions, "30 ms, 4 % overtaken, 0.5 % lost, neither SACK nor timestamps"),
		recipe("cross-no-sack-held", 67, lossy(crossing(12*ms, .06, ms), .003), noSACK, "12 ms, 6 % overtaken, 0.3 % lost, timestamps without SACK"),
		recipe("cross-no-timestamps-held", 68, crossing(15*ms, .06, 2*ms), noTimestamps, "15 ms, 6 % overtaken, SACK without timestamps"),
		recipe("cross-no-timestamps-near-held", 69, lossy(crossing(3*ms, .09, 600*us), .005), noTimestamps, "3 ms, 9 % overtaken, 0.5 % lost, SACK without timestamps"),
		recipe("cross-bbr-held", 70, crossing(5*ms, .08, 800*us), bbr, "5 ms, 8 % overtaken, BBR"),
		recipe("cross-bbr-far-held", 71, lossy(crossing(40*ms, .03, 3*ms), .01), bbr, "40 ms, 3 % overtaken, 1 % lost, BBR"),
		recipe("cross-bbr-no-timestamps-held", 72, crossing(8*ms, .05, ms), also(bbr, noTimestamps), "8 ms, 5 % overtaken, BBR, SACK without timestamps"),
		recipe("cross-bbr-plain-held", 73, crossing(10*ms, .05, ms), also(bbr, noOptions), "10 ms, 5 % overtaken, BBR, neither SACK nor timestamps"),
	}
}

// stalling is a path on which nothing moves now and then, in either direction.
func stalling(s Shape, every, most time.Duration) Shape {
	s.StallEvery, s.StallFor = every, most
	return s
}

// verdictRecipes lists recordings in which a sender sends again for several reasons at
// a time: what was lost, what was only late, and what arrived, on links that reorder,
// lose, duplicate and stall. Their names say whether nothing is tuned on them.
func verdictRecipes() []Recipe {
	const us = time.Microsecond
	recipe := func(name string, seed uint64, up, down Shape, settings map[string]string, about string) Recipe {
		return Recipe{Name: name, Seed: seed, Verdicts: true, Up: up, Down: down, Sysctl: settings, Run: bursts, About: about}
	}
	bad := func(roundTrip time.Duration, late float64, by time.Duration, lost, twice float64) Shape {
		return duplicating(lossy(crossing(roundTrip, late, by), lost), twice)
	}
	stalls := stalling(bad(5*ms, .07, 800*us, .004, .01), 130*ms, 60*ms)
	held := stalling(bad(9*ms, .08, 1200*us, .006, .03), 170*ms, 80*ms)
	far := bad(14*ms, .06, 2*ms, .008, .03)
	return []Recipe{
		recipe("cross-stalls", 101, stalls, stalls, noTimestamps, "5 ms, 7 % overtaken, 0.4 % lost, 1 % twice, stalls of up to 60 ms, SACK without timestamps"),
		recipe("cross-spikes", 102, far, stalling(far, 700*ms, 500*ms), nil, "14 ms, 6 % overtaken, 0.8 % lost, 3 % twice, stalls of up to 500 ms inbound"),
		recipe("cross-plain-twice", 103, bad(6*ms, .04, ms, .012, .03), bad(6*ms, .04, ms, .012, .03), noOptions,
			"6 ms, 4 % overtaken, 1.2 % lost, 3 % twice, neither SACK nor timestamps"),
		recipe("cross-no-timestamps-twice", 104, bad(25*ms, .10, 6*ms, .01, .02), bad(25*ms, .10, 6*ms, .01, .02), noTimestamps,
			"25 ms, 10 % overtaken, 1 % lost, 2 % twice, SACK without timestamps"),
		recipe("cross-stalls-held", 111, held, held, noTimestamps, "9 ms, 8 % overtaken, 0.6 % lost, 3 % twice, stalls of up to 80 ms, SACK without timestamps"),
		recipe("cross-twice-held", 112, stalling(bad(18*ms, .05, 3*ms, .01, .04), 900*ms, 400*ms), bad(18*ms, .05, 3*ms, .01, .04), nil,
			"18 ms, 5 % overtaken, 1 % lost, 4 % twice, stalls of up to 400 ms outbound"),
	}
}

// threadedRecipes lists recordings that a sniffer with several threads took beside the
// true one: its stamps and its order are real.
func threadedRecipes() []Recipe {
	recipe := func(name string, seed uint64, threads int, v4 bool, s Shape, settings map[string]string, about string) Recipe {
		return Recipe{Name: name, Seed: seed, Threads: threads, V4: v4, Up: s, Down: s, Sysctl: settings, Run: bursts, About: about}
	}
	return []Recipe{
		recipe("threads-4", 81, 4, false, crossing(5*ms, .05, ms), nil, "four threads; 5 ms, 5 % overtaken"),
		recipe("threads-16-v4", 82, 16, true, lossy(crossing(10*ms, .03, 2*ms), .01), nil, "sixteen threads, IPv4; 10 ms, 3 % overtaken, 1 % lost"),
		recipe("threads-8-plain", 83, 8, false, lossy(crossing(8*ms, .03, ms), .01), noOptions, "eight threads; 8 ms, 3 % overtaken, 1 % lost, neither SACK nor timestamps"),
	}
}
