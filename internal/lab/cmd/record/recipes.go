//go:build linux

package record

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"
)

// Recipe says how one recording is made.
type Recipe struct {
	Name, About string
	Seed        uint64
	V4          bool
	Veth        bool     // over a veth pair with its offloads on, not over TUN
	Loopback    bool     // the host talks to itself
	OneLink     bool     // host and peers are on one link
	Numbered    bool     // the peers' addresses are numbered: 2001:db8:s::h
	Verdicts    bool     // for what is judged of verdicts
	Threads     int      // that record beside, from a packet socket; 0 = none
	Raw         *rawView // raw sockets that a sniffer reads beside; nil = none
	Vantage     vantage
	Missed      float64 // share of packets that the capture lacks
	Up, Down    Shape
	Sysctl      map[string]string // below /proc/sys/net, in both namespaces
	Run         func(context.Context, *clients) error
}

const (
	ms   = time.Millisecond
	mbit = 1_000_000
)

// path is a plain network path: 20 ms there and back.
func path(rate int64) Shape {
	return Shape{Delay: 10 * ms, Jitter: ms / 2, Rate: rate, Queue: 256 << 10}
}

func lossy(s Shape, share float64) Shape { s.Loss = share; return s }

func reordering(s Shape, share float64, by time.Duration) Shape {
	s.Reorder, s.ReorderBy = share, by
	return s
}

func duplicating(s Shape, share float64) Shape { s.Duplicate = share; return s }

var (
	noTimestamps = map[string]string{"ipv4/tcp_timestamps": "0"}
	bbr          = map[string]string{"ipv4/tcp_congestion_control": "bbr"}
)

var noOptions = map[string]string{"ipv4/tcp_sack": "0", "ipv4/tcp_timestamps": "0"}

// recipes lists all recordings. The seeds fix addresses and the network's
// dice; the stacks' own timing makes each run differ all the same.
func recipes() []Recipe {
	clean := path(20 * mbit)
	return []Recipe{
		{Name: "clean", Seed: 1, Up: clean, Down: clean, Run: transfers(1.3e6, 700e3),
			About: "downloads and uploads, nothing lost"},
		{Name: "lossy", Seed: 2, Up: lossy(clean, .01), Down: lossy(clean, .02), Run: transfers(1.3e6, 700e3),
			About: "1 % lost outbound, 2 % inbound"},
		{Name: "reorder-light", Seed: 3, Up: reordering(clean, .005, 2*ms), Down: reordering(clean, .01, 2*ms),
			Run: transfers(1.3e6, 700e3), About: "1 % of the packets are overtaken, by up to 2 ms"},
		{Name: "reorder-heavy", Seed: 4, Up: reordering(clean, .06, 8*ms), Down: reordering(clean, .1, 8*ms),
			Run: transfers(1.3e6, 700e3), About: "10 % of the packets are overtaken, by up to 8 ms"},
		{Name: "long-fat", Seed: 5, Run: longFat, About: "100 ms and 200 Mbit/s, one loss in 700",
			Up:   Shape{Delay: 50 * ms, Jitter: ms, Rate: 200 * mbit, Queue: 2 << 20},
			Down: Shape{Delay: 50 * ms, Jitter: ms, Rate: 200 * mbit, Queue: 2 << 20, Loss: .0015}},
		{Name: "many-flows", Seed: 6, Up: lossy(clean, .003), Down: lossy(clean, .003), Run: manyFlows(220),
			About: "page loads from many addresses, DNS, UDP, echo, fragments, unreachable ports"},
		{Name: "duplicating", Seed: 7, Up: duplicating(clean, .03), Down: duplicating(clean, .03),
			Run: transfers(1.2e6, 600e3), About: "3 % of the packets arrive twice"},
		{Name: "plain-tcp", Seed: 8, Up: lossy(clean, .01), Down: reordering(lossy(clean, .015), .01, 3*ms),
			Sysctl: noOptions, Run: transfers(1.2e6, 600e3), About: "neither SACK nor timestamps; loss and reordering"},
		{Name: "bidirectional", Seed: 9, Up: lossy(clean, .005), Down: lossy(clean, .005), Run: bidirectional,
			About: "bulk in both directions of each connection at once"},
		{Name: "idle-and-full", Seed: 10, Up: clean, Down: lossy(clean, .002), Run: idleAndFull,
			Sysctl: map[string]string{"ipv4/tcp_rmem": "4096 32768 65536"},
			About:  "keep-alives, zero windows and probes of both ends"},
		{Name: "v4-lossy", Seed: 11, V4: true, Up: lossy(clean, .01), Down: lossy(clean, .02),
			Run: transfers(1.2e6, 600e3), About: "IPv4; 1 % lost outbound, 2 % inbound"},
		{Name: "v4-many-flows", Seed: 12, V4: true, Up: clean, Down: reordering(clean, .005, 2*ms),
			Run: manyFlows(150), About: "IPv4; page loads, DNS, UDP, echo"},
		{Name: "offload", Seed: 13, Veth: true, Run: offloaded,
			About: "veth with offloads: neighbor discovery, MLD, partial checksums, segments beyond the MTU"},
		{Name: "no-timestamps", Seed: 14, Up: lossy(clean, .005), Down: reordering(lossy(clean, .01), .01, 3*ms),
			Sysctl: noTimestamps, Run: transfers(1.2e6, 600e3), About: "SACK without timestamps, as of Windows; loss and reordering"},
		{Name: "bbr", Seed: 15, Up: lossy(clean, .01), Down: lossy(clean, .02), Sysctl: bbr,
			Run: transfers(1.2e6, 600e3), About: "as lossy, under BBR in CUBIC's stead"},
		{Name: "heavy", Seed: 16, Up: heavy(clean), Down: heavy(clean), Run: transfers(500e3, 300e3),
			About: "3 % lost, 4 % overtaken by up to 5 ms, 2 % twice"},
		{Name: "plain-heavy", Seed: 17, Up: heavy(clean), Down: heavy(clean), Sysctl: noOptions, Run: transfers(500e3, 300e3),
			About: "the same with neither SACK nor timestamps"},
		{Name: "ports-again", Seed: 18, Up: lossy(clean, .003), Down: lossy(clean, .003), Run: usedAgain(6, 24),
			About: "port pairs that are used again within milliseconds, after resets and FINs"},
		{Name: "loopback", Seed: 19, Loopback: true, Run: locally, About: "the host talks to itself"},
		{Name: "v4-loopback", Seed: 20, V4: true, Loopback: true, Run: locally, About: "the same over IPv4"},
	}
}

