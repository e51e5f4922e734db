package etw

import (
	"cmp"
	"encoding/binary"
	"net/netip"
	"slices"
)

// Limits of what a Witness keeps.
const (
	maxRows = 1 << 16 // ends of connections
	maxRaw  = 1 << 21 // packets that raw sockets were given: about 40 bytes each
	maxEnds = 1 << 16 // distinct addresses of them
)

// Witness reads events that tell of the network without holding its packets: whose
// connections there were and when, and what raw sockets were given. They are
//
//	Microsoft-Windows-TCPIP         1002, 1017, 1031, 1033, 1038 to 1040, 1043, 1044, 1046,
//	                                1300, 1477 (connections), 1074, 1601 (segments received),
//	                                1073, 1332, 1333 (data sent), 1169, 1170 (datagrams),
//	                                1528, 1529 (packets of raw sockets)
//	Microsoft-Windows-Winsock-AFD   1000, 1030 (sockets that are bound), 3004 (what sockets
//	                                were given), 1009, 1015 (what programs took out of them)
//	Microsoft-Windows-Kernel-Network and the kernel logger's TcpIp and UdpIp: all with ends
//
// Versions of TcpIp and UdpIp before 1, of Windows 2000, are passed over.
type Witness struct {
	layouts *Layouts
	values  values

	rows     map[rowKey]*span
	received map[rowKey]*span // datagrams received, whose ends may be either way round
	sockets  map[uint64]uint8 // protocol of those that AFD says were made; 0 = neither TCP nor UDP
	own      map[netip.Addr]bool

	raw       []RawPacket
	calls     map[call]uint64 // numbers of them, from 1
	segments  []segment
	blocks    map[uint64][]block // which connection a control block was of
	Unlisted  int64              // connections and packets beyond the limits
	Malformed int64              // events that end before their fields
	Several   int64              // events of raw sockets about several packets at once, which say the length of none
}

// rowKey names the ends of a connection, as the host sees it.
type rowKey struct {
	protocol      uint8
	local, remote netip.AddrPort
	pid           uint32
}

type span struct{ first, last int64 }

// Row is what events tell of a connection or of a socket. An end that isn't known is zero,
// and so is the address of a local end of which only the port is.
type Row struct {
	Protocol      uint8
	Local, Remote netip.AddrPort
	PID           uint32 // 0 = not told
	First, Last   int64  // FILETIME of the first and the last event
}

// GroupFlow is what datagrams from one source to a group tell.
type GroupFlow struct{ Source, Group netip.AddrPort }

// RawPacket is a packet that a raw socket was given, that was sent through one, or that a
// program took out of it.
type RawPacket struct {
	Socket      uint64 // whatever stands for it in the kernel; of AFD's events, for each place where AFD logs it another
	Source      netip.Addr
	Destination netip.Addr // zero of AFD's events, which don't say it
	Length      uint32     // bytes given
	Protocol    uint8      // as Destination
	Sent        bool
	Taken       bool
	Time        int64 // FILETIME
}

// call is a place where AFD logs what goes through a socket: a packet may pass several,
// with an event at each.
type call struct {
	endpoint, location uint64
	id                 uint16
	left               bool // the event is of the way out
}

// NewWitness reads events by the layouts that a first pass has found.
func NewWitness(l *Layouts) *Witness {
	return &Witness{
		layouts: l, rows: make(map[rowKey]*span), received: make(map[rowKey]*span),
		sockets: make(map[uint64]uint8), own: make(map[netip.Addr]bool), blocks: make(map[uint64][]block), calls: make(map[call]uint64),
	}
}

// Add takes the next event. It keeps nothing of e.
func (w *Witness) Add(e *Event) {
	read := w.reader(e)
	if read == nil {
		return
	}
	l := w.layouts.of(asKernelNetwork(e))
	if l == nil {
		return
	}
	if err := w.values.read(l, e); err != nil || !read(e) {
		w.Malformed++
	}
}

