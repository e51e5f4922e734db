package packet

import (
	"encoding/binary"
	"slices"
	"testing"
)

// avp is an attribute of a control message of L2TP.
func avp(vendor, kind uint16, value ...byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, 0x8000|uint16(6+len(value)))
	return append(binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(b, vendor), kind), value...)
}

// hidden is an attribute that is encrypted.
func hidden(avp []byte) []byte {
	avp = slices.Clone(avp)
	avp[0] |= 0x40
	return avp
}

// control3 is a packet with a control message of L2TPv3 over IP, back where it answers.
func control3(back bool, message byte, avps ...[]byte) []byte {
	b := join([]byte{0xC8, 3, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0}, avp(0, 0, 0, message), join(avps...))
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
	return toward(back, join(zeros(4), b))
}

// data3 is one with a data message.
func data3(back bool, id byte, header, payload []byte) []byte {
	return toward(back, join([]byte{0, 0, 0, id}, header, payload))
}

func toward(back bool, message []byte) []byte {
	data := ip4(protoL2TP, ipv4Len+len(message), 0, nil, message)
	if back {
		copy(data[12:], join(dst4[12:], src4[12:]))
	}
	return data
}

// What sessions of L2TPv3 carry is found where control messages have said how.
func TestSessions(t *testing.T) {
	local, remote := func(id byte) []byte { return avp(0, 63, 0, 0, 0, id) }, func(id byte) []byte { return avp(0, 64, 0, 0, 0, id) }
	cookie := func(n int) []byte { return avp(0, 65, zeros(n)...) }
	pseudowire, sublayer := func(kind byte) []byte { return avp(0, 68, 0, kind) }, func(kind byte) []byte { return avp(0, 69, 0, kind) }
	const there, back = false, true
	p4 := nested(0)
	frame := join(ethernet(0x0800), p4)
	ask := control3(there, 10, local(1), pseudowire(5), cookie(8))
	grant := control3(back, 11, local(2), remote(1), cookie(4))
	for _, c := range []struct {
		name    string
		packets [][]byte // the last one is that with data
		upper   int      // where its segment begins, 0 where none is found
		unread  Unread   // why it is not
	}{
		{"to the one that asked", [][]byte{ask, grant, data3(back, 1, zeros(8), frame)}, 20 + 4 + 8 + 14 + 20, AllRead},
		{"to the one that granted", [][]byte{ask, grant, data3(there, 2, zeros(4), frame)}, 20 + 4 + 4 + 14 + 20, AllRead},
		{"before it was granted", [][]byte{ask, data3(back, 1, zeros(8), frame)}, 66, AllRead},
		{"of no session", [][]byte{ask, grant, data3(there, 1, zeros(8), frame)}, 0, NotKnown},
		{"what was asked was not recorded", [][]byte{grant, data3(there, 2, zeros(4), frame)}, 0, NotKnown},
		{"an outgoing call", [][]byte{control3(there, 7, local(1), pseudowire(11)), control3(back, 8, local(2), remote(1)), data3(there, 2, nil, p4)}, 44, AllRead},
		{"Cisco's attributes", [][]byte{control3(there, 10, avp(9, 3, 0, 0, 0, 1), avp(9, 7, 0, 7), avp(9, 5, zeros(4)...)),
			data3(back, 1, zeros(4), join([]byte{0xFF, 3, 0, 0x21}, p4))}, 20 + 4 + 4 + 4 + 20, AllRead},
		{"another vendor's attribute", [][]byte{ask, control3(there, 10, local(1), pseudowire(5), avp(311, 65, zeros(8)...)), data3(back, 1, nil, frame)}, 20 + 4 + 14 + 20, AllRead},
		{"a sublayer to both", [][]byte{control3(there, 10, local(1), pseudowire(5), sublayer(1)), control3(back, 11, local(2), remote(1)), data3(there, 2, zeros(4), frame)}, 62, AllRead},
		{"a sublayer when connected", [][]byte{ask, grant, control3(there, 12, local(1), remote(2), sublayer(1)), data3(back, 1, zeros(12), frame)}, 70, AllRead},
		{"of which the other end has its own", [][]byte{ask, control3(back, 11, local(2), remote(1), sublayer(0)), control3(there, 12, local(1), remote(2), sublayer(1)),
			data3(there, 2, nil, frame)}, 58, AllRead},
		{"an unknown sublayer", [][]byte{control3(there, 10, local(1), pseudowire(5), sublayer(9)), data3(back, 1, zeros(4), frame)}, 0, NotKnown},
		{"asked again", [][]byte{ask, control3(there, 10, local(1), pseudowire(11)), data3(back, 1, nil, p4)}, 44, AllRead},
		{"a hidden cookie", [][]byte{control3(there, 10, local(1), pseudowire(5), hidden(cookie(8))), data3(back, 1, zeros(8), frame)}, 0, NotKnown},
		{"a frame relay", [][]byte{control3(there, 10, local(1), pseudowire(1)), data3(back, 1, nil, join([]byte{0x18, 0x41, 3, 0xCC}, p4))}, 0, NotKnown},
		{"a cell", [][]byte{control3(there, 10, local(1), pseudowire(2), sublayer(2)), data3(back, 1, []byte{8, 0, 0, 0}, p4)}, 0, AllRead},
		{"cut in a cookie", [][]byte{ask, data3(back, 1, zeros(4), nil)}, 0, NotKnown},
		{"a message that is cut in an attribute", [][]byte{ask[:len(ask)-3], data3(back, 1, nil, frame)}, 58, AllRead},
		{"ARP", [][]byte{ask, data3(back, 1, zeros(8), ethernet(0x0806, zeros(28)))}, 0, AllRead},
	} {
		t.Run(c.name, func(t *testing.T) {
			tunnels := Tunnels{}.Following(new(Sessions))
			for i, data := range c.packets {
				var outer, inner View
				Decode(&outer, Raw, data, len(data), LayoutAuto)
				unread := tunnels.Decode(&inner, &outer, outer.Proto, data)
				if !outer.L2TPv3 {
					t.Errorf("packet %d: got none of L2TPv3", i+1)
				}
				switch last := i == len(c.packets)-1; {
				case !last && (unread != AllRead || inner.Form != NoIP):
					t.Errorf("packet %d: got %q, %+v, want nothing", i+1, unread, inner)
				case last && (unread != c.unread || inner.Upper != c.upper || c.upper > 0 && inner.Proto != ProtoTCP):
					t.Errorf("got %q, %+v, want %q, a segment at %d", unread, inner, c.unread, c.upper)
				}
			}
		})
	}
}

