package tables

import (
	"strconv"
	"strings"

	"github.com/mendcap/mendcap/infer"
)

// isSS tells a row of Linux' ss: perhaps the kind of socket, the state in
// capitals, the two queues' lengths, two endpoints.
func isSS(l *lines) bool {
	_, ok := ssColumns(l.fields())
	return ok
}

// ssColumns returns at which field the state is, 0 or 1.
func ssColumns(fields []string) (state int, ok bool) {
	for state = range 2 {
		if len(fields) < state+5 {
			return 0, false
		}
		if isSSState(fields[state]) && isInteger(fields[state+1]) && isInteger(fields[state+2]) {
			return state, isSSEnd(fields[state+3]) && isSSEnd(fields[state+4])
		}
	}
	return 0, false
}

func isSSState(token string) bool {
	switch token {
	case "ESTAB", "SYN-SENT", "SYN-RECV", "FIN-WAIT-1", "FIN-WAIT-2", "TIME-WAIT", "UNCONN", "CLOSE-WAIT",
		"LAST-ACK", "LISTEN", "CLOSING", "NEW-SYN-RECV", "BOUND-INACTIVE":
		return true
	}
	return false
}

func isSSEnd(token string) bool { return strings.LastIndexByte(token, ':') > 0 }

// parseSS reads the rows of one table. Where all sockets are of one kind ss does
// not say which: unconnected ones are UDP's.
func parseSS(c *collector, l *lines) {
	var rows []unixSocket
	udp := false
	for ; !l.done() && len(rows) < maxRows; l.next() {
		state, ok := ssColumns(l.fields())
		if !ok {
			if l.indented() && len(rows) > 0 && !blank(l.current) && !c.begins(l) {
				continue // details of the socket above
			}
			break
		}
		fields := l.fields()
		if state == 0 {
			udp = udp || fields[0] == "UNCONN"
		}
		rows = append(rows, unixSocket{l.number, l.current, fields})
	}
	for _, row := range rows {
		c.ssSocket(row, udp)
	}
}

func (c *collector) ssSocket(row unixSocket, udp bool) {
	state, _ := ssColumns(row.fields)
	if state == 1 {
		switch row.fields[0] {
		case "tcp", "mptcp":
			udp = false
		case "udp", "udplite":
			udp = true
		default:
			return // of other protocols the "ports" are no ports
		}
	}
	// [address]%zone:port, or as older versions print it, address%zone:port.
	local, ok := parseUnixEnd(row.fields[state+3], ':')
	remote, isRemote := parseUnixEnd(row.fields[state+4], ':')
	if !ok || !isRemote {
		c.rejectLine(row.number, row.line, whyName)
		return
	}
	if !c.ends(local, remote) {
		c.rejectEnds(row, local, remote)
		return
	}
	connection := infer.Connection{
		Local: local.Endpoint, Remote: remote.Endpoint, State: row.fields[state], PID: ssPID(row.fields[state+5:]),
	}
	switch {
	case local.Port == 0: // not bound
	case udp:
		c.udp(connection)
	default:
		c.tcp(connection)
	}
}

// ssPID finds the first process: users:(("name",pid=4711,fd=3)), or without
// "pid=" in older versions.
func ssPID(tail []string) uint32 {
	_, users, ok := strings.Cut(strings.Join(tail, " "), `users:(("`)
	if !ok {
		return 0
	}
	_, rest, ok := strings.Cut(users, `",`)
	if !ok {
		return 0
	}
	digits, _, _ := strings.Cut(strings.TrimPrefix(rest, "pid="), ",")
	n, err := strconv.ParseUint(digits, 10, 32)
	if err != nil {
		return 0
	}
	return uint32(n)
}
