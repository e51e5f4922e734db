package witness

import (
	"cmp"
	"encoding/binary"
	"math/rand/v2"
	"slices"

	"github.com/mendcap/mendcap/internal/lab"
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
	// RawAlone leaves out what TCP logs: events of raw sockets are all that there is.
	RawAlone bool
	// NoHeaders leaves out the headers that TCP logs, as Windows did before 11 24H2.
	NoHeaders bool
	// Shuffle writes the fields of events in another order, which the trace states.
	Shuffle bool
	Seed    uint64
}

// The providers, as their GUIDs are stored.
var tcpip = []byte{0xee, 0xe2, 0x07, 0x2f, 0xdb, 0x15, 0xf1, 0x40, 0x90, 0xef, 0x9d, 0x7b, 0xa2, 0x82, 0x18, 0x8a}

const (
	rawReceive  = 1529
	rundown     = 1300 // of the connections, at the end of a trace
	dataReceive = 1074

	headerReceive = 1601
)

// told is an event before it is written.
type told struct {
	id   uint16
	time int64 // FILETIME
	pid  uint32
	data []byte
}

// Trace writes the events of packets, as lab.Delivered gives them: of IPv6 alone. missing
// has the Index of those that have none.
func Trace(packets []lab.Packet, t Trouble) (log []byte, missing map[int]bool) {
	missing = make(map[int]bool)
	rng := rand.New(rand.NewPCG(t.Seed, 0x77697473))
	f := newForm(rng, t.Shuffle)
	c := connections{}
	var events []told
	start := packets[0].Stamp
	clock := func(stamp int64) int64 {
		return epoch + (stamp+t.Offset+int64(t.Drift*float64(stamp-start)))/100
	}
	for i := range packets {
		p := &packets[i]
		if p.Data[0]>>4 != 6 {
			continue
		}
		missing[p.Index] = true
		for n := range max(1, t.Sockets) {
			if rng.Float64() >= t.Lost {
				delete(missing, p.Index)
				stamp := p.Stamp + int64(n)*2000
				events = append(events, told{rawReceive, clock(stamp), 4, f.rawReceive(p.Data, 0xffff800011112000+uint64(n)*64)})
			}
		}
		if !t.RawAlone {
			header, data := c.received(p)
			if header != nil && !t.NoHeaders && rng.Float64() >= t.Lost {
				events = append(events, told{headerReceive, clock(p.Stamp), 4, header})
			}
			if data != nil && rng.Float64() >= t.Lost {
				events = append(events, told{dataReceive, clock(p.Stamp), 4, data})
			}
		}
		if rng.Float64() < t.Strangers {
			stamp := p.Stamp + rng.Int64N(2_000_000) - 1_000_000
			events = append(events, told{rawReceive, clock(stamp), 999, f.rawReceive(stranger(rng, p.Data), 0xffff800099990000)})
		}
	}
	slices.SortStableFunc(events, func(a, b told) int { return cmp.Compare(a.time, b.time) })
	var l logFile
	first := clock(start) - 10_000_000
	l.begin(first)
	for _, e := range events {
		l.event(tcpip, e.id, 0, e.time, e.pid, e.data)
	}
	for _, data := range c.rundown() {
		l.event(tcpip, rundown, 0, clock(packets[len(packets)-1].Stamp)+1, 4, data)
	}
	if t.Shuffle {
		l.metadata(clock(packets[len(packets)-1].Stamp)+1, f.info())
	}
	l.flush()
	return l.done, missing
}

// stranger is a packet like p, of the same source and length, to another address and
// mostly of another protocol.
func stranger(rng *rand.Rand, p []byte) []byte {
	other := slices.Clone(p[:40])
	binary.BigEndian.PutUint16(other[38:], uint16(rng.Uint32()))
	binary.BigEndian.PutUint16(other[4:], uint16(len(p)-40))
	other[6] = []byte{6, 17, 58}[rng.IntN(3)]
	return append(other, p[40:]...)
}

// field is a field of an event.
type field struct {
	name   string
	kind   uint16 // TDH_INTYPE_*
	length int    // the field before it, of bytes that have one
	write  func(b, ip []byte, socket uint64) []byte
}

// form is the order of an event's fields.
type form struct{ fields []field }

// newForm is the order of the manifest, or another one. A length stays before its bytes.
func newForm(rng *rand.Rand, shuffle bool) *form {
	const uint32Type, binaryType, pointerType = 8, 14, 16
	number := func(value func(ip []byte) int) func(b, ip []byte, socket uint64) []byte {
		return func(b, ip []byte, _ uint64) []byte { return put(b, uint32(value(ip))) }
	}
	address := func(at int) func(b, ip []byte, socket uint64) []byte {
		return func(b, ip []byte, _ uint64) []byte {
			return put(b, uint16(23), uint16(0), uint32(0), ip[at:at+16], uint32(0)) // SOCKADDR_IN6
		}
	}
	of28 := number(func([]byte) int { return 28 })
	parts := [][]field{
		{{"Endpoint", pointerType, -1, func(b, _ []byte, socket uint64) []byte { return put(b, socket) }}},
		{{"IpProtocol", uint32Type, -1, number(func(ip []byte) int { return int(ip[6]) })}},
		{{"NumMessages", uint32Type, -1, number(func([]byte) int { return 1 })}},
		{{"NumBytes", uint32Type, -1, number(func(ip []byte) int { return len(ip) - 40 })}},
		{{"LocalSockAddrLength", uint32Type, -1, of28}, {"LocalSockAddr", binaryType, 0, address(24)}},
		{{"RemoteSockAddrLength", uint32Type, -1, of28}, {"RemoteSockAddr", binaryType, 0, address(8)}},
	}
	if shuffle {
		rng.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	}
	f := &form{}
	for _, part := range parts {
		f.fields = append(f.fields, part...)
	}
	return f
}

// rawReceive is the user data of event 1529.
func (f *form) rawReceive(ip []byte, socket uint64) (b []byte) {
	for _, one := range f.fields {
		b = one.write(b, ip, socket)
	}
	return b
}

// info is TRACE_EVENT_INFO: 112 bytes, then 24 for each property, then the names.
func (f *form) info() []byte {
	b := put(nil, tcpip, make([]byte, 16), uint16(rawReceive), uint8(0), uint8(16), uint8(4), uint8(0), uint16(0), uint64(1))
	b = put(b, make([]byte, 52), uint32(len(f.fields)), uint32(len(f.fields)), uint32(0))
	names := len(b) + 24*len(f.fields)
	var text []byte
	for i, one := range f.fields {
		flags, length := uint32(0), uint16(0)
		if one.length >= 0 {
			flags, length = 2, uint16(i-1)
		}
		b = put(b, flags, uint32(names+len(text)), one.kind, uint16(0), uint32(0), uint16(1), length, uint32(0))
		text = put(text, one.name)
	}
	return append(b, text...)
}
