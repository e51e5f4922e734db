//go:build linux

package main

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

// threads is a sniffer as many are written: several threads read one packet socket,
// stamp what they get and write it down when they get round to it.
type threads struct {
	fd      int
	now     func() int64 // nanoseconds since 1970
	mu      sync.Mutex   // of out
	out     *lab.Writer
	zipped  *gzip.Writer
	file    *bytes.Buffer
	stopped atomic.Bool
	group   errgroup.Group
}

// sniff starts n threads on a device of the host.
func (n *network) sniff(device string, count int, now func() int64) (*threads, error) {
	fd, err := n.host.openPacketSocket(device)
	if err != nil {
		return nil, err
	}
	t := &threads{fd: fd, now: now, file: new(bytes.Buffer)}
	if t.zipped, err = gzip.NewWriterLevel(t.file, gzip.BestCompression); err == nil {
		t.out, err = lab.NewWriter(t.zipped, lab.Pcapng, lab.LinkRaw)
	}
	if err != nil {
		return nil, errors.Join(err, unix.Close(fd))
	}
	for range count {
		t.group.Go(t.run)
	}
	return t, nil
}

func (t *threads) run() error {
	buf := make([]byte, 1<<18)
	for !t.stopped.Load() {
		n, _, err := unix.Recvfrom(t.fd, buf, 0)
		if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR) || errors.Is(err, unix.ENETDOWN) {
			continue
		}
		if err != nil {
			return fmt.Errorf("read packet socket: %w", err)
		}
		if err := t.write(t.now(), buf[:n]); err != nil {
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
	err := errors.Join(t.group.Wait(), unix.Close(t.fd), t.out.Flush(), t.zipped.Close())
	return t.file.Bytes(), err
}
