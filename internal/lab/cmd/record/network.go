//go:build linux

package record

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/mendcap/mendcap/internal/lab"
)

// The addresses: documentation prefixes only (RFC 3849, RFC 5737). The peers
// answer for the whole of theirs.
const (
	hostV4   = "192.0.2.10"
	hostV6   = "2001:db8:1::10"
	serverV4 = "198.51.100.1"
	serverV6 = "2001:db8:8000::1"
)

// network is a host and its peers, each in a namespace of its own.
type network struct {
	host, peers *namespace
	suffix      string // of the namespaces' names
	rng         *rand.Rand
	private     []string // the host's own IPv6 addresses with random identifiers
	services    []string // addresses with DNS and UDP services
	numbered    bool     // names lead to addresses that are numbered by hand
	ends        [2]near  // of the host and of the peers, where they share a link
	nearby      []string // the peers' link-local addresses
	sniffed     []byte   // what threads recorded beside
}

func newNetwork(seed uint64) (*network, error) {
	suffix := fmt.Sprint(os.Getpid())
	host, err := newNamespace("mendcap-host-" + suffix)
	if err != nil {
		return nil, err
	}
	peers, err := newNamespace("mendcap-peers-" + suffix)
	if err != nil {
		return nil, err
	}
	n := &network{host: host, peers: peers, suffix: suffix, rng: rand.New(rand.NewPCG(seed, 1))}
	for range 3 {
		n.private = append(n.private, n.randomV6("2001:db8:1:0"))
	}
	n.services = []string{serverV4, serverV6}
	for i := range 6 {
		n.services = append(n.services, n.randomV6(fmt.Sprintf("2001:db8:8000:%x", 0x100+i)))
	}
	return n, nil
}

func (n *network) remove() error {
	if err := n.host.remove(); err != nil {
		return err
	}
	return n.peers.remove()
}

// randomV6 makes an address as privacy extensions do: a random identifier
// (RFC 8981) after a /64 given by its four groups.
func (n *network) randomV6(prefix string) string {
	id := n.rng.Uint64()
	return net.ParseIP(fmt.Sprintf("%s:%x:%x:%x:%x", prefix,
		id>>48, id>>32&0xFFFF, id>>16&0xFFFF, id&0xFFFF)).String()
}

// addressOf gives each name an address in the peers' network.
func (n *network) addressOf(name string, v4 bool) net.IP {
	h := fnv.New64a()
	h.Write([]byte(name))
	sum := h.Sum64()
	if v4 {
		return net.IPv4(203, 0, 113, byte(1+sum%250)).To4()
	}
	if n.numbered {
		return net.ParseIP(fmt.Sprintf("2001:db8:%x::%x", 0x8001+sum%32, 1+sum>>32%32))
	}
	return net.ParseIP(fmt.Sprintf("2001:db8:8%03x:%x:%x:%x:%x:%x", sum>>52,
		sum>>40&0xFFFF, sum>>48, sum>>32&0xFFFF, sum>>16&0xFFFF, sum&0xFFFF))
}

// configure sets addresses and routes for the devices of host and peers.
func (n *network) configure(hostDev, peerDev string) error {
	quiet := map[string]string{
		"ipv6/conf/default/accept_dad": "0", "ipv6/conf/all/accept_dad": "0",
	}
	if err := n.host.sysctl(quiet); err != nil {
		return err
	}
	if err := n.peers.sysctl(quiet); err != nil {
		return err
	}
	if err := n.host.ip("link set lo up", "link set "+hostDev+" txqueuelen 10000 up",
		"addr add "+hostV4+"/24 dev "+hostDev, "addr add "+hostV6+"/64 dev "+hostDev+" nodad"); err != nil {
		return err
	}
	for _, address := range n.private {
		if err := n.host.ip("addr add " + address + "/64 dev " + hostDev + " nodad"); err != nil {
			return err
		}
	}
	return n.answerForAll(n.peers, peerDev)
}

// answerForAll gives a namespace the addresses of all peers.
func (n *network) answerForAll(to *namespace, device string) error {
	if err := to.ip("link set lo up", "link set "+device+" txqueuelen 10000 up",
		"route add local 203.0.113.0/24 dev lo", "-6 route add local 2001:db8:8000::/33 dev lo"); err != nil {
		return err
	}
	for _, address := range n.services {
		if err := to.ip("addr add " + address + " dev lo"); err != nil {
			return err
		}
	}
	return nil
}

