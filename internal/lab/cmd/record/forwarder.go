//go:build linux

package main

import (
	"container/heap"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/mendcap/mendcap/internal/lab"
)

// forwarder carries packets between the TUN devices of the host and of the
// peers, and records what passes the host's. One goroutine does all of it:
// what the host has written is read and stamped before anything is given to
// it, so the record has the order that the host's stack saw.
type forwarder struct {
	host, peer int // descriptors of the TUN devices, non-blocking
	up, down   link
	pending    deliveries
	serial     uint64
	frames     int
	stamp      int64 // of the latest frame
	out        *lab.Writer
	events     *eventLog
	stopped    atomic.Bool
	buf        [1 << 16]byte
	start      time.Time
}

// delivery is a packet on its way.
type delivery struct {
	due    int64
	serial uint64 // arrival, for packets due together
	toHost bool
	event  string
	data   []byte
}

// run forwards until stop is called and returns the first error.
func (f *forwarder) run() error {
	runtime.LockOSThread()
	// The default slack of 50 us would round every delay up.
	if err := unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("set timer slack: %w", err)
	}
	for !f.stopped.Load() {
		if err := f.wait(); err != nil {
			return err
		}
		if err := errors.Join(f.readHost(), f.readPeer(), f.deliver()); err != nil {
			return err
		}
	}
	return nil
}

func (f *forwarder) stop() { f.stopped.Store(true) }

// now is the wall clock of the start plus monotonic time: it never steps.
func (f *forwarder) now() int64 { return f.start.Add(time.Since(f.start)).UnixNano() }

// wait sleeps until a device is readable or a delivery is due.
func (f *forwarder) wait() error {
	timeout := int64(20 * time.Millisecond)
	if len(f.pending) > 0 {
		timeout = min(timeout, max(0, f.pending[0].due-f.now()))
	}
	fds := []unix.PollFd{
		{Fd: int32(f.host), Events: unix.POLLIN},
		{Fd: int32(f.peer), Events: unix.POLLIN},
	}
	spec := unix.NsecToTimespec(timeout)
	if _, err := unix.Ppoll(fds, &spec, nil); err != nil && !errors.Is(err, unix.EINTR) {
		return fmt.Errorf("wait for packets: %w", err)
	}
	return nil
}

// readHost takes everything that the host's stack has handed over so far.
func (f *forwarder) readHost() error {
	return f.drain(f.host, func(data []byte) error {
		if err := f.record(data, lab.Outbound); err != nil {
			return err
		}
		if !forwarded(data) {
			return nil
		}
		return f.send(&f.up, data, false)
	})
}

func (f *forwarder) readPeer() error {
	return f.drain(f.peer, func(data []byte) error {
		if !forwarded(data) {
			return nil
		}
		decrementTTL(data)
		return f.send(&f.down, data, true)
	})
}

func (f *forwarder) drain(fd int, each func([]byte) error) error {
	for {
		n, err := unix.Read(fd, f.buf[:])
		if errors.Is(err, unix.EAGAIN) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read from device: %w", err)
		}
		if err := each(append([]byte(nil), f.buf[:n]...)); err != nil {
			return err
		}
	}
}

// send puts a packet on the link and writes down what becomes of it.
func (f *forwarder) send(l *link, data []byte, toHost bool) error {
	fate := l.admit(f.now(), len(data))
	for i, due := range fate.due {
		event := fate.event
		if event == "duplicated" && i == 0 {
			event = ""
		}
		f.serial++
		heap.Push(&f.pending, delivery{due, f.serial, toHost, event, data})
	}
	if fate.event == "" || toHost && len(fate.due) > 0 {
		return nil // an inbound packet's event is told when it arrives
	}
	return f.events.add(f.frames, toHost, fate.event, data)
}

// deliver hands over all packets that are due.
func (f *forwarder) deliver() error {
	for len(f.pending) > 0 && f.pending[0].due <= f.now() {
		next := heap.Pop(&f.pending).(delivery)
		if !next.toHost {
			if err := write(f.peer, next.data); err != nil {
				return err
			}
			continue
		}
		if err := f.deliverToHost(next); err != nil {
			return err
		}
	}
	return nil
}

func (f *forwarder) deliverToHost(d delivery) error {
	if err := f.readHost(); err != nil {
		return err
	}
	if err := f.record(d.data, lab.Inbound); err != nil {
		return err
	}
	if d.event != "" {
		if err := f.events.add(f.frames, true, d.event, d.data); err != nil {
			return err
		}
	}
	return write(f.host, d.data)
}

func (f *forwarder) record(data []byte, direction uint32) error {
	f.frames++
	f.stamp = max(f.stamp+1, f.now())
	return f.out.Write(f.stamp, data, direction)
}

func write(fd int, data []byte) error {
	if _, err := unix.Write(fd, data); err != nil {
		return fmt.Errorf("write to device: %w", err)
	}
	return nil
}

// deliveries is a heap ordered by time, then by arrival.
type deliveries []delivery

func (d deliveries) Len() int { return len(d) }
func (d deliveries) Less(i, j int) bool {
	return d[i].due < d[j].due || d[i].due == d[j].due && d[i].serial < d[j].serial
}
func (d deliveries) Swap(i, j int) { d[i], d[j] = d[j], d[i] }
func (d *deliveries) Push(x any)   { *d = append(*d, x.(delivery)) }
func (d *deliveries) Pop() any {
	last := (*d)[len(*d)-1]
	*d = (*d)[:len(*d)-1]
	return last
}
