package convert

import (
	"net/netip"

	"github.com/mendcap/mendcap/infer"
	"github.com/mendcap/mendcap/internal/capture/etw"
)

// The numbers of protocols, as IP's headers have them.
const (
	protocolTCP = 6
	protocolUDP = 17
)

// Snapshot gives what the file tells of connections and of the recording host's own
// addresses.
func (f *File) Snapshot() *infer.Snapshot {
	s := &infer.Snapshot{}
	if own := f.Addresses(); len(own) > 0 {
		s.Interfaces = []infer.Interface{{Addresses: own}}
	}
	for _, c := range f.connections() {
		addConnection(s, &c)
	}
	return s
}

// addConnection adds a connection; one whose protocol isn't known may be of either.
func addConnection(s *infer.Snapshot, c *etw.Connection) {
	row := infer.Connection{Local: endpoint(c.Local()), Remote: endpoint(c.Remote()), PID: uint32(c.PID)}
	if row.Local.Port == 0 {
		return // not bound
	}
	if c.Protocol == protocolTCP || c.Protocol == 0 {
		s.TCPConnections = append(s.TCPConnections, row)
	}
	if c.Protocol == protocolUDP || c.Protocol == 0 {
		s.UDPEndpoints = append(s.UDPEndpoints, row)
	}
}

// endpoint is an end of a connection. An unspecified address is any: the zero one.
func endpoint(a netip.AddrPort) infer.Endpoint {
	if a.Addr().IsUnspecified() {
		return infer.Endpoint{Port: a.Port()}
	}
	return infer.Endpoint{Address: a.Addr(), Port: a.Port()}
}