// reader is what reads an event once its fields are in w.values, and reports whether they
// were there; nil for events that tell nothing.
func (w *Witness) reader(e *Event) func(*Event) bool {
	switch e.Provider {
	case KernelNetwork, classTCP, classUDP:
		if id := kernelID(e); id == kernelDatagram4 || id == kernelDatagram6 {
			return w.receivedDatagram
		} else if id != 0 {
			return w.kernel
		}
	case TCPIP:
		switch e.ID {
		case 1002, 1017, 1031, 1033, 1038, 1039, 1040, 1043, 1044, 1046, 1300, 1477:
			return w.connection
		case 1169, 1170:
			return w.datagram
		case tcpipReceived, tcpipHeader, tcpipSent, tcpipSentNext, tcpipSentCTCP:
			return w.segment
		case tcpipRawSend, tcpipRawReceive:
			return w.rawPacket
		}
	case WinsockAFD:
		switch e.ID {
		case 1000:
			return w.socket
		case 1030:
			return w.bind
		case afdGiven, afdReceiveFrom, afdReceiveMessage:
			return w.passage
		}
	}
	return nil
}

// row notes that a connection was there at a time.
func (w *Witness) row(rows map[rowKey]*span, k rowKey, time int64) {
	s := rows[k]
	if s == nil {
		if len(w.rows)+len(w.received) >= maxRows {
			w.Unlisted++
			return
		}
		rows[k] = &span{time, time}
		return
	}
	s.first, s.last = min(s.first, time), max(s.last, time)
}

// Events of TCPIP about raw sockets.
const (
	tcpipRawSend    = 1528
	tcpipRawReceive = 1529
)

// Events of AFD about what goes through a socket.
const (
	afdGiven          = 3004 // by the stack
	afdReceiveFrom    = 1009 // taken by the program
	afdReceiveMessage = 1015
)

// connection reads both ends of a TCP connection.
func (w *Witness) connection(e *Event) bool { return w.ends(protocolTCP, e) }

// datagram reads both ends of UDP datagrams.
func (w *Witness) datagram(e *Event) bool { return w.ends(protocolUDP, e) }

func (w *Witness) ends(protocol uint8, e *Event) bool {
	v := &w.values
	local, remote := sockaddr(v[roleLocal]), sockaddr(v[roleRemote])
	if v[roleLocal] == nil || v[roleRemote] == nil {
		return false
	}
	if !local.IsValid() || local.Port() == 0 {
		return true // not bound yet
	}
	w.isOwn(local.Addr())
	w.row(w.rows, rowKey{protocol, local, remote, uint32(number(v[rolePID]))}, e.Time)
	if v[roleConnection] != nil {
		w.block(number(v[roleConnection]), local, remote, e.Time)
	}
	return true
}

// isOwn notes an address of the host.
func (w *Witness) isOwn(a netip.Addr) {
	if a.IsValid() && !a.IsUnspecified() && !a.IsMulticast() && len(w.own) < maxEnds {
		w.own[a] = true
	}
}

// rawPacket reads what a raw socket was given, or what was sent through one. The event
// calls what the packet came from remote, as recvfrom has it.
func (w *Witness) rawPacket(e *Event) bool {
	v := &w.values
	local, remote := sockaddr(v[roleLocal]), sockaddr(v[roleRemote])
	protocol, length := number(v[roleProtocol]), number(v[roleBytes])
	if v[roleLocal] == nil || v[roleRemote] == nil || v[roleProtocol] == nil || v[roleBytes] == nil || protocol > 255 {
		return false
	}
	if v[roleMessages] != nil && number(v[roleMessages]) != 1 {
		w.Several++
		return true
	}
	p := RawPacket{
		Socket: number(v[roleEndpoint]), Source: remote.Addr(), Destination: local.Addr(),
		Length: uint32(length), Protocol: uint8(protocol), Time: e.Time,
	}
	if e.ID == tcpipRawSend {
		p.Source, p.Destination, p.Sent = p.Destination, p.Source, true
	}
	if p.Source.IsValid() && p.Destination.IsValid() && !p.Destination.IsUnspecified() {
		w.addRaw(&p)
	}
	return true
}

func (w *Witness) addRaw(p *RawPacket) {
	if len(w.raw) >= maxRaw {
		w.Unlisted++
		return
	}
	w.raw = append(w.raw, *p)
}

