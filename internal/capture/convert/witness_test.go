package convert_test

import (
	"slices"
	"testing"
	"time"

	"github.com/mendcap/mendcap/infer"
	"github.com/mendcap/mendcap/internal/capture/convert"
)

// All 8,923 events of the sample were read by a program in another language, which shares
// no code with this one: these are its counts, and rows of it that were read by hand.
func TestKernelNetworkSample(t *testing.T) {
	s := open(t, sample(t, "windows/kernel-network.etl"), convert.Options{}).Snapshot()
	if got := [...]int{len(s.TCPConnections), len(s.UDPEndpoints), len(s.Flows), len(s.Interfaces[0].Addresses)}; got != [...]int{9, 103, 101, 2} {
		t.Errorf("TCP, UDP, flows and addresses: got %v, want 9, 103, 101 and 2", got)
	}
	remoteDesktop := func(c infer.Connection) bool {
		return c.Local.Address.String() == "2001:4898:0:fff:0:5efe:a79:6a76" && c.Local.Port == 3389 &&
			c.Remote.Address.String() == "2001:4898:0:fff:0:5efe:af6:60d" && c.Remote.Port == 24485 && c.PID == 2432 &&
			c.FirstSeen.Equal(time.Date(2012, 6, 19, 20, 33, 53, 13_979_500, time.UTC)) && c.LastSeen.After(c.FirstSeen)
	}
	if !slices.ContainsFunc(s.TCPConnections, remoteDesktop) {
		t.Errorf("the connection to port 3389 is not among %v", s.TCPConnections)
	}
	group := func(f infer.Flow) bool {
		return f.Protocol == 17 && f.Destination.Address.String() == "ff02::1:3" && f.Destination.Port == 5355 && f.Source.Address.IsLinkLocalUnicast()
	}
	if !slices.ContainsFunc(s.Flows, group) {
		t.Errorf("nothing sent to ff02::1:3 is among %v", s.Flows)
	}
	for _, c := range s.UDPEndpoints {
		if c.Remote.Address.IsMulticast() || c.Local.Address.IsMulticast() {
			t.Errorf("a group is taken for an end: %v", c)
		}
	}
}
