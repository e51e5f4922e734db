package tables

import (
	"net/netip"

	"github.com/mendcap/mendcap/infer"
	"github.com/mendcap/mendcap/internal/capture/convert"
	"github.com/mendcap/mendcap/internal/capture/etw"
)

// The numbers of protocols, as IP's headers have them.
const (
	protocolTCP = 6
	protocolUDP = 17
)

// FromCapture gives what a capture of another format than pcap and pcapng tells of
// connections and of the host's own addresses, as a file of that name would.
func FromCapture(name string, f *convert.File) (*infer.Snapshot, Result) {
	c := newCollector(maxRows)
	c.found(f.Format())
	for _, a := range f.Addresses() {
		c.local(0, "", a)
	}
	for _, conn := range f.Connections() {
		c.connection(&conn)
	}
	normalise(c.snapshot)
	return c.snapshot, c.report(name)
}

// connection adds a connection; one whose protocol isn't known may be of either.
func (c *collector) connection(conn *etw.Connection) {
	local, remote := endOf(conn.Local()), endOf(conn.Remote())
	for protocol, isUDP := range map[uint8]bool{protocolTCP: false, protocolUDP: true} {
		if conn.Protocol == protocol || conn.Protocol == 0 {
			c.socket(isUDP, local, remote, "", uint32(conn.PID))
		}
	}
}

// endOf makes an end of an address and port. An unspecified address is any: the zero one.
func endOf(a netip.AddrPort) end {
	return end{Endpoint: infer.Endpoint{Address: specified(a.Addr()), Port: a.Port()}}
}