// route connects the two networks over point-to-point devices.
func (n *network) route(hostDev, peerDev string) error {
	if err := n.host.ip("route add default dev "+hostDev, "-6 route add default dev "+hostDev); err != nil {
		return err
	}
	return n.peers.ip("route add default dev "+peerDev+" src "+serverV4, "-6 route add default dev "+peerDev)
}

// openTUN makes a TUN device in the namespace and returns its descriptor.
// Without IFF_VNET_HDR the stack computes checksums and segments by itself; with
// IFF_NAPI among the flags it does GRO.
func (n *namespace) openTUN(name string, flags uint16) (fd int, err error) {
	err = n.do(func() error {
		fd, err = unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_NONBLOCK, 0)
		if err != nil {
			return fmt.Errorf("open tun: %w", err)
		}
		request, err := unix.NewIfreq(name)
		if err != nil {
			return err
		}
		request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI | flags)
		return unix.IoctlIfreq(fd, unix.TUNSETIFF, request)
	})
	return fd, err
}

// overTUN runs the traffic over two TUN devices and a forwarder.
func overTUN(ctx context.Context, n *network, r Recipe, out *lab.Writer, events *eventLog) (frames int, failed error) {
	var flags uint16
	if r.Raw != nil && r.Raw.GRO {
		flags = unix.IFF_NAPI
	}
	hostFD, err := n.host.openTUN(tunDevice, flags)
	if err != nil {
		return 0, err
	}
	defer unix.Close(hostFD)
	peerFD, err := n.peers.openTUN(tunDevice, 0)
	if err != nil {
		return 0, err
	}
	defer unix.Close(peerFD)
	if err := n.connect(r); err != nil {
		return 0, err
	}
	f := &forwarder{host: hostFD, peer: peerFD, out: out, events: events, start: time.Now(), vantage: r.Vantage, oneLink: r.OneLink,
		miss: misses{share: r.Missed, rng: rand.New(rand.NewPCG(r.Seed, 6))},
		up:   r.Vantage.path(r.Up, r.Seed, 2), down: r.Vantage.path(r.Down, r.Seed, 3)}
	stop, err := n.sniffBeside(r, f)
	if err != nil {
		return 0, err
	}
	defer func() {
		if err := stop(); failed == nil {
			frames, failed = f.frames, err
		}
	}()
	done := make(chan error, 1)
	go func() { done <- f.run() }()
	err = n.traffic(ctx, r)
	time.Sleep(4*r.Down.Delay + 300*time.Millisecond) // the last FINs and their ACKs
	f.stop()
	if runErr := <-done; err == nil {
		err = runErr
	}
	return f.frames, err
}

// connect sets up the TUN devices of host and peers.
func (n *network) connect(r Recipe) error {
	if err := n.configure(tunDevice, tunDevice); err != nil {
		return err
	}
	if err := n.route(tunDevice, tunDevice); err != nil {
		return err
	}
	if r.OneLink {
		return n.joinLink(tunDevice)
	}
	if r.Raw != nil && r.Raw.GRO {
		return n.host.joinSegments()
	}
	return nil
}

// sniffBeside starts the sniffer that a recipe asks for. What it wrote is in n.sniffed
// after stop has been called.
func (n *network) sniffBeside(r Recipe, f *forwarder) (stop func() error, err error) {
	var beside interface{ stop() ([]byte, error) }
	switch {
	case r.Raw != nil:
		beside, err = n.sniffRaw(r.Raw, f)
	case r.Threads > 0:
		beside, err = n.sniff(tunDevice, r.Threads, f.now)
	default:
		return func() error { return nil }, nil
	}
	return func() (err error) {
		n.sniffed, err = beside.stop()
		return err
	}, err
}

// traffic sets the stacks up and runs the recipe's clients to their end.
func (n *network) traffic(ctx context.Context, r Recipe) error {
	for _, side := range []*namespace{n.host, n.peers} {
		if err := side.sysctl(r.Sysctl); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	n.numbered = r.Numbered
	listen := n.listen
	if r.Loopback {
		listen = n.listenLocally
	}
	if err := listen(ctx); err != nil {
		return fmt.Errorf("start services: %w", err)
	}
	return r.Run(ctx, &clients{network: n, v4: r.V4, loopback: r.Loopback})
}
