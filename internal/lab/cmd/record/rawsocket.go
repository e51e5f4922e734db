//go:build linux

package record

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/mendcap/mendcap/internal/lab"
)

// rawView says what a sniffer with raw sockets sees of a host, and how it writes that
// down. It has one socket for each of TCP, UDP, ICMP and ICMPv6: IPv4 comes with its
// header, IPv6 without, and both reassembled.
//
// Linux gives raw sockets what the host receives and never what it sends, while
// Windows (SIO_RCVALL) gives both. Both is had by a mirror: a second host, to which
// the forwarder gives what it reads from the first one, and whose raw sockets the same
// sniffer reads. What the host sends is then seen by a raw socket right after it left.
type rawView struct {
	Threads int      // that read each socket
	Form    lab.Form // Stub or SockaddrLinux
	GRO     bool     // the host's device joins segments that follow each other
	Inbound bool     // no mirror
}

// hold is how long the device holds a segment to join what follows, nanoseconds: as
// long as a driver lets packets gather before it interrupts the host.
const hold = 200_000

// tunDevice is the name of the TUN device in each namespace.
const tunDevice = "tun0"

// rawSniffer are the raw sockets' threads, and beside them the truth: a packet socket
// on the host's device, which sees what the raw sockets get before the stack does,
// with its header, and what the host sends.
type rawSniffer struct {
	forwarder *forwarder
	threads   *threads
	truth     *sniffer
	done      chan error // of truth
	mirror    *namespace // nil where there is none
}

// sniffRaw starts the sniffer of a recipe. The truth is what the forwarder would have
// written.
func (n *network) sniffRaw(v *rawView, f *forwarder) (s *rawSniffer, err error) {
	link := uint16(lab.LinkRaw)
	if v.Form != lab.Stub {
		link = lab.LinkUser0
	}
	s = &rawSniffer{forwarder: f, done: make(chan error, 1)}
	if s.threads, err = newThreads(link, f.now); err != nil {
		return nil, err
	}
	fd, err := n.host.openPacketSocket(tunDevice)
	if err != nil {
		return nil, err
	}
	s.truth, f.out = &sniffer{fd: fd, out: f.out}, nil
	go func() { s.done <- s.truth.run() }()
	err = v.open(n.host, s.threads)
	if err == nil && !v.Inbound {
		err = s.reflect(n, v)
	}
	if err != nil {
		_, stopErr := s.stop()
		return nil, errors.Join(err, stopErr)
	}
	return s, nil
}

// reflect makes the mirror, which takes the peers' addresses for its own.
func (s *rawSniffer) reflect(n *network, v *rawView) (err error) {
	if s.mirror, err = newNamespace("mendcap-mirror-" + n.suffix); err != nil {
		return err
	}
	if s.forwarder.mirror, err = s.mirror.openTUN(tunDevice, 0); err != nil {
		return err
	}
	if err := n.answerForAll(s.mirror, tunDevice); err != nil {
		return err
	}
	return v.open(s.mirror, s.threads)
}

// open has the sniffer read a namespace's raw sockets. They are bound to the device:
// what a mirror says to itself is not theirs.
func (v *rawView) open(n *namespace, t *threads) error {
	for _, protocol := range []struct{ family, number int }{
		{unix.AF_INET6, unix.IPPROTO_TCP}, {unix.AF_INET6, unix.IPPROTO_UDP}, {unix.AF_INET6, unix.IPPROTO_ICMPV6},
		{unix.AF_INET, unix.IPPROTO_TCP}, {unix.AF_INET, unix.IPPROTO_UDP}, {unix.AF_INET, unix.IPPROTO_ICMP},
	} {
		fd, err := n.openRawSocket(protocol.family, protocol.number)
		if err != nil {
			return err
		}
		t.read(fd, v.Threads, v.receive)
	}
	return nil
}

func (n *namespace) openRawSocket(family, protocol int) (fd int, err error) {
	err = n.do(func() error {
		if fd, err = unix.Socket(family, unix.SOCK_RAW, protocol); err != nil {
			return fmt.Errorf("open raw socket: %w", err)
		}
		timeout := unix.Timeval{Usec: 100_000}
		return errors.Join(
			unix.BindToDevice(fd, tunDevice),
			unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 256<<20),
			unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &timeout))
	})
	return fd, err
}

