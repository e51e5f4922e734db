package diagnose

import (
	"fmt"
	"slices"
	"testing"

	"github.com/mendcap/mendcap/internal/tcp"
	"github.com/mendcap/mendcap/report"
)

// diagnosedTwice diagnoses segments of a connection that is recorded twice, with
// copies that are so far apart.
func diagnosedTwice(list []tcp.Segment, nearest, farthest int64) (found []Finding, d *Diagnoser) {
	d = New(func(f *Finding) { found = append(found, *f) })
	a := tcp.NewAnalyser()
	for i := range list {
		s := list[i]
		flags := a.Add(&s)
		d.Add(&Packet{Frame: s.Frame, FrameAfter: s.Frame, Time: s.Stamp, Timed: true, Segment: &s, Before: flags, After: flags,
			Nearest: nearest, Farthest: farthest})
	}
	return found, d
}

// Where the connection's own delay is known, copies are told at any distance, also
// when many packets, round trips and retransmissions lie between, with numbers,
// timestamps and SACK or without: what is said of the first ones is what is said of
// a capture that has them once, and the loss of bytes is not changed by copies.
func TestConnectionRecordedTwice(t *testing.T) {
	for _, withSACK := range []bool{true, false} {
		for _, apart := range []int64{5e3, 3e5, 50 * ms, 150 * ms} {
			t.Run(fmt.Sprintf("SACK %v/%d us", withSACK, apart/1000), func(t *testing.T) {
				list := segments(downloadWithLoss())
				if !withSACK {
					for i := range list {
						list[i].SACKPermitted, list[i].SACKs, list[i].SACK = false, 0, [tcp.MaxSACK]tcp.Range{}
					}
				}
				_, once := verdicts(list)
				want := map[tcp.Seq]string{}
				for _, f := range once {
					if f.Verdict == Loss {
						want[tcp.Seq(f.Sequence.Left)] = f.Verdict.String() + f.Detail
					}
				}
				all := twice(list, apart)
				found, d := diagnosedTwice(all, apart, apart)
				d.Finish()
				copies := 0
				for _, f := range found {
					s := all[f.Frame-1]
					isCopy := slices.ContainsFunc(all[:f.Frame-1], func(o tcp.Segment) bool { return o.Stamp == s.Stamp-apart && identical(&o, &s) })
					switch {
					case isCopy && (f.Verdict != Duplicate || f.Detail != report.ByCapture):
						t.Errorf("frame %d: the copy's %s is %s, want the capture's duplicate: %s", f.Frame, f.Flag(), f.Verdict, f.Evidence())
					case isCopy:
						copies++
					case f.Verdict == Duplicate:
						t.Errorf("frame %d: %s is %s, want no copy: %s", f.Frame, f.Flag(), f.Verdict, f.Evidence())
					case f.Verdict == Loss && want[tcp.Seq(f.Sequence.Left)] != f.Verdict.String()+f.Detail:
						t.Errorf("frame %d: %s %s, want %q as of the capture without copies", f.Frame, f.Verdict, f.Detail, want[tcp.Seq(f.Sequence.Left)])
					}
				}
				if copies == 0 {
					t.Error("no copy was flagged, want some")
				}
				if d.due != 0 {
					t.Errorf("at the end %d packets wait for their copy, want none", d.due)
				}
				for _, one := range d.Loss().Directions {
					if one.MissedBytes != 0 {
						t.Errorf("missed %s: got %d bytes, want none", one.Direction, one.MissedBytes)
					}
				}
			})
		}
	}
}

// What the host repeats is no copy: of three ACKs that are alike, each with a copy,
// the second comes before the copy of the first.
func TestRepeatedACKsAreNoCopies(t *testing.T) {
	steps := append(slices.Clone(open), data(50, host, 0, ""), data(100, peer, 0, ""), acks(100, host, 1).plain(), data(101, peer, 2, ""), acks(101, host, 1).plain(),
		data(102, peer, 3, ""), acks(102, host, 1).plain())
	for i := 5; i < len(steps); i += 2 {
		steps[i].seq = 101
	}
	list := segments(steps)
	const apart = 3*ms/2 + 7e4
	all := twice(list, apart)
	found, _ := diagnosedTwice(all, apart-1e4, apart+1e4)
	copies, genuine := 0, 0
	for _, f := range found {
		if f.Flag() != "duplicate_ack" {
			continue
		}
		s := all[f.Frame-1]
		first := s.Stamp == 101*ms || s.Stamp == 102*ms
		switch {
		case first && f.Verdict == Genuine:
			genuine++
		case !first && f.Verdict == Duplicate:
			copies++
		default:
			t.Errorf("frame %d at %d us: %s, want genuine of the ACKs at 101 and 102 ms, and a duplicate of their copies: %s", f.Frame, s.Stamp/1000, f.Verdict, f.Evidence())
		}
	}
	if genuine != 2 || copies == 0 {
		t.Errorf("got %d genuine duplicate ACKs and %d copies, want 2 and some", genuine, copies)
	}
}

// Packets whose copies never come are waited for in bounded numbers, and for no
// longer than copies take.
func TestUnpairedAreBounded(t *testing.T) {
	d := New(func(*Finding) {})
	for i := range 3 * maxUnpaired {
		s := tcp.Segment{Bits: tcp.ACK, WindowShift: -1, Window: 1000, Len: 10, Seq: tcp.Seq(10 * i), Flow: uint64(i % 2)}
		d.Add(&Packet{Frame: int64(i + 1), FrameAfter: int64(i + 1), Time: int64(i), Segment: &s, Nearest: 1e15, Farthest: 2e15})
	}
	for n := range uint64(2) {
		if got := len(d.flows.Of(n).ends[0].unpaired); got > maxUnpaired || got != d.due-len(d.flows.Of(1 - n).ends[0].unpaired) {
			t.Errorf("connection %d: got %d that wait of %d in all, want at most %d, and each counted", n, got, d.due, maxUnpaired)
		}
	}
	s := tcp.Segment{Bits: tcp.ACK, WindowShift: -1, Window: 1000, Len: 10, Seq: 5}
	d.Add(&Packet{Frame: 1e6, FrameAfter: 1e6, Time: 9e15, Segment: &s, Nearest: 1e15, Farthest: 2e15})
	if got := len(d.flows.Of(0).ends[0].unpaired); got != 1 {
		t.Errorf("long after: %d wait, want the one packet alone", got)
	}
	d.Meet(1 + tcp.MaxFlows)
	if d.due != 1 {
		t.Errorf("a connection made way: %d wait, want 1", d.due)
	}
}
