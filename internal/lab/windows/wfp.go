package windows

import "net/netip"

var wfpProvider = guid("c22d1b14-c242-49de-9f17-1d76b8b9c458")

// Events of Microsoft-Pef-WFP-MessageProvider; those of IPv6 have numbers that are
// higher by wfpSix.
const (
	wfpPiece      = 2000
	wfpMessage    = 60011
	wfpWithFlow   = 60012
	wfpConnection = 60031
	wfpDiscard    = 60050
	wfpSix        = 10
)

// WFP makes events of the Windows Filtering Platform.
type WFP struct {
	Flow bool // they state the id of their flow
}

func (w WFP) event(f *Frame, id uint16, packet, processor int, data []byte) Event {
	return Event{Provider: wfpProvider, ID: id, Keyword: keyChannel | keyStart | keyEnd | direction(f.Out), PID: 1288, TID: 4100,
		Processor: processor, Time: f.Time, Data: data, Packet: packet}
}

// Message is the event of a packet without extension headers and options.
func (w WFP) Message(f *Frame, packet, processor int) Event {
	id, data := w.UserData(f)
	return w.event(f, id, packet, processor, data)
}

// UserData is what that event states, and its number.
func (w WFP) UserData(f *Frame) (id uint16, data []byte) {
	ip := f.IP()
	id = wfpMessage
	if w.Flow {
		id = wfpWithFlow
	}
	upper := ip[20:]
	if isV6(ip) {
		id, upper = id+wfpSix, ip[40:]
		data = append(append(data, ip[8:40]...), ip[6])
	} else {
		data = append(append(data, ip[12:20]...), ip[9])
	}
	if w.Flow {
		data = le.AppendUint64(data, 0x1_0000_0007)
	}
	return id, append(le.AppendUint16(data, uint16(len(upper))), upper...)
}

// Pieces are the events of a packet whose user data don't fit into one. The last has the
// packet's time, the others have another.
func (w WFP) Pieces(f *Frame, packet, processor, pieces int, group uint32, before int64) []Event {
	id, data := w.UserData(f)
	var list []Event
	for i := range pieces {
		piece := data[i*len(data)/pieces : (i+1)*len(data)/pieces]
		b := le.AppendUint32(le.AppendUint16(nil, id), group)
		b = append(le.AppendUint32(b, uint32(len(piece))), piece...)
		e := w.event(f, wfpPiece, packet, processor, b)
		e.Time = before
		e.Keyword &^= keyStart | keyEnd
		if i == 0 {
			e.Keyword |= keyStart
		}
		if i == pieces-1 {
			e.Keyword |= keyEnd
			e.Time = f.Time
		}
		list = append(list, e)
	}
	return list
}

// Connection is the event of a connection that was authorised, of a program.
func (w WFP) Connection(time int64, local, remote netip.AddrPort, protocol uint8, inbound bool, pid uint64, path string) Event {
	from, to, way := local, remote, byte(0)
	if inbound {
		from, to, way = remote, local, 1
	}
	id := uint16(wfpConnection)
	if from.Addr().Is6() {
		id += wfpSix
	}
	b := append(from.Addr().AsSlice(), to.Addr().AsSlice()...)
	b = le.AppendUint16(le.AppendUint16(b, from.Port()), to.Port())
	b = le.AppendUint64(b, 0x0006_0080_0000_0000) // LUID of the interface
	b = append(b, way, protocol)
	b = le.AppendUint64(b, 7) // flow
	b = le.AppendUint64(b, pid)
	name := text(path)
	b = append(le.AppendUint16(b, uint16(len(name))), name...)
	return w.event(&Frame{Time: time, Out: !inbound}, id, -1, 0, b)
}

// Discard is the event of a packet that a filter discarded.
func (w WFP) Discard(time int64) Event {
	b := le.AppendUint32([]byte{1}, 0x0C)
	return w.event(&Frame{Time: time}, wfpDiscard, -1, 0, le.AppendUint64(b, 66_000))
}
