//go:build linux

package record

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"
)

// near is one end of the link that host and peers share.
type near struct {
	*namespace
	index int // of its device
}

// zone names the device in addresses. Names of devices are cached by the net
// package, whatever the namespace; numbers are not.
func (e *near) zone() string { return strconv.Itoa(e.index) }

// nearby is how many link-local addresses the peers have: half of them random,
// the others numbered.
const nearby = 60

// joinLink gives the peers link-local addresses, and the host a second one.
func (n *network) joinLink(device string) error {
	n.ends = [2]near{{namespace: n.host}, {namespace: n.peers}}
	for i := range n.ends {
		e := &n.ends[i]
		err := e.do(func() error {
			found, err := net.InterfaceByName(device)
			if err == nil {
				e.index = found.Index
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("find %s: %w", device, err)
		}
	}
	for i := range nearby {
		address := fmt.Sprintf("fe80::%x", 0x100+i)
		if i%2 == 0 {
			address = n.randomV6("fe80:0:0:0")
		}
		n.nearby = append(n.nearby, address)
		if err := n.peers.ip("addr add " + address + "/64 dev " + device + " nodad"); err != nil {
			return err
		}
	}
	return n.host.ip("addr add fe80::10/64 dev " + device + " nodad")
}

// listenNearby starts the UDP service on the link-local addresses.
func (n *network) listenNearby(ctx context.Context) error {
	for _, address := range n.nearby {
		err := n.peers.do(func() error {
			conn, err := net.ListenPacket("udp6", "["+address+"%"+n.ends[1].zone()+"]:4433")
			if err != nil {
				return err
			}
			go serveUDP(conn)
			context.AfterFunc(ctx, func() { conn.Close() })
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// onLink is what hosts on one link say to each other, and to groups.
func onLink(ctx context.Context, c *clients) error {
	if err := c.listenNearby(ctx); err != nil {
		return err
	}
	for i, address := range c.nearby {
		if err := c.neighbor(ctx, i, address); err != nil {
			return fmt.Errorf("%s: %w", address, err)
		}
	}
	for round := range 12 {
		if err := c.toGroups(ctx, round); err != nil {
			return err
		}
	}
	// Reports as of MLDv1 (RFC 2710).
	for _, e := range c.ends {
		if err := e.sysctl(map[string]string{"ipv6/conf/all/force_mld_version": "1"}); err != nil {
			return err
		}
	}
	return c.toGroups(ctx, 12)
}

// neighbor talks to one of the peers' link-local addresses.
func (c *clients) neighbor(ctx context.Context, i int, address string) error {
	host := &c.ends[0]
	to := address + "%" + host.zone()
	var conn net.Conn
	err := host.do(func() error {
		var dialer net.Dialer
		dialer.SetMultipathTCP(false)
		opened, err := dialer.DialContext(ctx, "tcp6", net.JoinHostPort(to, "443"))
		conn = opened
		return err
	})
	if err != nil {
		return err
	}
	for _, size := range []int64{300, int64(2000 + i*37), 40} {
		if err := get(conn, size); err != nil {
			return errors.Join(err, conn.Close())
		}
	}
	if err := conn.Close(); err != nil {
		return err
	}
	for _, size := range []int{40 + i, 900} {
		if _, err := c.askNear(to, text[:size]); err != nil {
			return err
		}
	}
	return c.ping(to, uint16(1000+i), 56, 1)
}

// askNear sends a datagram to a link-local address and waits for the answer.
func (c *clients) askNear(to string, query []byte) (n int, err error) {
	var conn net.Conn
	err = c.ends[0].do(func() error {
		conn, err = net.Dial("udp6", net.JoinHostPort(to, "4433"))
		return err
	})
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(2 * time.Second)); err != nil {
		return 0, err
	}
	if _, err := conn.Write(query); err != nil {
		return 0, err
	}
	return conn.Read(make([]byte, 1<<16))
}

// group is a service that listens to a multicast group.
type group struct {
	address  string
	port     int
	from     int  // of the sender; 0 = any
	answered bool // by a datagram to the sender
}

// groups are those of mDNS, LLMNR, SSDP, WS-Discovery, DHCPv6, NTP, RIPng, and
// one that nobody has assigned.
var groups = []group{
	{"ff02::fb", 5353, 5353, false},
	{"ff02::1:3", 5355, 0, true},
	{"ff02::c", 1900, 0, true},
	{"ff02::c", 3702, 0, false},
	{"ff02::1:2", 547, 546, true},
	{"ff02::101", 123, 123, false},
	{"ff02::9", 521, 521, false},
	{"ff02::4d43:1", 9999, 0, true},
}

// toGroups has both ends send to all groups once, the other one listening.
func (c *clients) toGroups(ctx context.Context, round int) error {
	for i := range c.ends {
		from, to := &c.ends[i], &c.ends[1-i]
		var all errgroup.Group
		for k, g := range groups {
			all.Go(func() error { return g.exchange(ctx, from, to, 40+round*13+k) })
		}
		if err := all.Wait(); err != nil {
			return err
		}
	}
	return c.ping("ff02::1%"+c.ends[0].zone(), uint16(3000+round), 56, 1)
}

// exchange sends one datagram to the group and, where it is answered, waits for
// the answer.
func (g group) exchange(ctx context.Context, from, to *near, size int) error {
	listener, err := g.open(ctx, to, g.port, true)
	if err != nil {
		return err
	}
	defer listener.Close()
	sender, err := g.open(ctx, from, g.from, g.from == g.port)
	if err != nil {
		return err
	}
	defer sender.Close()
	address := netip.MustParseAddr(g.address).WithZone(from.zone())
	if _, err := sender.WriteToUDPAddrPort(text[:size], netip.AddrPortFrom(address, uint16(g.port))); err != nil {
		return err
	}
	buf := make([]byte, 1500)
	n, back, err := receive(listener, buf)
	if err != nil || !g.answered {
		return err
	}
	if _, err := listener.WriteToUDPAddrPort(text[:n+30], back); err != nil {
		return err
	}
	_, _, err = receive(sender, buf)
	return err
}

func receive(conn *net.UDPConn, buf []byte) (int, netip.AddrPort, error) {
	if err := conn.SetReadDeadline(time.Now().Add(2 * time.Second)); err != nil {
		return 0, netip.AddrPort{}, err
	}
	return conn.ReadFromUDPAddrPort(buf)
}

// open returns a socket at a port, joined to the group or not.
func (g group) open(ctx context.Context, e *near, port int, join bool) (*net.UDPConn, error) {
	config := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
		var reuse, out, joined error
		outer := raw.Control(func(fd uintptr) {
			reuse = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
			out = unix.SetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_LOOP, 0)
			if join {
				request := unix.IPv6Mreq{Multiaddr: netip.MustParseAddr(g.address).As16(), Interface: uint32(e.index)}
				joined = unix.SetsockoptIPv6Mreq(int(fd), unix.IPPROTO_IPV6, unix.IPV6_JOIN_GROUP, &request)
			}
		})
		return errors.Join(outer, reuse, out, joined)
	}}
	var conn *net.UDPConn
	err := e.do(func() error {
		opened, err := config.ListenPacket(ctx, "udp6", net.JoinHostPort("::", strconv.Itoa(port)))
		if err == nil {
			conn = opened.(*net.UDPConn)
		}
		return err
	})
	return conn, err
}
