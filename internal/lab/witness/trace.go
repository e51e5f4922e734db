package witness

import (
	"cmp"
	"encoding/binary"
	"math/rand/v2"
	"slices"

	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/internal/lab/windows"
)

// Trouble is what a trace lacks and gets wrong. The zero value is a trace of all packets.
type Trouble struct {
	Lost    float64 // share of events that are lost
	Offset  int64   // of the trace's clock, nanoseconds
	Drift   float64 // of it, a part of the whole
	Sockets int     // that are given each packet; 0 counts as 1
	// Strangers is how many events of another process's raw socket there are for each
	// packet of the capture: of packets that the capture's socket was not given.
	Strangers float64
	// Given and Taken are what passed through the capture's raw socket, as lab.Socket gives
	// them: AFD logs it.
	Given, Taken []lab.Packet
	// RawAlone leaves out what TCP logs: events of raw sockets are all that there is.
	RawAlone bool
	// NoHeaders leaves out the headers that TCP logs, as Windows did before 11 24H2, and
	// NoRaw what it logs of packets of raw sockets, as it did before 11 21H2.
	NoHeaders, NoRaw bool
	// Monitor writes a capture of Network Monitor in which each event is a frame, not a log.
	// It doesn't state in which order fields lie.
	Monitor bool
	// Shuffle writes the fields of events in another order, which the trace states.
	Shuffle bool
	Seed    uint64
}

// The providers, as their GUIDs are stored.
const (
	tcpip = "\xee\xe2\x07\x2f\xdb\x15\xf1\x40\x90\xef\x9d\x7b\xa2\x82\x18\x8a"
	// Events of which say how others lie.
	metadata = "\xc1\xf6\xcc\xbb\xd1\x6c\xc4\x48\x80\xff\x83\x94\x82\xe3\x76\x71"
	afd      = "\x23\x68\x3c\xe5\xb8\x7b\xbb\x44\x90\xdc\x3f\x86\x09\x0d\x48\xa6"
)

// Events.
const (
	rawReceive    = 1529
	rundown       = 1300 // of the connections, at the end of a trace
	dataReceive   = 1074
	dataSend      = 1332
	headerReceive = 1601

	intoSocket     = 3004 // of AFD
	receiveFrom    = 1009
	receiveMessage = 1015
)

// entry is what an event says.
type entry struct {
	kind
	fields []field
}

// told is an event before it is written.
type told struct {
	kind
	time int64 // FILETIME
	pid  uint32
	data []byte
}

// teller collects the events of a trace.
type teller struct {
	Trouble
	layouts
	start  int64
	events []told
}

// clock is what the trace's clock shows, as FILETIME.
func (t *teller) clock(stamp int64) int64 {
	return epoch + (stamp+t.Offset+int64(t.Drift*float64(stamp-t.start)))/100
}

// tell adds an event, unless it is lost.
func (t *teller) tell(stamp int64, pid uint32, e entry) bool {
	if t.rng.Float64() < t.Lost {
		return false
	}
	t.events = append(t.events, told{e.kind, t.clock(stamp), pid, t.write(e.kind, e.fields)})
	return true
}

const (
	system  = 4   // the process whose events are of the stack
	sniffer = 998 // and the one that captures
)

// Trace writes the events of packets, as lab.Delivered gives them: of IPv6 alone. missing
// has the Index of those that have none of a raw socket's.
func Trace(packets []lab.Packet, trouble Trouble) (log []byte, missing map[int]bool) {
	missing = make(map[int]bool)
	rng := rand.New(rand.NewPCG(trouble.Seed, 0x77697473))
	t := &teller{Trouble: trouble, layouts: layouts{rng, trouble.Shuffle, make(map[kind][]int), nil}, start: packets[0].Stamp}
	c := connections{}
	for i := range packets {
		p := &packets[i]
		if p.Data[0]>>4 != 6 {
			continue
		}
		missing[p.Index] = true
		if !t.NoRaw {
			for n := range max(1, t.Sockets) {
				if t.tell(p.Stamp+int64(n)*2000, system, given(p.Data, 0xffff800011112000+uint64(n)*64)) {
					delete(missing, p.Index)
				}
			}
		}
		if !t.RawAlone {
			for _, e := range c.logged(p) {
				if e.id != headerReceive || !t.NoHeaders {
					t.tell(p.Stamp, system, e)
				}
			}
		}
		if rng.Float64() < t.Strangers {
			stamp := p.Stamp + rng.Int64N(2_000_000) - 1_000_000
			t.stranger(stamp, p)
		}
	}
	t.passages()
	t.end(packets[len(packets)-1].Stamp, c)
	if t.Monitor {
		return t.monitored(), missing
	}
	return t.file(), missing
}

