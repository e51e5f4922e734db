package infer

import (
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"
)

// A row of the connection table speaks for a connection that was there at its
// moments, and for none that opens later between the same ports.
func TestTableMoments(t *testing.T) {
	taken := time.Date(2026, 1, 1, 10, 0, 0, 0, time.UTC)
	// Two servers with one residue, and a third that says when the capture ran.
	before, after := addr("2001:db8:1::1234:5678:9abc:def1"), addr("2001:db8:1::5678:1234:9abc:def1")
	row := func(remote netip.Addr, port uint16, at time.Time) Connection {
		return Connection{Local: Endpoint{host, port}, Remote: Endpoint{remote, 443}, FirstSeen: at, LastSeen: at}
	}
	talk := func(to netip.Addr, port uint16, at time.Time) (list []*Packet) {
		r := rand.New(rand.NewPCG(1, 2))
		for i, flags := range []byte{flagSYN, flagACK, flagPSH} {
			p := tcpTo(host, to, port, 443, 1000+uint32(min(i, 1)), 7, flags, bytesOf(r, 20*(i/2))).hidden()
			p.Stamp = at.Add(time.Duration(i) * time.Second).UnixNano()
			list = append(list, p)
		}
		return list
	}
	tests := []struct {
		name  string
		rows  []Connection
		shift time.Duration // of the packets' clock
		list  []*Packet
		want  netip.Addr // of the last packets
	}{
		{"open at the moment", []Connection{row(before, 50000, taken)}, 0, talk(before, 50000, taken.Add(-time.Minute)), before},
		{"opened while the table was read", []Connection{row(before, 50000, taken)}, 0, talk(before, 50000, taken.Add(recording/2)), before},
		{"opened later", []Connection{row(before, 50000, taken)}, 0, talk(after, 50000, taken.Add(time.Hour)), netip.IPv6Unspecified()},
		{"opened later, and seen then", []Connection{row(before, 50000, taken), row(after, 50000, taken.Add(2*time.Hour))}, 0,
			talk(after, 50000, taken.Add(time.Hour)), after},
		{"in the middle when the capture began", []Connection{row(before, 50000, taken)}, 0, talk(before, 50000, taken.Add(time.Hour))[1:], before},
		{"by another clock", []Connection{row(before, 50000, taken)}, 24 * time.Hour, talk(before, 50000, taken.Add(time.Hour)), before},
		{"at no known moment", []Connection{row(before, 50000, time.Time{})}, 0, talk(before, 50000, taken.Add(time.Hour)), before},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := cacheOf([]netip.Addr{host}, before, after, server)
			s.TCPConnections = test.rows
			list := append(talk(server, 40000, taken), test.list...)
			for _, p := range list {
				p.Stamp += int64(test.shift)
			}
			answers := inferAll(New(Options{Snapshot: s}), list)
			for i, a := range answers[len(answers)-2:] {
				if a.Destination != test.want {
					t.Errorf("packet %d: got %v by %q (%v), want %v", i, a.Destination, a.Evidence, a.Candidates, test.want)
				}
			}
		})
	}
}

// A row of UDP names no destination of datagrams that begin after a later table
// that lacks it; after the same table alone it may still be their socket.
func TestTableMomentsOfDatagrams(t *testing.T) {
	taken := time.Date(2026, 1, 1, 10, 0, 0, 0, time.UTC)
	before, after := addr("2001:db8:1::1234:5678:9abc:def1"), addr("2001:db8:1::5678:1234:9abc:def1")
	row := func(remote netip.Addr, port uint16, at time.Time) Connection {
		return Connection{Local: Endpoint{host, port}, Remote: Endpoint{remote, 443}, FirstSeen: at, LastSeen: at}
	}
	tests := []struct {
		name string
		rows []Connection
		to   netip.Addr
		at   time.Duration // after the row's moment
		want netip.Addr
	}{
		{"at the moment", []Connection{row(before, 50000, taken)}, before, 0, before},
		{"later, with no table since", []Connection{row(before, 50000, taken)}, before, time.Hour, before},
		{"later, with a table in between", []Connection{row(before, 50000, taken), row(server, 40000, taken.Add(30*time.Minute))}, after, time.Hour, netip.IPv6Unspecified()},
		{"with a table only afterwards", []Connection{row(before, 50000, taken), row(server, 40000, taken.Add(2*time.Hour))}, before, time.Hour, before},
	}
	for _, test := range tests {
		s := cacheOf([]netip.Addr{host}, before, after, server)
		s.UDPEndpoints = test.rows
		r := rand.New(rand.NewPCG(1, 2))
		var list []*Packet
		for i, to := range []netip.Addr{server, test.to, test.to} {
			p := udpTo(host, to, []uint16{40000, 50000, 50000}[i], 443, bytesOf(r, 40)).hidden()
			p.Stamp = taken.Add(min(time.Duration(i), 1) * test.at).UnixNano()
			list = append(list, p)
		}
		answers := inferAll(New(Options{Snapshot: s}), list)
		if a := answers[2]; a.Destination != test.want {
			t.Errorf("%s: got %v by %q (%v), want %v", test.name, a.Destination, a.Evidence, a.Candidates, test.want)
		}
	}
}