// receive reads a packet as recvfrom gives it, and writes what the sniffer would. The
// sockaddr stays as the kernel fills it in.
func (v *rawView) receive(fd int, buf []byte) ([]byte, error) {
	var from [unix.SizeofSockaddrInet6]byte
	const room = 64 // for a sockaddr or a header before the data
	data := buf[room:]
	size := uint32(len(from))
	n, _, errno := unix.Syscall6(unix.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(&data[0])), uintptr(len(data)),
		0, uintptr(unsafe.Pointer(&from[0])), uintptr(unsafe.Pointer(&size)))
	if errno != 0 {
		return nil, errno
	}
	data = data[:n]
	switch {
	case v.Form != lab.Stub:
		return append(append(buf[:0], from[:size]...), data...), nil
	case size < unix.SizeofSockaddrInet6: // IPv4 comes with its header
		return data, nil
	}
	header := buf[room-40 : room]
	clear(header)
	header[0] = 0x60
	copy(header[8:24], from[8:24])
	return lab.AppendStub(nil, buf[room-40:room+int(n)]), nil
}

// stop ends sniffer and truth, and returns the sniffer's file.
func (s *rawSniffer) stop() ([]byte, error) {
	file, err := s.threads.stop()
	s.truth.stopped.Store(true)
	err = errors.Join(err, <-s.done, unix.Close(s.truth.fd))
	s.forwarder.frames = s.truth.frames
	if s.forwarder.mirror != 0 {
		err = errors.Join(err, unix.Close(s.forwarder.mirror))
	}
	if s.mirror != nil {
		err = errors.Join(err, s.mirror.remove())
	}
	return file, err
}

// joinSegments has GRO hold segments. Without it a TUN device, which is given one
// packet at a time, would join none.
func (n *namespace) joinSegments() error {
	script := fmt.Sprintf("echo %d >/sys/class/net/%s/gro_flush_timeout", hold, tunDevice)
	command := exec.Command("ip", "netns", "exec", n.name, "sh", "-c", script)
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("set up GRO: %w: %s", err, out)
	}
	return nil
}

// rawRecipes lists recordings by raw sockets. Those that lab.HeldOut names are like the
// others, of other mixtures.
func rawRecipes() []Recipe {
	clean := path(20 * mbit)
	recipe := func(name string, seed uint64, v rawView, s Shape, run func(context.Context, *clients) error, about string) Recipe {
		return Recipe{Name: name, Seed: seed, Raw: &v, Up: s, Down: s, Run: run, About: about}
	}
	v4 := recipe("raw-v4-gro", 97, rawView{Threads: 4, Form: lab.Stub, GRO: true}, lossy(crossing(8*ms, .04, ms), .003), bursts,
		"IPv4, GRO; 8 ms, 4 % overtaken, 0.3 % lost")
	v4.V4 = true
	plain := recipe("raw-inbound-held", 98, rawView{Threads: 3, Form: lab.SockaddrLinux, Inbound: true}, lossy(crossing(6*ms, .05, 800*time.Microsecond), .005),
		mixed(30, 200e3, 60e3), "inbound alone; 6 ms, 5 % overtaken, 0.5 % lost, neither SACK nor timestamps")
	plain.Sysctl = noOptions
	return []Recipe{
		recipe("raw-flows", 91, rawView{Threads: 4, Form: lab.Stub}, reordering(clean, .005, 2*ms), manyFlows(80),
			"many flows; 0.5 % overtaken"),
		recipe("raw-flows-held", 92, rawView{Threads: 2, Form: lab.SockaddrLinux, GRO: true}, lossy(reordering(clean, .01, ms), .003), manyFlows(60),
			"many flows, GRO; 1 % overtaken, 0.3 % lost"),
		recipe("raw-bursts", 93, rawView{Threads: 4, Form: lab.SockaddrLinux}, crossing(5*ms, .05, ms), bursts,
			"5 ms, 5 % overtaken"),
		recipe("raw-gro", 94, rawView{Threads: 4, Form: lab.Stub, GRO: true}, crossing(10*ms, .04, ms), bursts,
			"GRO; 10 ms, 4 % overtaken"),
		recipe("raw-gro-held", 95, rawView{Threads: 8, Form: lab.Stub, GRO: true}, lossy(crossing(7*ms, .06, 1200*time.Microsecond), .005), bursts,
			"GRO, eight threads a socket; 7 ms, 6 % overtaken, 0.5 % lost"),
		recipe("raw-inbound", 96, rawView{Threads: 3, Form: lab.Stub, GRO: true, Inbound: true}, lossy(crossing(12*ms, .03, ms), .005),
			mixed(30, 400e3, 100e3), "inbound alone, GRO; 12 ms, 3 % overtaken, 0.5 % lost"),
		v4, plain,
	}
}

// mixed is many small flows, and then transfers.
func mixed(flows int, down, up int64) func(context.Context, *clients) error {
	return func(ctx context.Context, c *clients) error {
		return errors.Join(manyFlows(flows)(ctx, c), transfers(down, up)(ctx, c))
	}
}
