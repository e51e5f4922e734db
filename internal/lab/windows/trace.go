package windows

import (
	"io"

	"github.com/mendcap/mendcap/internal/lab"
)

// Trace writes IP packets one by one into an event trace as netsh makes them.
type Trace struct {
	log    *LogWriter
	spread *Spread
	layer  NDIS
	count  int
	size   int64
}

// NewTrace begins a trace.
func NewTrace(to io.WriterAt, l Log) *Trace {
	return &Trace{log: NewLogWriter(to, l), spread: NewSpread(l.Processors, 1), layer: NDIS{Miniport: 4, Lower: 4, GFT: true, PID: 4, TID: 904}}
}

// Write adds a packet with its time in nanoseconds since 1970, in the order of times.
func (t *Trace) Write(stamp int64, data []byte, direction uint32) error {
	out := direction == lab.Outbound
	f := Frame{Time: FileTime(stamp), Data: Ethernet(data, out), Out: out}
	e := t.layer.Whole(&f, t.count, t.spread.Next())
	t.count++
	t.log.Add(&e)
	t.size += int64(len(t.log.record))
	return t.log.err
}

// Size is how many bytes the records have so far, before they are compressed.
func (t *Trace) Size() int64 { return t.size }

// Flush ends the trace.
func (t *Trace) Flush() error { return t.log.Close() }
