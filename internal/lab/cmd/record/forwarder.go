//go:build linux

package record

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
// peers, and records what passes its vantage. One goroutine does all of it:
// what the host has written is read and stamped before anything is given to
// it, so a record at the stack has the order that the host's stack saw.
type forwarder struct {
	host, peer int // descriptors of the TUN devices, non-blocking
	mirror     int // gets what the host sends, too; 0 = none
	up, down   []*link
	vantage    vantage
	oneLink    bool       // there is no router between the two
	batch      []delivery // below the stack: received, and not yet handed up
	interrupt  int64      // when the batch is handed up
	miss       misses
	pending    deliveries
	serial     uint64
	frames     int
	stamp      int64       // of the latest frame
	out        *lab.Writer // nil: another records
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
	stage  int // of the path
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
	if len(f.batch) > 0 {
		timeout = min(timeout, max(0, f.interrupt-f.now()))
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
		if f.vantage != midPath {
			if err := f.record(data, lab.Outbound); err != nil {
				return err
			}
		}
		if f.mirror != 0 {
			if err := write(f.mirror, data); err != nil {
				return err
			}
		}
		if !f.oneLink && !forwarded(data) {
			return nil
		}
		if f.vantage == midPath {
			lowerTTL(data, hopsToTap)
		}
		return f.send(0, data, false)
	})
}

func (f *forwarder) readPeer() error {
	return f.drain(f.peer, func(data []byte) error {
		switch {
		case forwarded(data):
			decrementTTL(data)
		case !f.oneLink:
			return nil
		}
		return f.send(0, data, true)
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

func (f *forwarder) path(toHost bool) []*link {
	if toHost {
		return f.down
	}
	return f.up
}

// send puts a packet on a link of its path and writes down what becomes of it.
func (f *forwarder) send(stage int, data []byte, toHost bool) error {
	fate := f.path(toHost)[stage].admit(f.now(), len(data))
	for i, due := range fate.due {
		event := fate.event
		if event == "duplicated" && i == 0 {
			event = ""
		}
		f.serial++
		heap.Push(&f.pending, delivery{due, f.serial, toHost, stage, event, data})
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
		if err := f.pass(next); err != nil {
			return err
		}
	}
	if len(f.batch) > 0 && f.interrupt <= f.now() {
		return f.handUp()
	}
	return nil
}

// pass brings a packet that is due one step further.
func (f *forwarder) pass(d delivery) error {
	switch {
	case d.stage+1 < len(f.path(d.toHost)):
		if err := f.record(d.data, lab.NoDirection); err != nil {
			return err
		}
		return f.send(d.stage+1, d.data, d.toHost)
	case !d.toHost:
		return write(f.peer, d.data)
	case f.vantage == belowStack:
		if len(f.batch) == 0 {
			f.interrupt = f.now() + int64(moderation)
		}
		f.batch = append(f.batch, d)
		return nil
	case f.vantage == midPath:
		return write(f.host, d.data)
	}
	return f.deliverToHost(d)
}

// handUp records a batch as a driver does that was interrupted once for it, and
// then gives it to the stack.
func (f *forwarder) handUp() error {
	if err := f.readHost(); err != nil {
		return err
	}
	for _, d := range f.batch {
		if err := f.record(d.data, lab.Inbound); err != nil {
			return err
		}
	}
	for _, d := range f.batch {
		if err := write(f.host, d.data); err != nil {
			return err
		}
	}
	f.batch = f.batch[:0]
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
	if f.out == nil || f.miss.next() {
		return nil
	}
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
