package report

import (
	"encoding/json"
	"net/netip"
	"testing"
)

// TestEndpointsAsText: what was written is read again as it was.
func TestEndpointsAsText(t *testing.T) {
	of := func(from, to string, portless bool) Endpoints {
		return Endpoints{netip.MustParseAddrPort(from), netip.MustParseAddrPort(to), portless}
	}
	for text, want := range map[string]Endpoints{
		"":                               {},
		"192.0.2.1:80 > 192.0.2.2:1024":  of("192.0.2.1:80", "192.0.2.2:1024", false),
		"192.0.2.1:0 > 192.0.2.2:0":      of("192.0.2.1:0", "192.0.2.2:0", false),
		"192.0.2.1 > 192.0.2.2":          of("192.0.2.1:0", "192.0.2.2:0", true),
		"[2001:db8::1]:50000 > [::]:443": of("[2001:db8::1]:50000", "[::]:443", false),
		"2001:db8::1 > ::":               of("[2001:db8::1]:0", "[::]:0", true),
		"[fe80::1%eth0]:1 > [::ffff:1.2.3.4]:65535": of("[fe80::1%eth0]:1", "[::ffff:1.2.3.4]:65535", false),
	} {
		if got := want.String(); got != text {
			t.Errorf("written: got %q, want %q", got, text)
		}
		var got Endpoints
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%q: got %v (%v), want %v", text, got, err, want)
		}
	}
	for _, text := range []string{
		" > ", "192.0.2.1:80", "192.0.2.1:80 > ", " > 192.0.2.1:80", "192.0.2.1:80 <> 192.0.2.2:80", "192.0.2.1:80 > 192.0.2.2",
		"192.0.2.1 > 192.0.2.2:80", "192.0.2.1:65536 > 192.0.2.2:1", "a:1 > b:2", "2001:db8::1:443x > ::",
	} {
		got := of("192.0.2.1:1", "192.0.2.2:2", false)
		if err := got.UnmarshalText([]byte(text)); err == nil || got != of("192.0.2.1:1", "192.0.2.2:2", false) {
			t.Errorf("%q: got %v (%v), want an error and what was there", text, got, err)
		}
	}
}

// TestChoiceAsJSON: a destination is read as it was written.
func TestChoiceAsJSON(t *testing.T) {
	for text, want := range map[string]netip.Addr{
		`"2001:db8::1"`: netip.MustParseAddr("2001:db8::1"), `"::"`: netip.IPv6Unspecified(), `""`: {},
	} {
		var got HeaderChoice
		stored := `{"nextHeader":"6 (TCP)","destination":` + text + `,"posterior":0.5,"evidence":"payload"}`
		if err := json.Unmarshal([]byte(stored), &got); err != nil || got != (HeaderChoice{"6 (TCP)", want, 0.5, "payload"}) {
			t.Errorf("%s: got %+v (%v), want %v", text, got, err, want)
		}
		if written, err := json.Marshal(got); want.IsValid() && (err != nil || string(written) != stored) {
			t.Errorf("written: got %s (%v), want %s", written, err, stored)
		}
	}
	var c HeaderChoice
	if err := json.Unmarshal([]byte(`{"destination":"nowhere"}`), &c); err == nil {
		t.Errorf("a destination that is no address: got %+v, want an error", c)
	}
}
