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
	rows := len(union.Interfaces) + len(union.TCPConnections) + len(union.UDPEndpoints) + len(union.DestinationCache) +
		len(union.Neighbors) + len(union.Hosts)
	if result.Rows != rows || result.NotUnderstood != 0 || result.Format != "mendcap-json" {
		t.Errorf("got %d rows, %d not understood, format %s, want %d, 0, mendcap-json",
			result.Rows, result.NotUnderstood, result.Format, rows)
	}
}
