package infer

import (
	"math/rand/v2"
	"net/netip"
	"reflect"
	"testing"
)

// What collides is listed with both answers, what is proved is not.
func TestDoubts(t *testing.T) {
	r := rand.New(rand.NewPCG(91, 92))
	one, two := addr("2001:db8:1::2"), addr("2001:db8:2::1")
	var list []sent
	for i := range 5 {
		list = append(list, tcpTo(host, one, 50000, 443, uint32(1000+i*10), 5000, flagPSH, bytesOf(r, 10)))
	}
	list = append(list, conversation(r, host, randomAddr(r, "2a00:1450::"), 50001, 443, 2)...)
	list = append(list, udpTo(host, two, 50002, 53, bytesOf(r, 20)))
	answers, _ := concluded(New(Options{Snapshot: cacheOf([]netip.Addr{host}, one, two)}), hideAll(list))

	all, total := answers.Doubts(10)
	if total != 2 || len(all) != 2 {
		t.Fatalf("doubts: got %+v of %d, want 2", all, total)
	}
	d := all[0]
	if d.Source != host || d.SourcePort != 50000 || d.DestinationPort != 443 || d.Packets != 5 || d.NextHeader != 6 || d.Destination != netip.IPv6Unspecified() {
		t.Errorf("first: got %+v, want the flow of 5 packets, TCP to nobody", d)
	}
	if d.Best.Destination != one || d.RunnerUp.Destination != two || d.Best.Posterior < d.RunnerUp.Posterior || d.RunnerUp.Posterior < 0.3 {
		t.Errorf("first: got %+v, want two answers of about equal posterior", d)
	}
	if few, total := answers.Doubts(1); len(few) != 1 || total != 2 || !reflect.DeepEqual(few[0], all[0]) {
		t.Errorf("at most one: got %+v of %d, want the first of 2", few, total)
	}
}

// However few are asked for, they are the first of all, in one order.
func TestDoubtsWithMostPackets(t *testing.T) {
	r := rand.New(rand.NewPCG(93, 94))
	one, two := addr("2001:db8:1::2"), addr("2001:db8:2::1")
	const flows = 40
	var list []sent
	for n := range flows {
		for i := range 2 + r.IntN(4) {
			list = append(list, tcpTo(host, one, uint16(50000+n*7%flows), 443, uint32(1000+i*10), 5000, flagPSH, bytesOf(r, 10)))
		}
	}
	answers, _ := concluded(New(Options{Snapshot: cacheOf([]netip.Addr{host}, one, two)}), hideAll(list))
	all, total := answers.Doubts(flows)
	if len(all) != flows || total != flows {
		t.Fatalf("got %d doubts of %d, want %d", len(all), total, flows)
	}
	for i, d := range all[1:] {
		if p := all[i]; d.Packets > p.Packets || d.Packets == p.Packets && d.SourcePort <= p.SourcePort {
			t.Errorf("doubt %d: got %d packets from port %d after %d from port %d", i+1, d.Packets, d.SourcePort, p.Packets, p.SourcePort)
		}
	}
	for limit := range flows {
		if few, total := answers.Doubts(limit); total != flows || !reflect.DeepEqual(few, all[:limit]) {
			t.Errorf("at most %d: got %+v of %d, want the first of %d", limit, few, total, flows)
		}
	}
}
