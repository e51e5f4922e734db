package convert

import (
	"net/netip"
	"time"

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
	rows, groups := f.ends()
	for i := range rows {
		addRow(s, &rows[i])
	}
	for _, g := range groups {
		s.Flows = append(s.Flows, infer.Flow{Protocol: protocolUDP, Source: endpoint(g.Source), Destination: endpoint(g.Group)})
	}
	return s
}

// addRow adds what events tell of a connection: it was there from the first to the last.
func addRow(s *infer.Snapshot, r *etw.Row) {
	row := infer.Connection{
		Local: endpoint(r.Local), Remote: endpoint(r.Remote), PID: r.PID,
		FirstSeen: Moment(r.First), LastSeen: Moment(r.Last),
	}
	if r.Protocol == protocolTCP {
		s.TCPConnections = append(s.TCPConnections, row)
	} else {
		s.UDPEndpoints = append(s.UDPEndpoints, row)
	}
}

// Moment is a FILETIME; the zero time where there is none.
func Moment(fileTime int64) time.Time {
	if fileTime <= unixEpoch {
		return time.Time{}
	}
	since := fileTime - unixEpoch
	return time.Unix(since/1e7, since%1e7*100).UTC()
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
	if !a.Addr().IsValid() || a.Addr().IsUnspecified() {
		return infer.Endpoint{Port: a.Port()}
	}
	return infer.Endpoint{Address: a.Addr(), Port: a.Port()}
}
