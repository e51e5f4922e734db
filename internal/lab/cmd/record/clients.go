//go:build linux

package record

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"syscall"
	"time"
)

// clients makes the host's side of the traffic.
type clients struct {
	*network
	v4       bool
	loopback bool       // the host talks to itself
	mu       sync.Mutex // of rng
}

// dialOptions are what a connection wants beyond the defaults.
type dialOptions struct {
	receive   int // SO_RCVBUF, bytes
	port      int // of the host, used again although it is in use still; 0 = any
	keepAlive time.Duration
}

// server is the address of the main peer, host the address to use with it.
func (c *clients) server() string {
	switch {
	case c.loopback && c.v4:
		return "127.0.0.1"
	case c.loopback:
		return "::1"
	case c.v4:
		return serverV4
	}
	return serverV6
}

func (c *clients) source() net.IP {
	if c.loopback {
		return net.ParseIP(c.server())
	}
	if c.v4 {
		return net.ParseIP(hostV4)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return net.ParseIP(c.private[c.rng.IntN(len(c.private))])
}

// dial connects from the host to a peer.
func (c *clients) dial(ctx context.Context, to string, o dialOptions) (conn *net.TCPConn, err error) {
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: o.from(c), Port: o.port}, KeepAlive: -1, Control: o.control}
	if o.keepAlive > 0 {
		dialer.KeepAliveConfig = net.KeepAliveConfig{Enable: true, Idle: o.keepAlive, Interval: o.keepAlive, Count: 5}
	}
	dialer.SetMultipathTCP(false)
	err = c.host.do(func() error {
		opened, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(to, "443"))
		if err != nil {
			return err
		}
		conn = opened.(*net.TCPConn)
		return conn.SetDeadline(time.Now().Add(time.Minute))
	})
	return conn, err
}

// from is the address to use: always the same one where the port is.
func (o dialOptions) from(c *clients) net.IP {
	if o.port != 0 && !c.v4 && !c.loopback {
		return net.ParseIP(hostV6)
	}
	return c.source()
}

func (o dialOptions) control(_, _ string, raw syscall.RawConn) error {
	var receive, reuse error
	outer := raw.Control(func(fd uintptr) {
		if o.receive != 0 {
			receive = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, o.receive)
		}
		if o.port != 0 {
			reuse = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1)
		}
	})
	return errors.Join(outer, receive, reuse)
}

// exchange opens a connection, does what f says and closes it.
func (c *clients) exchange(ctx context.Context, to string, f func(*net.TCPConn) error) error {
	conn, err := c.dial(ctx, to, dialOptions{})
	if err != nil {
		return err
	}
	return errors.Join(f(conn), conn.Close())
}

func (c *clients) download(ctx context.Context, to string, size int64) error {
	return c.exchange(ctx, to, func(conn *net.TCPConn) error { return get(conn, size) })
}

func (c *clients) upload(ctx context.Context, to, verb string, size int64) error {
	return c.exchange(ctx, to, func(conn *net.TCPConn) error {
		if _, err := fmt.Fprintf(conn, "%s %d\n", verb, size); err != nil {
			return err
		}
		if err := send(conn, size); err != nil {
			return err
		}
		_, err := io.ReadFull(conn, make([]byte, 4))
		return err
	})
}

func (c *clients) duplex(ctx context.Context, to string, size int64) error {
	return c.exchange(ctx, to, func(conn *net.TCPConn) error {
		if _, err := fmt.Fprintf(conn, "BOTH %d\n", size); err != nil {
			return err
		}
		return both(conn, conn, size)
	})
}

func get(conn io.ReadWriter, size int64) error {
	if _, err := fmt.Fprintf(conn, "GET %d\n", size); err != nil {
		return err
	}
	_, err := io.CopyN(io.Discard, conn, size)
	return err
}