func TestSessionsAreBounded(t *testing.T) {
	var s Sessions
	for id := range uint32(maxSessions + 10) {
		s.set(session{id: id}, layout{pseudowire: 5})
	}
	if len(s.known) > maxSessions || s.known[session{id: maxSessions + 9}].pseudowire != 5 {
		t.Errorf("got %d sessions, want at most %d, the last one among them", len(s.known), maxSessions)
	}
}

// FuzzSessions holds what is found in sessions to lie in the packet, whatever control
// messages have said.
func FuzzSessions(f *testing.F) {
	ask := control3(false, 10, avp(0, 63, 0, 0, 0, 1), avp(0, 68, 0, 5), avp(0, 65, zeros(8)...))
	f.Add(join(ask, data3(true, 1, zeros(8), join(ethernet(0x0800), nested(0)))))
	f.Fuzz(func(t *testing.T, data []byte) {
		tunnels := Tunnels{}.Following(new(Sessions))
		for len(data) > 0 {
			var outer, inner View
			Decode(&outer, Raw, data, len(data), LayoutAuto)
			if outer.Form == Whole {
				if unread := tunnels.Decode(&inner, &outer, outer.Proto, data); unread >= Unreads {
					t.Errorf("unread: got %d", unread)
				}
			}
			if inner.Form != NoIP {
				checkView(t, &inner, data)
				if inner.Net < outer.Upper || inner.End > outer.End || inner.Upper+inner.UpperLen > outer.Upper+outer.UpperLen {
					t.Errorf("got %+v in %+v", inner, outer)
				}
			}
			data = data[max(1, outer.End):]
		}
	})
}
