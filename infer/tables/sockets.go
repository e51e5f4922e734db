package tables

import (
	"slices"
	"strings"

	"github.com/mendcap/mendcap/infer"
)

// The tables of sockets that netstat and ss print.

// netstat reads a row of Windows' netstat: protocol, local and remote endpoint,
// then the state (TCP only; in the user's language, of any number of words) and the
// PID (with -o). Linux and macOS have the queues' lengths before the endpoints. With
// -b the names of programs are on lines between the rows. Without -n ports are
// services' names, and addresses hosts': of such a row only the addresses are kept.
func netstat(c *collector, fields []string) (why string) {
	protocol := fields[0]
	isUDP := strings.HasPrefix(protocol, "UDP")
	if !isUDP && !strings.HasPrefix(protocol, "TCP") || protocol[3:] != "" && !strings.EqualFold(protocol[3:], "v6") {
		return whyUnknown
	}
	local, ok := parseEnd(fields[1])
	remote, isRemote := parseEnd(fields[2])
	if local.named {
		ok = isRemote && !remote.named && remote.Address.IsValid()
	}
	switch {
	case !ok:
		return whyUnknown
	case !isRemote || !local.service && !local.named && local.Port == 0:
		return whyName
	}
	var pid uint32
	tail := fields[3:]
	for i := len(tail) - 1; i >= 0; i-- {
		if pid, ok = number[uint32](tail[i]); ok {
			tail = tail[:i]
			break
		}
	}
	return c.socket(isUDP, local, remote, word(strings.Join(tail, " ")), pid)
}

// socket adds a row about two ends, or what is certain of it, and says why that is
// not all. That a port's number isn't known is no reason.
func (c *collector) socket(isUDP bool, local, remote end, state string, pid uint32) (why string) {
	if !local.whole() || !remote.whole() {
		return c.certainEnds(local, remote)
	}
	if local.Port == 0 {
		return "" // not bound
	}
	rows := &c.snapshot.TCPConnections
	if isUDP {
		rows = &c.snapshot.UDPEndpoints
	}
	keep(c, rows, infer.Connection{Local: local.Endpoint, Remote: remote.Endpoint, State: state, PID: pid})
	return ""
}

// socketRow is a row of a table whose rows together say how each is read.
type socketRow struct {
	mark
	fields []string
}

// gatherSockets takes the rows of a table, and the lines between them that passed
// reports to be part of it.
func gatherSockets(l *lines, isRow func(*lines) bool, passed func() bool) (rows []socketRow) {
	for ; !l.done() && len(rows) < maxRows; l.next() {
		if isRow(l) {
			rows = append(rows, socketRow{l.mark(), l.fields()})
		} else if !passed() {
			break
		}
	}
	return rows
}

// Unix netstat cuts IPv6 addresses to fit its columns, unless it is told not
// to, so that what is left may still be an address. What fills its room to the
// last character is taken for cut, unless the table has longer ones.
const (
	linuxRoom = 23 // net-tools and busybox: address, colon and port; wide with -W
	bsdRoom   = 16 // BSD: the address with its zone; wide with -l or -W
)

// isUnixSocket tells a row of Unix netstat: protocol in lower case, the two
// queues' lengths, two endpoints.
func isUnixSocket(l *lines) bool {
	fields := l.fields()
	return len(fields) >= 5 && isUnixProtocol(fields[0]) && isInteger(fields[1]) && isInteger(fields[2]) &&
		unixSeparator(fields[3]) != 0 && unixSeparator(fields[4]) != 0
}

// unixProtocols are those that netstat has, without the suffixes that say the
// family.
var unixProtocols = []string{"tcp", "udp", "udpl", "udplite", "raw", "icm", "icmp", "sctp", "dccp"}

func isUnixProtocol(token string) bool {
	return slices.Contains(unixProtocols, strings.TrimRight(token, "46"))
}

// unixSeparator returns what is before an endpoint's port: a dot in BSD's.
func unixSeparator(token string) byte {
	at := strings.LastIndexAny(token, ".:")
	if at <= 0 {
		return 0
	}
	return token[at]
}

// parseUnixNetstat reads the rows of a table, whose widest tell whether
// addresses are cut.
func parseUnixNetstat(c *collector, l *lines) {
	rows := gatherSockets(l, isUnixSocket, func() bool {
		fields := l.fields()
		return len(fields) > 0 && (fields[0] == "unix" || isUnixProtocol(fields[0]) && !mentionsAddress(l.current))
	})
	wide := slices.ContainsFunc(rows, func(r socketRow) bool { return overflows(r.fields[3]) || overflows(r.fields[4]) })
	for _, row := range rows {
		c.reject(row.mark, c.unixSocket(row.fields, wide))
	}
}

// overflows reports whether an endpoint is longer than a table has room for
// that cuts addresses.
func overflows(token string) bool {
	if unixSeparator(token) == '.' {
		return strings.LastIndexByte(token, '.') > bsdRoom
	}
	return len(token) > linuxRoom
}

