package infer

import (
	"math/rand/v2"
	"net/netip"
	"testing"
)

// FuzzExamine holds that no bytes make the engine panic, that recorded fields
// stay, and that nothing is answered from nothing.
func FuzzExamine(f *testing.F) {
	r := rand.New(rand.NewPCG(71, 72))
	for _, s := range append(multicastAndDiscovery(r), conversation(r, host, server, 50000, 443, 1)...) {
		f.Add(s.data, uint8(Unknown), len(s.data), true)
		f.Add(s.data, s.next, len(s.data)+100, false)
	}
	f.Add([]byte{}, uint8(Unknown), 0, false)
	f.Add([]byte{1}, uint8(58), -1, true)
	f.Fuzz(func(t *testing.T, data []byte, next uint8, length int, known bool) {
		p := &Packet{Source: host, NextHeader: next, Data: data, Length: length}
		if known {
			p.Destination = server
		}
		facts := Examine(p)
		e := New(Options{})
		e.Observe(&facts)
		a := e.Conclude().Infer(&facts)
		if next != Unknown && a.NextHeader != next {
			t.Errorf("recorded next header %d: got %d", next, a.NextHeader)
		}
		if known && a.Destination != server {
			t.Errorf("recorded destination %v: got %v", server, a.Destination)
		}
		switch a.Evidence {
		case ByNone, ByPayload, ByGroup, ByChecksum:
		default:
			t.Errorf("a lone packet without tables: got evidence %q", a.Evidence)
		}
		if !known && a.Evidence == ByNone && a.Destination != netip.IPv6Unspecified() {
			t.Errorf("without evidence: got destination %v", a.Destination)
		}
	})
}

// FuzzMentions holds that no payload makes the reader of names panic, or name
// more than it may.
func FuzzMentions(f *testing.F) {
	r := rand.New(rand.NewPCG(73, 74))
	for _, s := range multicastAndDiscovery(r) {
		f.Add(s.data, s.next)
	}
	answer := udpTo(server, host, 53, 5000, append([]byte{0x12, 0x34, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0, 1, 'a', 0, 0, 28, 0, 1,
		0xC0, 12, 0, 28, 0, 1, 0, 0, 1, 0, 0, 16}, raw(server)...))
	f.Add(answer.data, uint8(17))
	f.Add(answer.data, uint8(Unknown))
	f.Fuzz(func(t *testing.T, data []byte, protocol uint8) {
		if got := len(AppendMentions(nil, protocol, data)); got > maxMentions {
			t.Errorf("got %d addresses, want at most %d", got, maxMentions)
		}
	})
}
