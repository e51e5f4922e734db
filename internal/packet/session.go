package packet

import (
	"fmt"
	"strings"
)

// maxSessions is how many sessions of L2TPv3 are known at once; those before are
// forgotten then.
const maxSessions = 1 << 16

// Sessions are what control messages of L2TPv3 (RFC 3931) have said of how its data
// messages are laid out. Each message is to be seen once, in the order of the capture.
// The zero value knows none.
type Sessions struct{ known map[session]layout }

// session is one as data messages name it: by the identifier that their receiver has
// assigned (RFC 3931, section 4.1).
type session struct {
	receiver, sender Addr
	id               uint32
}

// layout is that of a session's data messages to one end.
type layout struct {
	pseudowire uint16 // IANA's number of the Pseudowire Type; 0 where it was not said
	cookie     int    // bytes
	sublayer   uint16 // Layer 2-Specific Sublayer, as the attribute has it
	stated     bool   // that end has said itself which
}

// Control messages that begin sessions (RFC 3931, section 3.1).
const (
	outgoingRequest   = 7
	outgoingReply     = 8
	outgoingConnected = 9
	incomingRequest   = 10
	incomingReply     = 11
	incomingConnected = 12
)

// call is what such a message says.
type call struct {
	layout
	message       uint16
	local, remote uint32
	hidden        bool // some of it is encrypted (RFC 3931, section 5.3)
}

// learn takes in a control message, which begins with its flags. Its sender says how what
// is sent to it is laid out, and the one that asks for a session what is in it.
func (s *Sessions) learn(from, to Addr, message []byte) {
	c, ok := readCall(message)
	if !ok {
		return
	}
	own, other := session{from, to, c.local}, session{to, from, c.remote}
	switch c.message {
	case outgoingRequest, incomingRequest:
		s.set(own, c.layout)
	case outgoingReply, incomingReply:
		asked := s.known[other]
		c.pseudowire = asked.pseudowire
		if !c.stated {
			c.sublayer = asked.sublayer
		}
		s.set(own, c.layout)
	case outgoingConnected, incomingConnected:
		for _, end := range [...]session{own, other} {
			if l, known := s.known[end]; known && c.stated && (end == own || !l.stated) {
				l.sublayer = c.sublayer
				s.known[end] = l
			}
		}
	}
}

func (s *Sessions) set(of session, l layout) {
	if s.known == nil || len(s.known) >= maxSessions {
		s.known = make(map[session]layout)
	}
	s.known[of] = l
}

// readCall reads a control message (RFC 3931, sections 3.2.1 and 5.1). It reports false
// for one that says nothing of a session, or not in the clear.
func readCall(message []byte) (c call, ok bool) {
	const headerLen, hasLength, hasSequence = 12, 0x4000, 0x0800
	if len(message) < headerLen || be16(message)&hasLength == 0 || be16(message)&hasSequence == 0 {
		return c, false
	}
	message = message[:min(len(message), int(be16(message[2:])))]
	for rest := message[min(len(message), headerLen):]; len(rest) >= avpLen; {
		size := int(be16(rest) & 0x03FF)
		if size < avpLen || size > len(rest) {
			break
		}
		c.take(rest[:size])
		rest = rest[size:]
	}
	return c, c.local != 0 && !c.hidden
}

const avpLen = 6

// take reads one attribute (RFC 3931, section 5.4), or what Cisco has in its place.
func (c *call) take(avp []byte) {
	const ietf, cisco = 0, 9
	const message, local, remote, cookie, pseudowire, sublayer = 0, 63, 64, 65, 68, 69
	kind, value := be16(avp[4:]), avp[avpLen:]
	switch be16(avp[2:]) {
	case ietf:
	case cisco:
		var ok bool
		if kind, ok = map[uint16]uint16{3: local, 4: remote, 5: cookie, 7: pseudowire}[kind]; !ok {
			return
		}
	default:
		return
	}
	hidden := avp[0]&0x40 != 0
	switch {
	case kind == message && len(value) >= 2:
		c.message = be16(value)
		return
	case kind == local && len(value) >= 4:
		c.local = be32(value)
	case kind == remote && len(value) >= 4:
		c.remote = be32(value)
	case kind == cookie:
		c.cookie = len(value)
	case kind == pseudowire && len(value) >= 2:
		c.pseudowire = be16(value)
	case kind == sublayer && len(value) >= 2:
		c.sublayer, c.stated = be16(value), true
	default:
		return
	}
	c.hidden = c.hidden || hidden
}

