package lab

import (
	"net/netip"
	"path/filepath"
	"slices"
	"testing"

	"github.com/mendcap/mendcap/infer"
	"github.com/mendcap/mendcap/infer/tables"
)

func recording(t *testing.T, name string) Recording {
	t.Helper()
	rec, err := Load(filepath.Join("..", "..", "testdata", "recordings", name+".pcapng.gz"))
	if err != nil {
		t.Fatal(err)
	}
	return rec
}

// remotes lists the remote ends of connections, sorted.
func remotes(connections []infer.Connection) []netip.AddrPort {
	var list []netip.AddrPort
	for _, c := range connections {
		list = append(list, netip.AddrPortFrom(c.Remote.Address.WithZone(""), c.Remote.Port))
	}
	slices.SortFunc(list, netip.AddrPort.Compare)
	return list
}

func TestTablesReadBack(t *testing.T) {
	want := SnapshotOf(Delivered(recording(t, "offload").Packets))
	if len(want.TCPConnections) < 50 || len(want.Neighbors) < 2 || len(want.DestinationCache) < 50 {
		t.Fatalf("snapshot of the recording is poor: %d connections, %d neighbors, %d destinations",
			len(want.TCPConnections), len(want.Neighbors), len(want.DestinationCache))
	}
	for _, format := range []TableFormat{Own, Netstat, NetTCPConnection} {
		got := readBack(t, want, format)
		if a, b := remotes(got.TCPConnections), remotes(want.TCPConnections); !slices.Equal(a, b) {
			t.Errorf("%s: got %d connections, want %d", format, len(a), len(b))
		}
	}
}

func TestNetshTablesReadBack(t *testing.T) {
	want := SnapshotOf(Delivered(recording(t, "offload").Packets))
	got := readBack(t, want, Netsh)
	v6 := slices.DeleteFunc(slices.Clone(want.DestinationCache), func(d infer.Destination) bool { return d.Destination.Is4() })
	if len(got.DestinationCache) != len(v6) {
		t.Errorf("got %d destinations, want %d", len(got.DestinationCache), len(v6))
	}
	near := slices.DeleteFunc(slices.Clone(want.Neighbors), func(n infer.Neighbor) bool { return n.Address.Is4() })
	if len(got.Neighbors) != len(near) {
		t.Errorf("got %d neighbors, want %d", len(got.Neighbors), len(near))
	}
	own := slices.DeleteFunc(slices.Clone(want.Interfaces[0].Addresses), netip.Addr.Is4)
	if len(got.Interfaces) != 1 || len(got.Interfaces[0].Addresses) != len(own) {
		t.Errorf("interfaces: got %v, want one with %v", got.Interfaces, own)
	}
}

func readBack(t *testing.T, s infer.Snapshot, format TableFormat) *infer.Snapshot {
	t.Helper()
	dir := t.TempDir()
	if err := WriteTables(dir, s, format); err != nil {
		t.Fatal(err)
	}
	got, _, err := tables.Load(t.Context(), dir)
	if err != nil {
		t.Fatalf("%s: %v", format, err)
	}
	return got
}

func TestHalfOfKeepsTheHostsAddresses(t *testing.T) {
	whole := SnapshotOf(Delivered(recording(t, "many-flows").Packets))
	part := HalfOf(whole, 1)
	if n, of := len(part.TCPConnections), len(whole.TCPConnections); n < of/3 || n > of*2/3 {
		t.Errorf("got %d of %d connections, want about half", n, of)
	}
	if len(part.Interfaces[0].Addresses) != len(whole.Interfaces[0].Addresses) {
		t.Error("the host's addresses were taken out")
	}
	if len(SnapshotOf(nil).TCPConnections) != 0 {
		t.Error("a capture without packets has connections")
	}
}
