package diagnose

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/mendcap/mendcap/internal/tcp"
	"github.com/mendcap/mendcap/report"
)

// A download of which the network loses a segment. Every packet is unlike the
// others by its numbers, but for the duplicate ACKs.
func downloadWithLoss() []step {
	steps := slices.Clone(open)
	steps = append(steps, data(50, host, 0, ""))
	for n := range 4 {
		steps = append(steps, data(100+int64(n), peer, n, ""))
	}
	steps = append(steps, acks(104, host, 4))
	for n := 5; n < 9; n++ {
		steps = append(steps, data(140+2*int64(n), peer, n, ""), acks(141+2*int64(n), host, 4, 5, n+1))
	}
	steps = append(steps, data(200, peer, 4, ""), acks(201, host, 9), data(300, peer, 9, ""), acks(301, host, 10),
		step{at: 400, dir: peer, bits: tcp.FIN | ack, seq: 1001, ack: 101}, step{at: 401, dir: host, bits: ack, seq: 101, ack: 1002})
	for i := range steps {
		if s := &steps[i]; s.dir == host && s.at > 60 && s.bits == ack && s.len == 0 {
			s.seq = 101
		}
	}
	return steps
}

// twice puts after each segment its copy, by so many nanoseconds later.
func twice(list []tcp.Segment, apart int64) []tcp.Segment {
	all := slices.Clone(list)
	for _, s := range list {
		s.Stamp += apart
		all = append(all, s)
	}
	slices.SortStableFunc(all, func(a, b tcp.Segment) int { return int(a.Stamp - b.Stamp) })
	for i := range all {
		all[i].Frame = int64(i + 1)
	}
	return all
}

// A capture that has every packet twice says so of each second copy, however the
// packets are numbered and whatever lies between the copies, and a copy is no
// evidence of anything: the one loss stays what it is.
func TestCaptureWithEveryPacketTwice(t *testing.T) {
	kinds := map[string]func(i int, s *tcp.Segment){
		"IPv6":          func(int, *tcp.Segment) {},
		"IPv4, counted": func(i int, s *tcp.Segment) { s.HasIPID, s.IPID = true, uint16(100+i) },
		"IPv4, ID 0":    func(_ int, s *tcp.Segment) { s.HasIPID = true },
		"IPv4, SYN/ACK with ID 0": func(i int, s *tcp.Segment) {
			if s.HasIPID = true; !s.Bits.Has(tcp.SYN | tcp.ACK) {
				s.IPID = uint16(100 + i)
			}
		},
		"timestamps": func(_ int, s *tcp.Segment) { s.HasTS, s.TSval = true, uint32(7+s.Stamp/(10*ms)) },
	}
	for kind, number := range kinds {
		for _, withSACK := range []bool{true, false} {
			for _, apart := range []int64{0, 8e3, 30e3, 7e5} {
				t.Run(fmt.Sprintf("%s/SACK %v/%d us", kind, withSACK, apart/1000), func(t *testing.T) {
					list := segments(downloadWithLoss())
					for i := range list {
						number(i, &list[i])
						if !withSACK {
							list[i].SACKPermitted, list[i].SACKs, list[i].SACK = false, 0, [tcp.MaxSACK]tcp.Range{}
						}
					}
					wantCopies(t, list, apart)
				})
			}
		}
	}
}

// wantCopies checks the verdicts on a capture that has the segments twice against
// those on the one that has them once.
func wantCopies(t *testing.T, list []tcp.Segment, apart int64) {
	t.Helper()
	_, once := verdicts(list)
	said := map[tcp.Seq][]string{} // of packets with data, by their numbers
	for _, f := range once {
		said[tcp.Seq(f.Sequence.Left)] = append(said[tcp.Seq(f.Sequence.Left)], f.Verdict.String()+f.Detail)
	}
	all := twice(list, apart)
	first := map[tcp.Segment]bool{}
	second := map[int64]bool{} // frames
	for _, s := range all {
		frame := s.Frame
		s.Stamp, s.Frame = 0, 0
		second[frame] = first[s] && !second[frame-1]
		first[s] = true
	}
	_, found := verdicts(all)
	copies := 0
	for _, f := range found {
		s := all[f.Frame-1]
		if f.Verdict == Duplicate && f.Detail == report.ByCapture {
			copies++
			continue
		}
		if s.Span() == 0 {
			if f.Verdict != Genuine {
				t.Errorf("frame %d: %s is %s %s, want a copy of the capture's, or as flagged: %s", f.Frame, f.Flag(), f.Verdict, f.Detail, f.Evidence())
			}
			continue
		}
		if second[f.Frame] || !slices.Contains(said[tcp.Seq(f.Sequence.Left)], f.Verdict.String()+f.Detail) {
			t.Errorf("frame %d: %s is %s %s, want a copy of the capture's, or %q: %s", f.Frame, f.Flag(), f.Verdict, f.Detail,
				said[tcp.Seq(f.Sequence.Left)], f.Evidence())
		}
	}
	if copies < len(list)-2 {
		t.Errorf("copies: got %d of %d packets, want nearly all", copies, len(list))
	}
}

