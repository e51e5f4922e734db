package tables

import (
	"strconv"
	"strings"

	"github.com/mendcap/mendcap/infer"
)

// isNetstat tells a row of Windows' netstat -n: the protocol, then an endpoint.
// Linux and macOS have the queues' lengths between the two. With -b the names
// of programs stand on lines between the rows.
func isNetstat(l *lines) bool {
	fields := netstatFields(l.current)
	if len(fields) < 3 {
		return false
	}
	local, ok := parseEnd(fields[1])
	if local.named {
		remote, isRemote := parseEnd(fields[2])
		return isRemote && !remote.named && remote.Address.IsValid()
	}
	return ok
}

// netstatFields returns the fields of a line that begins with a protocol.
func netstatFields(line string) []string {
	line = strings.TrimSpace(line)
	if !strings.HasPrefix(line, "TCP") && !strings.HasPrefix(line, "UDP") {
		return nil
	}
	fields := strings.Fields(line)
	if suffix := fields[0][3:]; suffix != "" && !strings.EqualFold(suffix, "v6") {
		return nil
	}
	return fields
}

// parseNetstat reads one row: protocol, local and remote endpoint, then the
// state (TCP only; in the user's language, of any number of words) and the PID
// (with -o). Without -n ports are services' names, and addresses hosts': of such a
// row only the addresses are kept.
func parseNetstat(c *collector, l *lines) {
	defer l.next()
	fields := netstatFields(l.current)
	local, _ := parseEnd(fields[1])
	remote, ok := parseEnd(fields[2])
	if !ok || !local.service && !local.named && local.Port == 0 {
		c.reject(l, whyName)
		return
	}
	if !c.ends(local, remote) {
		if local.named || remote.named {
			c.reject(l, whyName)
		}
		return
	}
	row := infer.Connection{Local: local.Endpoint, Remote: remote.Endpoint}
	tail := fields[3:]
	for i := len(tail) - 1; i >= 0; i-- {
		if pid, err := strconv.ParseUint(tail[i], 10, 32); err == nil {
			row.PID = uint32(pid)
			tail = tail[:i]
			break
		}
	}
	row.State = word(strings.Join(tail, " "))
	if strings.HasPrefix(fields[0], "UDP") {
		c.udp(row)
	} else {
		c.tcp(row)
	}
}
