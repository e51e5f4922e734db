package diagnose

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/mendcap/mendcap/internal/tcp"
	"github.com/mendcap/mendcap/report"
)

// The directions of scripts: the host and its peer.
const (
	host = 0
	peer = 1
	ms   = int64(1e6)
)

// step is a segment of a script, in true order. Sequence numbers count from the
// sender's initial number, ACK numbers and SACK blocks from the receiver's.
type step struct {
	at   int64 // milliseconds
	dir  uint8
	bits tcp.Bits
	seq  int
	len  uint32
	ack  int
	sack []int // pairs
	ts   uint32
	id   uint16 // IPv4 Identification; 0 is IPv6
	win  uint16 // 0 is 1000; 1 stands for a closed one
	want string // verdicts of the flags, "flag=verdict(detail)" each
	echo uint32 // TSecr
}

// open is a handshake with a round trip of 40 ms to the peer.
var open = []step{
	{0, host, tcp.SYN, 0, 0, 0, nil, 0, 0, 0, "", 0},
	{40, peer, tcp.SYN | tcp.ACK, 0, 0, 1, nil, 0, 0, 0, "", 0},
	{41, host, tcp.ACK, 1, 0, 1, nil, 0, 0, 0, "", 0},
}

// segments turns a script into segments; the connection has the options that
// its steps use.
func segments(steps []step) (list []tcp.Segment) {
	base := [2]tcp.Seq{0xFFFFFF00, 1000} // the host's numbers wrap
	sack := slices.ContainsFunc(steps, func(s step) bool { return s.sack != nil })
	for i, p := range steps {
		s := tcp.Segment{
			Stamp: p.at * ms, Frame: int64(i + 1), Dir: p.dir, Bits: p.bits, WindowShift: -1, Len: p.len,
			Seq: base[p.dir].Add(uint32(p.seq)), Window: 1000, HasTS: p.ts != 0, TSval: p.ts, TSecr: p.echo,
			SACKPermitted: sack && p.bits.Has(tcp.SYN), IPID: p.id, HasIPID: p.id != 0, Outbound: tcp.Out,
		}
		if p.dir == peer {
			s.Outbound = tcp.In
		}
		if p.bits.Has(tcp.ACK) {
			s.Ack = base[p.dir^1].Add(uint32(p.ack))
		}
		switch p.win {
		case 0:
		case 1:
			s.Window = 0
		default:
			s.Window = p.win
		}
		for k := 0; k+1 < len(p.sack); k += 2 {
			s.SACK[s.SACKs] = tcp.Range{Left: base[p.dir^1].Add(uint32(p.sack[k])), Right: base[p.dir^1].Add(uint32(p.sack[k+1]))}
			s.SACKs++
		}
		list = append(list, s)
	}
	return list
}

// verdicts diagnoses segments that stand in true order, and returns what is said
// of each frame.
func verdicts(list []tcp.Segment) (said map[int64][]string, all []Finding) {
	said = map[int64][]string{}
	d := New(func(f *Finding) {
		text := f.Flag() + "=" + f.Verdict.String()
		if f.Detail != "" {
			text += "(" + f.Detail + ")"
		}
		said[f.Frame] = append(said[f.Frame], text)
		all = append(all, *f)
	})
	feed(d, list)
	d.Finish()
	return said, all
}

// feed gives the diagnoser segments with the analyser's flags, the same before
// and after.
func feed(d *Diagnoser, list []tcp.Segment) {
	a := tcp.NewAnalyser()
	for i := range list {
		s := list[i]
		flags := a.Add(&s)
		d.Add(&Packet{Frame: s.Frame, FrameAfter: s.Frame, Time: s.Stamp, Timed: true, Segment: &s, Before: flags, After: flags})
	}
}

// run plays a script and compares the verdicts. Those of duplicate ACKs and of
// D-SACKs that stand as flagged need not be named.
func run(t *testing.T, name string, steps []step) {
	t.Helper()
	said, all := verdicts(segments(steps))
	for i, p := range steps {
		got := slices.DeleteFunc(said[int64(i+1)], func(s string) bool {
			return s == "duplicate_ack="+string(report.Genuine) || s == "dsack="+string(report.Genuine) || s == "window_update="+string(report.Genuine)
		})
		want := strings.Fields(p.want)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s, frame %d: got %q, want %q\n%s", name, i+1, got, want, sentences(all, int64(i+1)))
		}
	}
}

func sentences(all []Finding, frame int64) string {
	var b strings.Builder
	for _, f := range all {
		if f.Frame == frame {
			fmt.Fprintf(&b, "  %s: %s: %s\n", f.Flag(), f.Verdict, f.Evidence())
		}
	}
	return b.String()
}
