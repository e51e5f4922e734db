package packet

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
)

func TestAddrInUse(t *testing.T) {
	for address, want := range map[string]bool{
		"2001:db8::1": true, "3fff::1": true, "fd00::1": true, "fe80::1": true, "64:ff9b::c000:201": true,
		"::": true, "::1": true, "ff02::1": true, "::2": false, "fec0::1": false, "64:ff9c::1": false,
		"1:2::": false, "4000::1": false,
	} {
		if got := AddrOf(netip.MustParseAddr(address)).InUse(); got != want {
			t.Errorf("%s is in use: got %v, want %v", address, got, want)
		}
	}
}

func TestAddrKinds(t *testing.T) {
	kinds := []struct {
		name string
		is   func(Addr) bool
		of   string
	}{
		{"unspecified", Addr.IsUnspecified, "::"},
		{"loopback", Addr.IsLoopback, "::1"},
		{"link-local", Addr.IsLinkLocal, "fe80::1 febf::1"},
		{"multicast", Addr.IsMulticast, "ff02::1 ff02::1:ff00:1 ff0e::1"},
		{"solicited-node", Addr.IsSolicitedNode, "ff02::1:ff00:1"},
		{"mapped", Addr.IsMapped, "::ffff:192.0.2.1"},
	}
	for _, address := range []string{"::", "::1", "::2", "fe80::1", "febf::1", "fec0::1", "ff02::1", "ff02::1:ff00:1", "ff0e::1", "::ffff:192.0.2.1", "2001:db8::1"} {
		for _, kind := range kinds {
			want := slices.Contains(strings.Fields(kind.of), address)
			if got := kind.is(AddrOf(netip.MustParseAddr(address))); got != want {
				t.Errorf("%s is %s: got %v, want %v", address, kind.name, got, want)
			}
		}
	}
}