// passages adds what AFD logs of the capture's raw socket.
func (t *teller) passages() {
	taken := uint16(receiveFrom)
	if t.Seed%2 == 1 {
		taken = receiveMessage
	}
	for _, through := range []struct {
		packets []lab.Packet
		id      uint16
		pid     uint32
	}{{t.Given, intoSocket, system}, {t.Taken, taken, sniffer}} {
		for i := range through.packets {
			if p := &through.packets[i]; p.Data[0]>>4 == 6 {
				begins, ends := passage(p, through.id, ownEndpoint)
				t.tell(p.Stamp, through.pid, begins)
				t.tell(p.Stamp, through.pid, ends)
			}
		}
	}
}

// end adds the connections that there are at the end, and in which order fields lie.
func (t *teller) end(stamp int64, c connections) {
	slices.SortStableFunc(t.events, func(a, b told) int { return cmp.Compare(a.time, b.time) })
	time := t.clock(stamp) + 1
	for _, data := range c.rundown() {
		t.events = append(t.events, told{kind{tcpip, rundown}, time, system, data})
	}
	for _, info := range t.stated {
		t.events = append(t.events, told{kind{provider: metadata}, time, 0, info})
	}
}

// file is the trace's file.
func (t *teller) file() []byte {
	var l logFile
	l.begin(t.clock(t.start) - 10_000_000)
	for _, e := range t.events {
		if e.provider == metadata {
			l.metadata(e.time, e.data)
		} else {
			l.event([]byte(e.provider), e.id, 0, e.time, e.pid, e.data)
		}
	}
	l.flush()
	return l.done
}

// monitored is the trace as a capture of Network Monitor.
func (t *teller) monitored() []byte {
	c := windows.Capture{Minor: 3, Start: t.clock(t.start)}
	for _, e := range t.events {
		if e.provider == metadata {
			continue
		}
		event := windows.Event{Provider: windows.GUID([]byte(e.provider)), ID: e.id, Keyword: 1, PID: e.pid, Time: e.time, Data: e.data}
		c.Frames = append(c.Frames, windows.CaptureFrame{Time: e.time, Media: windows.MediaEvent, Process: -1, Data: windows.EventFrame(&event, 0)})
	}
	file, _ := c.Bytes()
	return file
}

// stranger adds the events of another process's raw socket, about a packet like p.
func (t *teller) stranger(stamp int64, p *lab.Packet) {
	add := func(e entry) {
		t.events = append(t.events, told{e.kind, t.clock(stamp), 999, t.write(e.kind, e.fields)})
	}
	if !t.NoRaw {
		add(given(like(t.rng, p.Data), 0xffff800099990000))
	}
	if t.Given != nil {
		begins, _ := passage(p, intoSocket, otherEndpoint)
		add(begins)
	}
}

// like is a packet of the same source and length as p, to another address and mostly of
// another protocol.
func like(rng *rand.Rand, p []byte) []byte {
	other := slices.Clone(p[:40])
	binary.BigEndian.PutUint16(other[38:], uint16(rng.Uint32()))
	binary.BigEndian.PutUint16(other[4:], uint16(len(p)-40))
	other[6] = []byte{6, 17, 58}[rng.IntN(3)]
	return append(other, p[40:]...)
}
