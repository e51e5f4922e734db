//go:build linux

package record

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"github.com/mendcap/mendcap/internal/lab"
)

// sockets is the folder of the recordings that a sniffer took beside the true ones:
// NAME.pcapng.gz is its, NAME.truth.pcapng.gz the recorder's.
const sockets = "sockets"

// threads is a sniffer as many are written: several threads read each of its sockets,
// stamp what they get and write it down when they get round to it.
type threads struct {
	now     func() int64 // nanoseconds since 1970
	sockets []int
	mu      sync.Mutex // of out
	out     *lab.Writer
	zipped  *gzip.Writer
	file    *bytes.Buffer
	stopped atomic.Bool
	group   errgroup.Group
}

// source reads one packet from a socket and returns the record that the sniffer makes
// of it. The record may lie in buf.
type source func(fd int, buf []byte) (record []byte, err error)

// newThreads returns a sniffer without sockets, whose file has packets of a link type.
func newThreads(link uint16, now func() int64) (*threads, error) {
	t := &threads{now: now, file: new(bytes.Buffer)}
	zipped, err := gzip.NewWriterLevel(t.file, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	t.zipped = zipped
	t.out, err = lab.NewWriter(zipped, lab.Pcapng, link)
	return t, err
}

// sniff starts threads that read a packet socket on a device of the host.
func (n *network) sniff(device string, count int, now func() int64) (*threads, error) {
	fd, err := n.host.openPacketSocket(device)
	if err != nil {
		return nil, err
	}
	t, err := newThreads(lab.LinkRaw, now)
	if err != nil {
		return nil, errors.Join(err, unix.Close(fd))
	}
	t.read(fd, count, func(fd int, buf []byte) ([]byte, error) {
		n, _, err := unix.Recvfrom(fd, buf, 0)
		return buf[:max(0, n)], err
	})
	return t, nil
}

// read starts threads that read a socket, which is theirs from now on. Its reads end
// after a while, so that the threads see when they are stopped.
func (t *threads) read(fd, count int, next source) {
	t.sockets = append(t.sockets, fd)
	for range count {
		t.group.Go(func() error { return t.run(fd, next) })
	}
}

func (t *threads) run(fd int, next source) error {
	buf := make([]byte, 1<<18)
	for !t.stopped.Load() {
		record, err := next(fd, buf)
		if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR) || errors.Is(err, unix.ENETDOWN) {
			continue
		}
		if err != nil {
			return fmt.Errorf("read socket: %w", err)
		}
		if err := t.write(t.now(), record); err != nil {
			return err
		}
	}
	return nil
}

func (t *threads) write(stamp int64, data []byte) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.out.Write(stamp, data, lab.NoDirection)
}

// stop ends the threads and returns the file that they wrote.
func (t *threads) stop() ([]byte, error) {
	t.stopped.Store(true)
	err := t.group.Wait()
	for _, fd := range t.sockets {
		err = errors.Join(err, unix.Close(fd))
	}
	err = errors.Join(err, t.out.Flush(), t.zipped.Close())
	return t.file.Bytes(), err
}
