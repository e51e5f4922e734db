package tables

import (
	"bytes"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/mendcap/mendcap/infer"
)

// Whatever the order, and however often a file is given, the union is the same.
func TestMergeIsDeterministic(t *testing.T) {
	files := fixtureFiles(t)
	var names []string
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	var first []byte
	random := rand.New(rand.NewPCG(1, 2))
	for round := range 20 {
		union := &infer.Snapshot{}
		for _, name := range append(slices.Clone(names), names[round]) {
			one, _ := Parse(name, files[name])
			before := toJSON(t, one)
			Merge(union, one)
			if !bytes.Equal(toJSON(t, one), before) {
				t.Fatalf("merging changed the snapshot of %s", name)
			}
		}
		got := toJSON(t, union)
		if first == nil {
			first = got
		}
		if !bytes.Equal(got, first) {
			t.Fatalf("round %d:\ngot  %s\nwant %s", round, got, first)
		}
		random.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	}
}

func TestMergeInterfaces(t *testing.T) {
	a1, a2 := netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("2001:db8::2")
	a := &infer.Snapshot{Interfaces: []infer.Interface{
		{Index: 3, Addresses: []netip.Addr{a2}}, {Name: "VPN", Addresses: []netip.Addr{a2}},
	}}
	b := &infer.Snapshot{
		TakenAt: time.Unix(5, 0).UTC(),
		Interfaces: []infer.Interface{
			{Index: 3, Name: "Wi-Fi", Addresses: []netip.Addr{a1, a2}}, {Name: "VPN", Addresses: []netip.Addr{a1}},
		},
	}
	Merge(a, b)
	if len(a.Interfaces) != 2 || !a.TakenAt.Equal(b.TakenAt) {
		t.Fatalf("got %+v, want two interfaces and the later time", a)
	}
	for i, want := range []infer.Interface{{Index: 0, Name: "VPN"}, {Index: 3, Name: "Wi-Fi"}} {
		got := a.Interfaces[i]
		if got.Index != want.Index || got.Name != want.Name || !slices.Equal(got.Addresses, []netip.Addr{a1, a2}) {
			t.Errorf("interface %d: got %+v, want %+v with both addresses", i, got, want)
		}
	}
}

// Rows that name an interface get its index where some table gives exactly one.
func TestIndexDevices(t *testing.T) {
	a, b := netip.MustParseAddr("fe80::1"), netip.MustParseAddr("fe80::2")
	s := &infer.Snapshot{
		Interfaces: []infer.Interface{
			{Index: 3, Name: "eth0", Addresses: []netip.Addr{a}}, {Name: "eth0", Addresses: []netip.Addr{b}},
			{Index: 4, Name: "tun0"}, {Index: 5, Name: "tun0"}, {Name: "wlan0"},
		},
		Neighbors: []infer.Neighbor{
			{Address: a, Device: "eth0"}, {Address: a, Interface: 3}, {Address: b, Device: "tun0"}, {Address: b, Device: "wlan0"},
		},
		DestinationCache: []infer.Destination{{Destination: a, Device: "eth0"}},
		Routes:           []infer.Route{{Prefix: netip.PrefixFrom(a, 128), Device: "eth0"}},
	}
	indexDevices(s)
	want := []infer.Neighbor{{Address: a, Interface: 3}, {Address: b, Device: "tun0"}, {Address: b, Device: "wlan0"}}
	if !slices.Equal(s.Neighbors, want) {
		t.Errorf("got neighbors %+v, want %+v", s.Neighbors, want)
	}
	if s.DestinationCache[0].Interface != 3 || s.Routes[0].Interface != 3 || s.Routes[0].Device != "" {
		t.Errorf("got destination %+v, route %+v, want both on interface 3", s.DestinationCache[0], s.Routes[0])
	}
	for _, row := range s.Interfaces {
		if row.Name == "eth0" && (row.Index != 3 || len(row.Addresses) != 2) {
			t.Errorf("got %+v, want one row of eth0 with both addresses", row)
		}
	}
}

func TestWriteJSONReadsBack(t *testing.T) {
	union := &infer.Snapshot{}
	for name, content := range fixtureFiles(t) {
		one, _ := Parse(name, content)
		Merge(union, one)
	}
	written := toJSON(t, union)
	read, result := Parse("own", written)
	if got := toJSON(t, read); !bytes.Equal(got, written) {
		t.Errorf("got %s\nwant %s", got, written)
	}
	rows := rowsOf(union)
	if result.Rows != rows || result.NotUnderstood != 0 || result.Format != "mendcap-json" {
		t.Errorf("got %d rows, %d not understood, format %s, want %d, 0, mendcap-json",
			result.Rows, result.NotUnderstood, result.Format, rows)
	}
}