// The echo tells which copy was taken, however soon the ACK comes.
func TestEchoDecides(t *testing.T) {
	for _, c := range []struct {
		name   string
		echo   uint32
		ackAt  int64
		want   Verdict
		detail string
	}{
		{"the second SYN, at once", 1010, 1000, Loss, report.Timeout},
		{"the second SYN, a round trip later", 1010, 1040, Loss, report.Timeout},
		{"the first SYN, at once", 10, 1000, Spurious, ""},
		{"the first SYN, a round trip later", 10, 1040, Spurious, ""},
	} {
		list := segments([]step{open[0], {at: 1000, dir: host, bits: tcp.SYN}, {at: c.ackAt, dir: peer, bits: tcp.SYN | ack, ack: 1},
			{at: c.ackAt + 1, dir: host, bits: ack, seq: 1, ack: 1}, {at: c.ackAt + 1, dir: host, bits: ack, seq: 1, ack: 1, len: 100},
			{at: c.ackAt + 2, dir: peer, bits: ack, seq: 1, ack: 101}})
		for i, val := range []uint32{10, 1010, 5000, 1011, 1011, 5001} {
			list[i].HasTS, list[i].TSval = true, val
		}
		list[2].TSecr = c.echo
		for _, side := range []tcp.Side{tcp.Out, tcp.Unproven} {
			for i := range list {
				if list[i].Outbound = side; side == tcp.Out && list[i].Dir == peer {
					list[i].Outbound = tcp.In
				}
			}
			_, all := verdicts(list)
			if len(all) != 1 || all[0].Frame != 2 || all[0].Verdict != c.want || all[0].Detail != c.detail {
				t.Errorf("%s: got %+v, want frame 2 to be %s %s", c.name, all, c.want, c.detail)
			}
		}
	}
}

// A hole that a receiver with SACK has shown, and a repair without D-SACK: the
// first copy was lost after the capture, however short the way there is.
func TestShownHoleDecides(t *testing.T) {
	run(t, "seen from mid-path", append(slices.Clone(open),
		data(50, host, 0, ""), acks(90, peer, 1), data(100, host, 1, ""), data(100, host, 2, ""), data(100, host, 3, ""), data(100, host, 4, ""),
		acks(140, peer, 1, 2, 3), acks(140, peer, 1, 2, 4), acks(140, peer, 1, 2, 5),
		data(141, host, 1, fast+"loss(fast-retransmission) "+resent+"loss(fast-retransmission)"), acks(142, peer, 5)))
}

// refusals is a connect to a closed port, tried again twice.
func refusals() (list []tcp.Segment) {
	for n := range 3 {
		at := 500 * ms * int64(n)
		syn := tcp.Segment{Stamp: at, Bits: tcp.SYN, Seq: 7_000_000, WindowShift: -1, Outbound: tcp.Out, HasIPID: true, IPID: uint16(100 + 2*n)}
		rst := tcp.Segment{Stamp: at + ms, Dir: peer, Bits: tcp.RST | ack, Ack: 7_000_001, WindowShift: -1, Outbound: tcp.In, HasIPID: true}
		list = append(list, syn, rst)
	}
	for i := range list {
		list[i].Frame = int64(i + 1)
	}
	return list
}

func TestConnectTriedAgainAfterARefusal(t *testing.T) {
	for _, side := range []tcp.Side{tcp.Out, tcp.In, tcp.Both, tcp.Unproven} {
		list := refusals()
		for i := range list {
			list[i].Outbound = side
		}
		_, all := verdicts(list)
		if len(all) != 2 {
			t.Fatalf("findings: got %+v, want the two SYNs that are sent again", all)
		}
		for i, f := range all {
			if frame := int64(3 + 2*i); f.Frame != frame || f.Verdict != Genuine ||
				f.Evidence() != fmt.Sprintf("connect tried again after a refusal: frame %d answers frame %d with an RST", frame-1, frame-2) {
				t.Errorf("side %d, frame %d: %s, %s; want a connect tried again", side, f.Frame, f.Verdict, f.Evidence())
			}
		}
	}
}

// A SYN that is lost, and sent again, is one that a closed port answers late. An
// RST without ACK, or of other numbers, is no answer to it.
func TestRefusedSYNWasLost(t *testing.T) {
	for _, c := range []struct {
		name string
		edit func(rst *tcp.Segment)
		want Verdict
	}{
		{"refused", func(*tcp.Segment) {}, Loss},
		{"without ACK", func(r *tcp.Segment) { r.Bits, r.Ack = tcp.RST, 0 }, Undecided},
		{"another number", func(r *tcp.Segment) { r.Ack += 5 }, Undecided},
		{"not of a closed port", func(r *tcp.Segment) { r.Seq = 9 }, Undecided},
	} {
		list := slices.Delete(refusals()[:4], 1, 2) // SYN, SYN, RST
		list[2].Stamp += 40 * ms
		c.edit(&list[2])
		said, all := verdicts(list)
		if want := "retransmission=" + c.want.String(); len(said[3]) != 1 || !strings.HasPrefix(said[3][0], want) {
			t.Errorf("%s: got %q, want %s of the second SYN: %s", c.name, said[3], want, sentences(all, 3))
		}
	}
}

// A host whose stack drops what comes repeats its ACK to the bit, timestamps and SACK
// and all: data came between. Without that, it is a copy of the capture's.
func TestHostRepeatsItself(t *testing.T) {
	for _, between := range []bool{true, false} {
		steps := append(slices.Clone(open), data(50, peer, 0, ""), acks(50, host, 1), data(51, peer, 2, ""), acks(51, host, 1, 2, 3), data(51, peer, 3, ""), acks(51, host, 1, 2, 3))
		if !between {
			steps = slices.Delete(steps, len(steps)-2, len(steps)-1)
		}
		for i := range steps {
			steps[i] = steps[i].stamped(uint32(7 + steps[i].at))
		}
		list := segments(steps)
		said, all := verdicts(list)
		last, want := list[len(list)-1].Frame, "duplicate_ack="+string(report.Duplicate)+"("+report.ByCapture+")"
		if between {
			want = "duplicate_ack=" + string(report.Genuine)
		}
		if !slices.Contains(said[last], want) {
			t.Errorf("data between: %v: got %q, want %s: %s", between, said[last], want, sentences(all, last))
		}
	}
}