// chatty asks for several small things, as a page load does.
func (c *clients) chatty(ctx context.Context, to string, sizes ...int64) error {
	return c.exchange(ctx, to, func(conn *net.TCPConn) error {
		for _, size := range sizes {
			if err := get(conn, size); err != nil {
				return err
			}
			time.Sleep(3 * time.Millisecond)
		}
		return nil
	})
}

// stalledReader asks for data and leaves it unread until the window closes.
func (c *clients) stalledReader(ctx context.Context, size int64, pause time.Duration) error {
	conn, err := c.dial(ctx, c.server(), dialOptions{receive: 16 << 10})
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(conn, "GET %d\n", size); err != nil {
		return err
	}
	time.Sleep(pause)
	_, err = io.CopyN(io.Discard, conn, size)
	return errors.Join(err, conn.Close())
}

// idle keeps a connection open that only keep-alives cross.
func (c *clients) idle(ctx context.Context, interval, span time.Duration) error {
	conn, err := c.dial(ctx, c.server(), dialOptions{keepAlive: interval})
	if err != nil {
		return err
	}
	if err := get(conn, 2000); err != nil {
		return err
	}
	time.Sleep(span)
	return errors.Join(get(conn, 2000), conn.Close())
}

// resolve asks a peer's DNS for a name; it asks again as resolvers do.
func (c *clients) resolve(name string) (string, error) {
	kind, server := uint16(typeAAAA), c.services[2+len(name)%6]
	if c.v4 {
		kind, server = typeA, serverV4
	}
	c.mu.Lock()
	id := uint16(c.rng.Uint32())
	c.mu.Unlock()
	answer, err := c.ask(server, "53", dnsQuery(id, name, kind), 4)
	if err != nil {
		return "", fmt.Errorf("resolve %s: %w", name, err)
	}
	return dnsAddress(answer, c.v4).String(), nil
}

// ask sends a datagram and waits for one back, several times if need be.
func (c *clients) ask(to, port string, query []byte, tries int) (answer []byte, err error) {
	var conn net.Conn
	dialer := net.Dialer{LocalAddr: &net.UDPAddr{IP: c.source()}}
	err = c.host.do(func() error {
		conn, err = dialer.Dial("udp", net.JoinHostPort(to, port))
		return err
	})
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	buf := make([]byte, 1<<16)
	for range tries {
		if _, err = conn.Write(query); err != nil {
			return nil, err
		}
		if err = conn.SetReadDeadline(time.Now().Add(400 * time.Millisecond)); err != nil {
			return nil, err
		}
		var n int
		if n, err = conn.Read(buf); err == nil {
			return buf[:n], nil
		}
	}
	return nil, err
}

// ping sends echo requests of a size; the stacks do the rest.
func (c *clients) ping(to string, id uint16, size, count int) error {
	kind, network := byte(128), "ip6:ipv6-icmp"
	if c.v4 {
		kind, network = 8, "ip4:icmp"
	}
	return c.host.do(func() error {
		conn, err := net.DialIP(network, &net.IPAddr{IP: c.source()}, &net.IPAddr{IP: net.ParseIP(to)})
		if err != nil {
			return err
		}
		defer conn.Close()
		for i := range count {
			if _, err := conn.Write(echo(kind, id, uint16(i), size)); err != nil {
				return err
			}
			time.Sleep(20 * time.Millisecond)
		}
		return nil
	})
}

// echo builds a request (RFC 792, RFC 4443). The kernel fills in ICMPv6's
// checksum, not ICMP's.
func echo(kind byte, id, seq uint16, size int) []byte {
	be := binary.BigEndian
	msg := []byte{kind, 0, 0, 0}
	msg = be.AppendUint16(be.AppendUint16(msg, id), seq)
	msg = append(msg, text[:size&^1]...)
	if kind == 8 {
		var sum uint32
		for i := 0; i < len(msg); i += 2 {
			sum += uint32(be.Uint16(msg[i:]))
		}
		sum = sum&0xFFFF + sum>>16
		be.PutUint16(msg[2:], ^uint16(sum+sum>>16))
	}
	return msg
}
