package judge

import (
	"testing"

	"github.com/mendcap/mendcap/internal/tcp"
)

func TestKindOf(t *testing.T) {
	for _, test := range []struct {
		name  string
		seg   tcp.Segment
		sacks bool
		want  Kind
	}{
		{"data with SACK", tcp.Segment{Outbound: tcp.In, Bits: tcp.ACK, Len: 1}, true, DataSACK},
		{"data without", tcp.Segment{Outbound: tcp.In, Bits: tcp.ACK, Len: 1}, false, DataPlain},
		{"an ACK", tcp.Segment{Outbound: tcp.In, Bits: tcp.ACK}, true, InboundACK},
		{"a FIN", tcp.Segment{Outbound: tcp.In, Bits: tcp.ACK | tcp.FIN}, true, OtherKind},
		{"the host's own data", tcp.Segment{Outbound: tcp.Out, Bits: tcp.ACK, Len: 1}, true, OtherKind},
		{"loopback", tcp.Segment{Outbound: tcp.Both, Bits: tcp.ACK, Len: 1}, true, OtherKind},
	} {
		if got := kindOf(&test.seg, test.sacks); got != test.want {
			t.Errorf("%s: got %s, want %s", test.name, got, test.want)
		}
	}
}