func (c *collector) unixSocket(fields []string, wide bool) (why string) {
	local, ok := unixEnd(fields[3], wide)
	remote, isRemote := unixEnd(fields[4], wide)
	isUDP := strings.HasPrefix(fields[0], "udp")
	switch {
	case !ok || !isRemote:
		return whyName
	case !isUDP && !strings.HasPrefix(fields[0], "tcp"):
		return "" // of other protocols the "ports" are their numbers
	}
	state, pid := unixState(fields[5:])
	why = c.socket(isUDP, local, remote, state, pid)
	if why == whyCut {
		return whyDoubt
	}
	return why
}

// unixEnd reads an endpoint. One that may have been cut is no address, and its
// port may lack digits. Hosts' names are cut likewise, and what is left of one may
// look like an IPv4 address.
func unixEnd(token string, wide bool) (e end, ok bool) {
	separator := unixSeparator(token)
	raw := token[:strings.LastIndexByte(token, separator)]
	e, ok = parseUnixEnd(token, separator)
	switch {
	case wide:
	case separator == ':' && len(token) == linuxRoom && strings.Contains(raw, ":"):
		return end{rest: raw}, true
	case separator == ':' && len(token) == linuxRoom:
		return end{named: true}, true
	case separator == '.' && len(raw) == bsdRoom && strings.Contains(raw, ":"):
		return end{Endpoint: infer.Endpoint{Port: e.Port}, rest: raw, service: e.service}, true
	}
	return e, ok
}

// unixState returns the state and the process of a row: the state comes first,
// if there is one, and the process is PID/name.
func unixState(tail []string) (state string, pid uint32) {
	for i, field := range tail {
		digits, _, isProcess := strings.Cut(field, "/")
		pid, isNumber := number[uint32](digits)
		if isProcess && isNumber {
			return state, pid
		}
		if i == 0 && !isNumber && field != "-" && !strings.ContainsAny(field, "()") {
			state = word(field)
		}
	}
	return state, 0
}

// isSSRow tells a row of Linux' ss: perhaps the kind of socket, the state in
// capitals, the two queues' lengths, two endpoints.
func isSSRow(l *lines) bool {
	_, ok := ssColumns(l.fields())
	return ok
}

// ssColumns returns at which field the state is, 0 or 1.
func ssColumns(fields []string) (state int, ok bool) {
	for state = range 2 {
		if len(fields) < state+5 {
			return 0, false
		}
		if slices.Contains(ssStates, fields[state]) && isInteger(fields[state+1]) && isInteger(fields[state+2]) {
			return state, isSSEnd(fields[state+3]) && isSSEnd(fields[state+4])
		}
	}
	return 0, false
}

// ssStates are the states of sockets by ss's names.
var ssStates = []string{
	"ESTAB", "SYN-SENT", "SYN-RECV", "FIN-WAIT-1", "FIN-WAIT-2", "TIME-WAIT", "UNCONN", "CLOSE-WAIT",
	"LAST-ACK", "LISTEN", "CLOSING", "NEW-SYN-RECV", "BOUND-INACTIVE",
}

func isSSEnd(token string) bool { return strings.LastIndexByte(token, ':') > 0 }

// parseSS reads the rows of one table, and passes the details below them. Where all
// sockets are of one kind ss does not say which: unconnected ones are UDP's.
func parseSS(c *collector, l *lines) {
	rows := gatherSockets(l, isSSRow, func() bool { return l.indented() && !blank(l.current) && !c.begins(l) })
	isUDP := slices.ContainsFunc(rows, func(r socketRow) bool { return r.fields[0] == "UNCONN" })
	for _, row := range rows {
		c.reject(row.mark, c.ssSocket(row.fields, isUDP))
	}
}

func (c *collector) ssSocket(fields []string, isUDP bool) (why string) {
	state, _ := ssColumns(fields)
	if state == 1 {
		switch fields[0] {
		case "tcp", "mptcp":
			isUDP = false
		case "udp", "udplite":
			isUDP = true
		default:
			return "" // of other protocols the "ports" are no ports
		}
	}
	// [address]%zone:port, or as older versions print it, address%zone:port.
	local, ok := parseUnixEnd(fields[state+3], ':')
	remote, isRemote := parseUnixEnd(fields[state+4], ':')
	if !ok || !isRemote {
		return whyName
	}
	return c.socket(isUDP, local, remote, fields[state], ssPID(fields[state+5:]))
}

// ssPID finds the first process: users:(("name",pid=4711,fd=3)), or without
// "pid=" in older versions.
func ssPID(tail []string) uint32 {
	_, users, _ := strings.Cut(strings.Join(tail, " "), `users:(("`)
	_, rest, _ := strings.Cut(users, `",`)
	digits, _, _ := strings.Cut(strings.TrimPrefix(rest, "pid="), ",")
	pid, _ := number[uint32](digits)
	return pid
}
