package tables

import (
	"strconv"
	"strings"

	"github.com/mendcap/mendcap/infer"
)

// Unix netstat cuts IPv6 addresses to fit its columns, unless it is told not
// to, so that what is left may still be an address. What fills its room to the
// last character is taken for cut, unless the table has longer ones.
const (
	linuxRoom = 23 // net-tools and busybox: address, colon and port; wide with -W
	bsdRoom   = 16 // BSD: the address with its zone; wide with -l or -W
)

// isUnixNetstat tells a row of Unix netstat: protocol in lower case, the two
// queues' lengths, two endpoints.
func isUnixNetstat(l *lines) bool {
	fields := l.fields()
	return len(fields) >= 5 && isUnixProtocol(fields[0]) && isInteger(fields[1]) && isInteger(fields[2]) &&
		unixSeparator(fields[3]) != 0 && unixSeparator(fields[4]) != 0
}

// isUnixProtocol tells tcp, udp, udplite and raw, with the suffixes that say
// the family.
func isUnixProtocol(token string) bool {
	switch strings.TrimRight(token, "46") {
	case "tcp", "udp", "udpl", "udplite", "raw", "icm", "icmp", "sctp", "dccp":
		return true
	}
	return false
}

// unixSeparator returns what stands before an endpoint's port: a dot in BSD's.
func unixSeparator(token string) byte {
	at := strings.LastIndexAny(token, ".:")
	if at <= 0 {
		return 0
	}
	return token[at]
}

// unixSocket is a row of Unix netstat.
type unixSocket struct {
	number int
	line   string
	fields []string
}

// parseUnixNetstat reads the rows of a table, whose widest tell whether
// addresses are cut.
func parseUnixNetstat(c *collector, l *lines) {
	var rows []unixSocket
	wide := false
	for ; !l.done() && len(rows) < maxRows; l.next() {
		fields := l.fields()
		if !isUnixNetstat(l) {
			if len(fields) > 0 && (fields[0] == "unix" || isUnixProtocol(fields[0]) && !mentionsAddress(l.current)) {
				continue
			}
			break
		}
		rows = append(rows, unixSocket{l.number, l.current, fields})
		wide = wide || overflows(fields[3]) || overflows(fields[4])
	}
	for _, row := range rows {
		c.unixSocket(row, wide)
	}
}

// overflows reports whether an endpoint is longer than a table has room for
// that cuts addresses.
func overflows(token string) bool {
	if unixSeparator(token) == '.' {
		host := token[:strings.LastIndexByte(token, '.')]
		return len(host) > bsdRoom
	}
	return len(token) > linuxRoom
}

func (c *collector) unixSocket(row unixSocket, wide bool) {
	local, ok := unixEnd(row.fields[3], wide)
	remote, isRemote := unixEnd(row.fields[4], wide)
	if !ok || !isRemote {
		c.rejectLine(row.number, row.line, whyName)
		return
	}
	isTCP := strings.HasPrefix(row.fields[0], "tcp")
	if !isTCP && !strings.HasPrefix(row.fields[0], "udp") {
		return // of other protocols the "ports" are their numbers
	}
	if !c.ends(local, remote) {
		c.rejectEnds(row, local, remote)
		return
	}
	if local.Port == 0 {
		return // not bound
	}
	connection := infer.Connection{Local: local.Endpoint, Remote: remote.Endpoint}
	connection.State, connection.PID = unixState(row.fields[5:])
	if isTCP {
		c.tcp(connection)
	} else {
		c.udp(connection)
	}
}

// rejectEnds notes that not all is known of a row's ends, but for their ports'
// numbers.
func (c *collector) rejectEnds(row unixSocket, local, remote end) {
	switch {
	case local.rest != "" || remote.rest != "":
		c.rejectLine(row.number, row.line, whyDoubt)
	case local.named || remote.named:
		c.rejectLine(row.number, row.line, whyName)
	}
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
		n, err := strconv.ParseUint(digits, 10, 32)
		if isProcess && err == nil {
			pid = uint32(n)
			break
		}
		if i == 0 && err != nil && field != "-" && !strings.ContainsAny(field, "()") {
			state = word(field)
		}
	}
	return state, pid
}
