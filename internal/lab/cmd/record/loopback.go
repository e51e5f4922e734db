//go:build linux

package record

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"github.com/mendcap/mendcap/internal/lab"
)

// overLoopback lets the host talk to itself and captures each packet when it is
// sent, in the order in which the device got them.
func overLoopback(ctx context.Context, n *network, r Recipe, out *lab.Writer) (int, error) {
	if err := n.host.ip("link set lo up"); err != nil {
		return 0, err
	}
	fd, err := n.host.openPacketSocket("lo")
	if err != nil {
		return 0, err
	}
	defer unix.Close(fd)
	s := &sniffer{fd: fd, out: out, loopback: true}
	done := make(chan error, 1)
	go func() { done <- s.run() }()
	err = n.traffic(ctx, r)
	time.Sleep(300 * time.Millisecond)
	s.stopped.Store(true)
	return s.frames, errors.Join(err, <-done)
}

// locally is what processes on one host say to each other over some seconds:
// many small exchanges, and some bulk.
func locally(ctx context.Context, c *clients) error {
	var group errgroup.Group
	for i := range 6 {
		group.Go(func() error { return c.localChat(ctx, i) })
	}
	for range 8 {
		if err := errors.Join(c.download(ctx, c.server(), 500e3), c.upload(ctx, c.server(), "PUT", 250e3),
			c.duplex(ctx, c.server(), 200e3)); err != nil {
			return err
		}
		time.Sleep(200 * time.Millisecond)
	}
	return group.Wait()
}

func (c *clients) localChat(ctx context.Context, i int) error {
	return c.exchange(ctx, c.server(), func(conn *net.TCPConn) error {
		for k := range 60 {
			if err := get(conn, int64(50+(i*7919+k*k*131)%6000)); err != nil {
				return err
			}
			if k%3 == 0 {
				time.Sleep(time.Duration(40+(i*31+k*17)%80) * time.Millisecond)
			}
		}
		return nil
	})
}

// completeSum writes the TCP checksum that the stack left to a device that this
// packet never reaches.
func completeSum(data []byte) {
	be := binary.BigEndian
	upper, addresses := 40, data[8:40]
	if data[0]>>4 == 4 {
		upper, addresses = int(data[0]&15)*4, data[12:20]
	}
	segment := data[upper:]
	segment[16], segment[17] = 0, 0
	sum := uint32(protoTCP) + uint32(len(segment))&0xFFFF + uint32(len(segment))>>16
	for _, part := range [][]byte{addresses, segment} {
		for i := 0; i+1 < len(part); i += 2 {
			sum += uint32(be.Uint16(part[i:]))
		}
		if len(part)%2 == 1 {
			sum += uint32(part[len(part)-1]) << 8
		}
		sum = sum&0xFFFF + sum>>16
	}
	sum = sum&0xFFFF + sum>>16
	be.PutUint16(segment[16:], ^uint16(sum+sum>>16))
}

const protoTCP = 6

// isTCP reports whether an IP packet without extension headers is TCP.
func isTCP(data []byte) bool {
	if len(data) >= 60 && data[0]>>4 == 6 {
		return data[6] == protoTCP
	}
	return len(data) >= 40 && data[0]>>4 == 4 && data[9] == protoTCP
}