// ofPseudowire returns what a Pseudowire Type of IANA's list leads into.
func ofPseudowire(kind uint16) encapsulation {
	switch kind {
	case 2: // ATM AAL5
		return llcHeader
	case 4, 5: // Ethernet, with a VLAN tag or as it is (RFC 4719)
		return ethernetHeader
	case 6:
		return hdlcHeader
	case 7:
		return pppHeader
	case 11:
		return ipHeader
	}
	return unreadTunnel
}

// sublayerLen returns the length of a Layer 2-Specific Sublayer of IANA's list: none, the
// default one (RFC 3931, section 4.6), that for ATM (RFC 4454, section 6), or that for MPT.
func sublayerLen(kind uint16) (length int, ok bool) {
	switch kind {
	case 0:
		return 0, true
	case 1, 2, 3:
		return 4, true
	}
	return 0, false
}

// l2tp is asked for what a packet of L2TP leads into: data messages of version 3 need
// what control messages have said before.
func (t Tunnels) l2tp(v *View, e encapsulation, s span) (encapsulation, span) {
	const control, version = 0x8000, 15
	h, id := s.data[s.begin:], 0
	if e == l2tpHeader {
		if id = 4; len(h) < id || be16(h)&version != 3 {
			return e, s
		}
	}
	v.L2TPv3 = true
	if t.sessions == nil || v.Partial || len(h) < id+4 {
		return e, s
	}
	switch {
	case e == l2tpHeader && be16(h)&control != 0:
		t.sessions.learn(v.Src, v.Dst, h)
		return e, s
	case e == l2tpIPHeader && be32(h) == 0:
		t.sessions.learn(v.Src, v.Dst, h[4:])
		return e, s
	}
	return t.message(v, s, id)
}

// message is asked for what a data message leads into, whose session is named id bytes
// after its beginning.
func (t Tunnels) message(v *View, s span, id int) (encapsulation, span) {
	l := t.sessions.known[session{v.Dst, v.Src, be32(s.data[s.begin+id:])}]
	next := ofPseudowire(l.pseudowire)
	if l.pseudowire == 0 {
		next = t.pseudowire
	}
	if t.cookie != nil {
		l.cookie = *t.cookie
	}
	if t.sublayer != nil {
		l.sublayer = *t.sublayer
	}
	length, ok := sublayerLen(l.sublayer)
	s.begin += id + 4 + l.cookie
	if !ok || next == unknownEncapsulation || s.begin+length > len(s.data) {
		return unreadTunnel, s
	}
	const atm, cell = 2, 0x08 // a cell of operation and maintenance
	if l.sublayer == atm && s.data[s.begin]&cell != 0 {
		next = noPacket
	}
	s.begin += length
	return next, s
}

// statements about sessions of L2TPv3, as tshark has them: the pseudowire of those of which
// no control message was seen, and what comes before it in all.
var statements = []struct {
	text string
	set  func(t *Tunnels)
}{
	{"l2tp.pw_type==0,eth", func(t *Tunnels) { t.pseudowire = ethernetHeader }},
	{"l2tp.pw_type==0,ppp", func(t *Tunnels) { t.pseudowire = pppHeader }},
	{"l2tp.pw_type==0,chdlc", func(t *Tunnels) { t.pseudowire = hdlcHeader }},
	{"l2tp.pw_type==0,ip", func(t *Tunnels) { t.pseudowire = ipHeader }},
	{"l2tp.cookie_size:cookie0", func(t *Tunnels) { t.cookie = new(0) }},
	{"l2tp.cookie_size:cookie4", func(t *Tunnels) { t.cookie = new(4) }},
	{"l2tp.cookie_size:cookie8", func(t *Tunnels) { t.cookie = new(8) }},
	{"l2tp.l2_specific:none", func(t *Tunnels) { t.sublayer = new(uint16(0)) }},
	{"l2tp.l2_specific:default", func(t *Tunnels) { t.sublayer = new(uint16(1)) }},
	{"l2tp.l2_specific:atm", func(t *Tunnels) { t.sublayer = new(uint16(2)) }},
}

func (t *Tunnels) decodeSessions(statement string) error {
	var texts []string
	for _, s := range statements {
		if s.text == statement {
			s.set(t)
			return nil
		}
		texts = append(texts, s.text)
	}
	return fmt.Errorf("%q is none of %s", statement, strings.Join(texts, ", "))
}
