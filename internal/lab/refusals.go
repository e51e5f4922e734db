package lab

import (
	"encoding/binary"
	"slices"
)

// Refusals is a true capture of connects to closed ports as Windows makes them:
// the SYN goes out again half a second after its refusal, twice. It is made up, not
// recorded, since no Linux host does so; numbers and distances are those of a
// public capture. Some SYNs are lost once, and every fourth port is open at last.
func Refusals() Recording {
	r := Recording{Name: "refusals"}
	for n := range uint16(120) {
		r.connect(n)
	}
	slices.SortStableFunc(r.Packets, func(a, b Packet) int { return int(a.Stamp - b.Stamp) })
	frames := map[int]int{} // by the order in which they were made
	for i := range r.Packets {
		frames[r.Packets[i].Index] = i + 1
		r.Packets[i].Index = i
	}
	for i := range r.Events {
		r.Events[i].Frame = frames[r.Events[i].Frame]
	}
	return r
}

// connect is the nth connection: three tries. Until all are there, an index and
// the frame of an event count packets as they are made.
func (r *Recording) connect(n uint16) {
	const syn, ack, refuse = 0x02, 0x10, 0x14
	at := 1_700_000_000e9 + int64(n)*37e6
	isn, peerISN := 3_000_000_000+97_531*uint32(n), 4_000_000_000+1_234_567*uint32(n)
	for try := range uint16(3) {
		r.say(at, n, 3*n+try, true, syn, isn, 0, 0)
		switch {
		case n%5 == 3 && try == 0: // its refusal does not come, for the SYN is lost
			r.Events = append(r.Events, Event{Frame: len(r.Packets) - 1, What: EventLost, TCP: true})
		case n%4 == 1 && try == 2:
			r.say(at+20e6, n, 0, false, syn|ack, peerISN, isn+1, 0)
			r.say(at+20e6+50e3, n, 3*n+try+1, true, ack, isn+1, peerISN+1, 0)
			r.say(at+20e6+90e3, n, 3*n+try+2, true, ack, isn+1, peerISN+1, 100)
			r.say(at+41e6, n, 7, false, ack, peerISN+1, isn+101, 0)
		default:
			r.say(at+20e6, n, 0, false, refuse, 0, isn+1, 0)
		}
		at += 500e6 + 3e5*int64(n%7)
	}
}

// say adds a packet of the nth connection with right checksums.
func (r *Recording) say(at int64, n, id uint16, out bool, bits byte, seq, ack uint32, length int) {
	src, dst, ttl := []byte{192, 0, 2, 1}, []byte{198, 51, 100, byte(n % 9)}, byte(128)
	sport, dport := 40_000+n, uint16(9_229)
	if !out {
		src, dst, sport, dport, ttl = dst, src, dport, sport, 57
	}
	be := binary.BigEndian
	b := be.AppendUint16([]byte{0x45, 0}, uint16(40+length))
	b = append(be.AppendUint16(b, id), 0x40, 0, ttl, protoTCP, 0, 0)
	b = slices.Concat(b, src, dst)
	be.PutUint16(b[10:], ^uint16(fold(sumWords(b))))
	upper := be.AppendUint16(be.AppendUint16(nil, sport), dport)
	upper = be.AppendUint32(be.AppendUint32(upper, seq), ack)
	upper = append(append(upper, 0x50, bits, 0x20, 0, 0, 0, 0, 0), make([]byte, length)...)
	be.PutUint16(upper[16:], ^uint16(fold(sumWords(b[12:20])+sumWords(upper)+protoTCP+uint32(len(upper)))))
	r.Packets = append(r.Packets, Packet{Index: len(r.Packets), Stamp: at, Data: append(b, upper...), Out: out})
}