// passage reads what came into a socket, or went out of it, unless it is known to be a
// socket of TCP or UDP. A call that begins has no address yet, and one that fails no data.
func (w *Witness) passage(e *Event) bool {
	v := &w.values
	if v[roleEndpoint] == nil || v[roleBytes] == nil || v[roleAddress] == nil {
		return false
	}
	source, endpoint := sockaddr(v[roleAddress]), number(v[roleEndpoint])
	if !source.IsValid() || number(v[roleStatus]) != 0 || w.sockets[endpoint] != 0 {
		return true
	}
	at := call{endpoint, number(v[roleLocation]), e.ID, number(v[roleEnter]) != 0}
	if w.calls[at] == 0 {
		if len(w.calls) >= maxRows {
			w.Unlisted++
			return true
		}
		w.calls[at] = uint64(len(w.calls) + 1)
	}
	w.addRaw(&RawPacket{Socket: w.calls[at], Source: source.Addr(), Length: uint32(number(v[roleBytes])), Taken: e.ID != afdGiven, Time: e.Time})
	return true
}

// Kinds of sockets (winsock2.h).
const (
	socketStream   = 1
	socketDatagram = 2
)

// socket reads which kind a new socket is of. The event is told on the way in, when it has
// no endpoint yet, and on the way out.
func (w *Witness) socket(*Event) bool {
	v := &w.values
	endpoint := number(v[roleEndpoint])
	if endpoint == 0 || len(w.sockets) >= maxRows {
		return true
	}
	switch number(v[roleSocketType]) {
	case socketStream:
		w.sockets[endpoint] = protocolTCP
	case socketDatagram:
		w.sockets[endpoint] = protocolUDP
	default:
		delete(w.sockets, endpoint)
	}
	return true
}

// bind reads to which address a socket was bound.
func (w *Witness) bind(e *Event) bool {
	v := &w.values
	if v[roleAddress] == nil {
		return false
	}
	local := sockaddr(v[roleAddress])
	if !local.IsValid() || number(v[roleEnter]) == 0 || number(v[roleStatus]) != 0 {
		return true // not done yet, or refused
	}
	w.isOwn(local.Addr())
	if protocol := w.sockets[number(v[roleEndpoint])]; protocol != 0 && local.Port() != 0 {
		w.row(w.rows, rowKey{protocol: protocol, local: local}, e.Time)
	}
	return true
}

// Events of Kernel-Network, whose classic forms have other numbers for UDP alone.
const (
	kernelSent4     = 42
	kernelDatagram4 = 43
	kernelSent6     = 58
	kernelDatagram6 = 59
)

// kernelID is the number that an event of the kernel's has in Kernel-Network, 0 where it
// tells of no connection.
func kernelID(e *Event) uint16 {
	id := e.ID
	if e.Classic {
		if e.Version == 0 {
			return 0
		}
		id = uint16(e.Opcode)
		if e.Provider == classUDP {
			id = map[uint16]uint16{10: kernelSent4, 11: kernelDatagram4, 26: kernelSent6, 27: kernelDatagram6}[id]
		}
	}
	switch {
	case id >= 10 && id <= 16, id == 18, id >= 26 && id <= 32, id == 34,
		id == kernelSent4, id == kernelDatagram4, id == kernelSent6, id == kernelDatagram6:
		return id
	}
	return 0
}

// asKernelNetwork is e, or for an event of the kernel logger the one that has its layout.
func asKernelNetwork(e *Event) *Event {
	if e.Provider != classTCP && e.Provider != classUDP {
		return e
	}
	return &Event{Provider: KernelNetwork, ID: kernelID(e)}
}

// kernelEnds are the ends of a kernel event as it calls them.
func (w *Witness) kernelEnds() (to, from netip.AddrPort, ok bool) {
	v := &w.values
	daddr, ok1 := netip.AddrFromSlice(v[roleToAddress])
	saddr, ok2 := netip.AddrFromSlice(v[roleFromAddress])
	if !ok1 || !ok2 || len(v[roleToPort]) != 2 || len(v[roleFromPort]) != 2 {
		return to, from, false
	}
	be := binary.BigEndian
	return netip.AddrPortFrom(daddr, be.Uint16(v[roleToPort])), netip.AddrPortFrom(saddr, be.Uint16(v[roleFromPort])), true
}

// kernel reads an event whose daddr is the remote end, whichever way the packet went: so
// it is for all events of TCP and for datagrams that were sent.
func (w *Witness) kernel(e *Event) bool {
	remote, local, ok := w.kernelEnds()
	if !ok {
		return false
	}
	protocol := uint8(protocolTCP)
	if id := kernelID(e); id == kernelSent4 || id == kernelSent6 {
		protocol = protocolUDP
	}
	w.isOwn(local.Addr())
	w.row(w.rows, rowKey{protocol, local, remote, uint32(number(w.values[rolePID]))}, e.Time)
	return true
}