// elsewhereRecipes lists the recordings that are not taken at the host's stack.
func elsewhereRecipes() []Recipe {
	rough := lossy(reordering(path(20*mbit), .01, 3*ms), .01)
	return []Recipe{
		{Name: "below-stack", Seed: 31, Vantage: belowStack, Up: rough, Down: rough, Run: transfers(1e6, 500e3),
			About: "a driver's view: batches of inbound packets before the ACKs for their first ones"},
		{Name: "mid-path", Seed: 32, Vantage: midPath, Up: rough, Down: rough, Run: transfers(1e6, 500e3),
			About: "a tap in mid-path: both sides reorder and lose before it and behind it"},
		{Name: "v4-mid-path", Seed: 33, V4: true, Vantage: midPath, Up: rough, Down: rough, Sysctl: noOptions,
			Run: transfers(1e6, 500e3), About: "the same over IPv4 with neither SACK nor timestamps"},
		{Name: "missed", Seed: 34, Missed: .02, Up: rough, Down: rough, Run: transfers(1e6, 500e3),
			About: "at the stack, 2 % of the packets missing in bursts"},
		{Name: "below-stack-missed", Seed: 35, Vantage: belowStack, Missed: .02, Up: rough, Down: rough, Run: transfers(1e6, 500e3),
			About: "as below-stack, 2 % of the packets missing in bursts"},
	}
}

// headerRecipes lists the recordings that inference is measured with besides.
func headerRecipes() []Recipe {
	clean := path(20 * mbit)
	near := Shape{Delay: ms, Rate: 100 * mbit, Queue: 256 << 10}
	return []Recipe{
		{Name: "numbered", Seed: 41, Numbered: true, Up: lossy(clean, .003), Down: lossy(clean, .003), Run: manyFlows(150),
			About: "page loads from addresses numbered in two words, which collide"},
		{Name: "one-link", Seed: 42, OneLink: true, Up: near, Down: near, Run: onLink,
			About: "link-local neighbors, and services that send to groups"},
		{Name: "one-link-offload", Seed: 43, OneLink: true, Veth: true, Run: onLink,
			About: "the same over veth with its offloads on"},
	}
}

// heavy is a bad path.
func heavy(s Shape) Shape { return duplicating(reordering(lossy(s, .03), .04, 5*ms), .02) }

// transfers runs two downloads and one upload at a time, and a chat beside.
func transfers(down, up int64) func(context.Context, *clients) error {
	return func(ctx context.Context, c *clients) error {
		var group errgroup.Group
		for range 2 {
			group.Go(func() error { return c.download(ctx, c.server(), down) })
		}
		group.Go(func() error { return c.upload(ctx, c.server(), "PUT", up) })
		group.Go(func() error { return c.chatty(ctx, c.server(), 300, 9000, 40000, 70) })
		return group.Wait()
	}
}

// longFat fills a large window once; the socket buffers have to allow it.
func longFat(ctx context.Context, c *clients) error {
	var group errgroup.Group
	group.Go(func() error { return c.download(ctx, c.server(), 4e6) })
	group.Go(func() error { return c.upload(ctx, c.server(), "PUT", 1.5e6) })
	return group.Wait()
}

func bidirectional(ctx context.Context, c *clients) error {
	var group errgroup.Group
	for range 3 {
		group.Go(func() error { return c.duplex(ctx, c.server(), 700e3) })
	}
	return group.Wait()
}

func idleAndFull(ctx context.Context, c *clients) error {
	var group errgroup.Group
	for i := range 3 {
		group.Go(func() error { return c.stalledReader(ctx, 120e3, time.Duration(900+i*300)*ms) })
		group.Go(func() error { return c.upload(ctx, c.server(), "SLOW", 300e3) })
		group.Go(func() error { return c.idle(ctx, time.Second, 4500*ms) })
	}
	return group.Wait()
}
