package tables

import (
	"net/netip"
	"testing"

	"github.com/mendcap/mendcap/infer"
)

func TestParseAddress(t *testing.T) {
	tests := []struct {
		token   string
		address string // empty: none
		zone    uint32
	}{
		{"2001:db8::1", "2001:db8::1", 0},
		{"2001:DB8:0:0:0:0:0:1", "2001:db8::1", 0},
		{"fe80::1%12", "fe80::1", 12},
		{"fe80::1%eth0", "fe80::1", 0},
		{"fe80::1%4294967296", "fe80::1", 0},
		{"::ffff:192.0.2.1", "192.0.2.1", 0},
		{"fe80::5efe:192.0.2.1%3", "fe80::5efe:c000:201", 3},
		{"192.0.2.1", "192.0.2.1", 0},
		{"192.0.2.1%3", "", 0},
		{"192.0.2", "", 0},
		{"192.0.2.01", "", 0},
		{"2001:db8::...", "", 0},
		{"2001:db8::…", "", 0},
		{"2001:db8:0:0:ec96:8a3e:723...", "", 0},
		{"fe80::asda:4124", "", 0},
		{"2001:db8::1/64", "", 0},
		{"2001:db8::1\ufffd", "", 0},
		{"2001:db8::１", "", 0},
		{"fe80::1%", "", 0},
		{"2001:db8:1:2:3:4:5", "", 0},
		{"00:00:5e:00:53:01", "", 0},
		{"", "", 0},
	}
	for _, test := range tests {
		address, zone, ok := parseAddress(test.token)
		if test.address == "" {
			if ok {
				t.Errorf("%q: got %v, want none", test.token, address)
			}
			continue
		}
		if want := netip.MustParseAddr(test.address); !ok || address != want || zone != test.zone {
			t.Errorf("%q: got %v zone %d, %v, want %v zone %d", test.token, address, zone, ok, want, test.zone)
		}
	}
}

func TestParseEnd(t *testing.T) {
	tests := []struct {
		token   string
		address string // empty: any
		port    uint16
		ok      bool
	}{
		{"[2001:db8::1%7]:443", "2001:db8::1", 443, true},
		{"192.0.2.1:80", "192.0.2.1", 80, true},
		{"[::]:0", "", 0, true},
		{"0.0.0.0:0", "", 0, true},
		{"*:*", "", 0, true},
		{"*:53", "", 53, true},
		{"[2001:db8::1]:65536", "", 0, false}, // a number, but no port's
		{"[2001:db8::1]:https", "", 0, false},
		{"[2001:db8::1]", "", 0, false},
		{"[2001:db8::1:443", "", 0, false},
		{"2001:db8::1:443", "", 0, false},
		{"[192.0.2.1]:80", "", 0, false},
		{"host:80", "", 0, false},
		{":::22", "", 0, false},
		{"80", "", 0, false},
		{"", "", 0, false},
	}
	for _, test := range tests {
		got, ok := parseEnd(test.token)
		ok = ok && got.whole()
		want := infer.Endpoint{Port: test.port}
		if test.address != "" {
			want.Address = netip.MustParseAddr(test.address)
		}
		if ok != test.ok || ok && got.Endpoint != want {
			t.Errorf("%q: got %v, %v, want %v, %v", test.token, got, ok, want, test.ok)
		}
	}
}

func TestParseLinkLayer(t *testing.T) {
	tests := []struct {
		token, want string
		ok          bool
	}{
		{"00-00-5E-00-53-aF", "00:00:5e:00:53:af", true},
		{"00:00:5e:00:53:01", "00:00:5e:00:53:01", true},
		{"00-00-00-00-00-00", "", true},
		{"00-00:5e-00-53-01", "", false},
		{"00-00-5e-00-53", "", false},
		{"00-00-5e-00-53-0g", "", false},
		{"0:0:5e:0:53:1", "", false},
		{"2001:db8::1:2:3:4", "", false},
	}
	for _, test := range tests {
		if got, ok := parseLinkLayer(test.token); got != test.want || ok != test.ok {
			t.Errorf("%q: got %q, %v, want %q, %v", test.token, got, ok, test.want, test.ok)
		}
	}
}

func TestMentionsAddress(t *testing.T) {
	tests := []struct {
		line string
		want bool
	}{
		{"  TCP    [2001:db8::8", true},
		{"2001:db8:1:0:ec96:8a3e:723... 60108", true},
		{"(192.0.2.2) at", true},
		{"192.0.2.2:80", true},
		{"fe80::1%lo0/64", true},
		{"Lease Obtained: Thursday, January 1, 2026 10:39:04 AM", false},
		{"lladdr 00:00:5e:00:53:01 REACHABLE", false},
		{"Scope Id           : 0.72", false},
		{"Active Connections", false},
	}
	for _, test := range tests {
		if got := mentionsAddress(test.line); got != test.want {
			t.Errorf("%q: got %v, want %v", test.line, got, test.want)
		}
	}
}