// receivedDatagram reads a datagram that was received. Where that was unicast, daddr is the
// remote end as in all other events; of one to a group or to all, daddr is what it was
// sent to, and saddr who sent it. Which it was shows once the host's addresses are known.
func (w *Witness) receivedDatagram(e *Event) bool {
	to, from, ok := w.kernelEnds()
	if !ok {
		return false
	}
	w.row(w.received, rowKey{protocolUDP, from, to, uint32(number(w.values[rolePID]))}, e.Time)
	return true
}

// Rows gives the connections, sorted, and what groups were sent. Datagrams of which
// nothing says which end is the host's are left out and counted.
func (w *Witness) Rows() (rows []Row, groups []GroupFlow, untold int) {
	all := make(map[rowKey]span, len(w.rows))
	add := func(k rowKey, s span) {
		if known, ok := all[k]; ok {
			s = span{min(s.first, known.first), max(s.last, known.last)}
		}
		all[k] = s
	}
	for k, s := range w.rows {
		add(k, *s)
	}
	for k, s := range w.received {
		switch to := k.remote.Addr(); {
		case w.own[k.local.Addr()]:
			add(k, *s)
		case to.IsMulticast(), w.isBroadcast(to):
			groups = append(groups, GroupFlow{Source: k.local, Group: k.remote})
			k.local, k.remote = netip.AddrPortFrom(netip.Addr{}, k.remote.Port()), k.local
			add(k, *s)
		case w.own[to]:
			k.local, k.remote = k.remote, k.local
			add(k, *s)
		default:
			untold++
		}
	}
	for k, s := range all {
		rows = append(rows, Row{Protocol: k.protocol, Local: k.local, Remote: k.remote, PID: k.pid, First: s.first, Last: s.last})
	}
	slices.SortFunc(rows, func(a, b Row) int {
		return cmp.Or(cmp.Compare(a.Protocol, b.Protocol), a.Local.Compare(b.Local), a.Remote.Compare(b.Remote), cmp.Compare(a.PID, b.PID))
	})
	slices.SortFunc(groups, func(a, b GroupFlow) int { return cmp.Or(a.Source.Compare(b.Source), a.Group.Compare(b.Group)) })
	return rows, slices.Compact(groups), untold
}

// isBroadcast reports whether an address is the one that all hosts of an IPv4 network of
// the host's have, as far as that can be told without the network's mask: after the bits
// that it shares with one of the host's own it has ones alone, two at least.
func (w *Witness) isBroadcast(a netip.Addr) bool {
	if !a.Is4() {
		return false
	}
	to := binary.BigEndian.Uint32(a.AsSlice())
	if to == 1<<32-1 {
		return true
	}
	for own := range w.own {
		if !own.Is4() {
			continue
		}
		for host := 2; host <= 24; host++ {
			mask := uint32(1)<<host - 1
			if to&mask == mask && to>>host == binary.BigEndian.Uint32(own.AsSlice())>>host {
				return true
			}
		}
	}
	return false
}

// Own gives the host's addresses that the events tell of, sorted.
func (w *Witness) Own() []netip.Addr {
	list := make([]netip.Addr, 0, len(w.own))
	for a := range w.own {
		list = append(list, a)
	}
	slices.SortFunc(list, netip.Addr.Compare)
	return list
}

// Raw gives the packets of raw sockets, in the order of events.
func (w *Witness) Raw() []RawPacket { return w.raw }

// sockaddr reads a SOCKADDR of Windows (ws2def.h, ws2ipdef.h); the zero value where it is
// of neither family of IP, or not whole.
func sockaddr(b []byte) netip.AddrPort {
	const (
		inet, inet6   = 2, 23
		inetEnd       = 8
		inet6Address  = 8
		inet6End      = 24
		familyAndPort = 4
	)
	if len(b) < familyAndPort {
		return netip.AddrPort{}
	}
	port := binary.BigEndian.Uint16(b[2:])
	switch family := binary.LittleEndian.Uint16(b); {
	case family == inet && len(b) >= inetEnd:
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[familyAndPort:inetEnd])), port)
	case family == inet6 && len(b) >= inet6End:
		return netip.AddrPortFrom(netip.AddrFrom16([16]byte(b[inet6Address:inet6End])), port)
	}
	return netip.AddrPort{}
}
