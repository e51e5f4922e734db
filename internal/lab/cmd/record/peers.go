//go:build linux

package record

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// text is what all payloads repeat: recordings have to compress well.
var text = bytes.Repeat([]byte("mendcap: the quick brown packet jumps over the lazy router....\r\n"), 1024)

// serveTCP answers the lab's line protocol until the listener is closed:
//
//	GET n    n bytes come back
//	PUT n    n bytes follow, OK comes back
//	SLOW n   the same, read after a pause that fills the window
//	BOTH n   n bytes in each direction at once
//	LAST n   n bytes come back, then the server closes
func serveTCP(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			serveConn(conn.(*net.TCPConn))
		}()
	}
}

// serveConn ends at the first error: the client sees it and reports.
func serveConn(conn *net.TCPConn) {
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	in := bufio.NewReader(conn)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		verb, number, _ := strings.Cut(strings.TrimSpace(line), " ")
		size, err := strconv.ParseInt(number, 10, 64)
		if err != nil || serveRequest(conn, in, verb, size) != nil {
			return
		}
	}
}

func serveRequest(conn *net.TCPConn, in io.Reader, verb string, size int64) error {
	switch verb {
	case "GET":
		return send(conn, size)
	case "LAST":
		return errors.Join(send(conn, size), io.EOF)
	case "SLOW":
		time.Sleep(1500 * time.Millisecond)
		fallthrough
	case "PUT":
		if _, err := io.CopyN(io.Discard, in, size); err != nil {
			return err
		}
		_, err := io.WriteString(conn, "OK\r\n")
		return err
	case "BOTH":
		return both(conn, in, size)
	}
	return fmt.Errorf("unknown request %q", verb)
}

// both sends and receives size bytes at the same time.
func both(out io.Writer, in io.Reader, size int64) error {
	done := make(chan error, 1)
	go func() { done <- send(out, size) }()
	_, err := io.CopyN(io.Discard, in, size)
	return errors.Join(err, <-done)
}

func send(w io.Writer, size int64) error {
	for size > 0 {
		n, err := w.Write(text[:min(size, int64(len(text)))])
		if err != nil {
			return err
		}
		size -= int64(n)
	}
	return nil
}

// serveUDP answers each datagram by one of the same size.
func serveUDP(conn net.PacketConn) {
	buf := make([]byte, 1<<16)
	for {
		n, from, err := conn.ReadFrom(buf)
		if err != nil {
			return
		}
		if _, err := conn.WriteTo(text[:n], from); err != nil {
			return
		}
	}
}

// serveDNS answers queries by handing out the peer network's addresses.
func serveDNS(conn net.PacketConn, pick func(name string, v4 bool) net.IP) {
	buf := make([]byte, 1500)
	for {
		n, from, err := conn.ReadFrom(buf)
		if err != nil {
			return
		}
		answer, err := dnsAnswer(buf[:n], pick)
		if err != nil {
			continue
		}
		if _, err := conn.WriteTo(answer, from); err != nil {
			return
		}
	}
}

// listen starts all services of the peers. They end when the context does.
func (n *network) listen(ctx context.Context) error {
	return n.peers.do(func() error {
		if err := listenTCP(ctx); err != nil {
			return err
		}
		for _, address := range n.services {
			if err := n.listenUDP(ctx, address); err != nil {
				return err
			}
		}
		return nil
	})
}

// listenLocally starts the line protocol's server on the host itself.
func (n *network) listenLocally(ctx context.Context) error {
	return n.host.do(func() error { return listenTCP(ctx) })
}

func listenTCP(ctx context.Context) error {
	var config net.ListenConfig
	config.SetMultipathTCP(false) // plain TCP is what is wanted
	listener, err := config.Listen(ctx, "tcp", ":443")
	if err != nil {
		return err
	}
	go serveTCP(listener)
	context.AfterFunc(ctx, func() { listener.Close() })
	return nil
}

func (n *network) listenUDP(ctx context.Context, address string) error {
	dns, err := net.ListenPacket("udp", net.JoinHostPort(address, "53"))
	if err != nil {
		return err
	}
	echo, err := net.ListenPacket("udp", net.JoinHostPort(address, "4433"))
	if err != nil {
		return err
	}
	go serveDNS(dns, n.addressOf)
	go serveUDP(echo)
	context.AfterFunc(ctx, func() { dns.Close(); echo.Close() })
	return nil
}
