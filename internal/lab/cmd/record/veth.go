//go:build linux

package record

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"github.com/mendcap/mendcap/internal/lab"
)

// overVeth runs the traffic over a veth pair and captures at the host's end
// as tcpdump would: the stacks leave checksums and segmentation to the device.
func overVeth(ctx context.Context, n *network, r Recipe, out *lab.Writer) (int, error) {
	if err := ip("link", "add", "v0", "netns", n.host.name, "type", "veth",
		"peer", "name", "v0", "netns", n.peers.name); err != nil {
		return 0, err
	}
	fd, err := n.host.openPacketSocket("v0")
	if err != nil {
		return 0, err
	}
	defer unix.Close(fd)
	s := &sniffer{fd: fd, out: out}
	done := make(chan error, 1)
	go func() { done <- s.run() }()
	if err = n.configureVeth(); err == nil && r.OneLink {
		err = n.joinLink("v0")
	}
	if err == nil {
		time.Sleep(2 * time.Second) // neighbor discovery and MLD of the start
		err = n.traffic(ctx, r)
	}
	time.Sleep(300 * time.Millisecond)
	s.stopped.Store(true)
	return s.frames, errors.Join(err, <-done)
}

// configureVeth gives the devices addresses and routes by next hops, so that
// there are neighbors to discover.
func (n *network) configureVeth() error {
	if err := n.configure("v0", "v0"); err != nil {
		return err
	}
	if err := n.peers.ip("addr add 192.0.2.1/24 dev v0", "addr add 2001:db8:1::1/64 dev v0 nodad"); err != nil {
		return err
	}
	return n.host.ip("route add default via 192.0.2.1", "-6 route add default via 2001:db8:1::1")
}

// openPacketSocket sees everything on a device of the namespace.
func (n *namespace) openPacketSocket(name string) (fd int, err error) {
	err = n.do(func() error {
		const all = unix.ETH_P_ALL<<8 | unix.ETH_P_ALL>>8 // network order
		fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, all)
		if err != nil {
			return fmt.Errorf("open packet socket: %w", err)
		}
		timeout := unix.Timeval{Usec: 100_000}
		device, err := net.InterfaceByName(name)
		if err != nil {
			return err
		}
		return errors.Join(
			unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: device.Index}),
			unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 256<<20),
			unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1),
			unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &timeout))
	})
	return fd, err
}

// sniffer records from a packet socket, in the order in which the kernel
// queued the packets.
type sniffer struct {
	fd      int
	out     *lab.Writer
	frames  int
	stamp   int64
	stopped atomic.Bool
	// loopback: each packet passes twice, and is taken when it is sent.
	loopback bool
}

func (s *sniffer) run() error {
	buf, control := make([]byte, 1<<18), make([]byte, 256)
	for !s.stopped.Load() {
		n, controlLen, _, from, err := unix.Recvmsg(s.fd, buf, control, 0)
		if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR) || errors.Is(err, unix.ENETDOWN) {
			continue
		}
		if err != nil {
			return fmt.Errorf("read packet socket: %w", err)
		}
		if err := s.record(buf[:n], control[:controlLen], from); err != nil {
			return err
		}
	}
	return nil
}

// record keeps the kernel's stamp; two processors' stamps may cross by
// nanoseconds, then the order of the queue holds.
func (s *sniffer) record(data, control []byte, from unix.Sockaddr) error {
	stamp, err := kernelStamp(control)
	if err != nil {
		return err
	}
	direction := uint32(lab.Inbound)
	if ll, ok := from.(*unix.SockaddrLinklayer); ok && ll.Pkttype == unix.PACKET_OUTGOING {
		direction = lab.Outbound
	}
	if s.loopback {
		if direction == lab.Inbound || len(data) < ethernetHeader {
			return nil
		}
		data, direction = data[ethernetHeader:], lab.NoDirection
		if isTCP(data) {
			completeSum(data)
		}
	}
	s.stamp = max(s.stamp, stamp)
	s.frames++
	return s.out.Write(s.stamp, data, direction)
}

const ethernetHeader = 14

func kernelStamp(control []byte) (int64, error) {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return 0, fmt.Errorf("read control message: %w", err)
	}
	for _, m := range messages {
		if m.Header.Type == unix.SO_TIMESTAMPNS && len(m.Data) >= int(unsafe.Sizeof(unix.Timespec{})) {
			return (*unix.Timespec)(unsafe.Pointer(&m.Data[0])).Nano(), nil
		}
	}
	return 0, errors.New("packet without the kernel's time")
}

// offloaded is traffic with everything that offloads change.
func offloaded(ctx context.Context, c *clients) error {
	v4 := &clients{network: c.network, v4: true}
	for range 6 {
		var group errgroup.Group
		group.Go(func() error { return c.download(ctx, c.server(), 500e3) })
		group.Go(func() error { return c.upload(ctx, c.server(), "PUT", 500e3) })
		group.Go(func() error { return v4.download(ctx, serverV4, 150e3) })
		if err := group.Wait(); err != nil {
			return err
		}
		if err := c.ping("2001:db8:1::1", 7, 56, 3); err != nil {
			return err
		}
	}
	if err := c.ping("ff02::1%v0", 8, 56, 2); err != nil {
		return err
	}
	return manyFlows(60)(ctx, c)
}
