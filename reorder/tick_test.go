package reorder

import (
	"fmt"
	"testing"
)

// Stamps are early by up to a tick, also of clocks that tick faster than packets come:
// the intervals hold the true time. Of a clock without ticks none is found.
func TestTicksOfFineClocks(t *testing.T) {
	const us = ms / 1000
	for _, tick := range []int64{1, us, 5 * us, 10 * us, 30 * us, 90 * us, 500 * us, 2000 * us} {
		t.Run(fmt.Sprint(tick), func(t *testing.T) {
			s := newScript().handshake()
			for i := range int64(400) {
				s.in(s.next[1], s.next[0], 1000)
				s.next[1] += 1000
				s.wait(3*us + i*i*7919%(ms/9))
				s.out(s.next[0], s.next[1], 0)
				s.wait(i * i * 104729 % (ms / 3))
			}
			truth := make([]int64, len(s.segs))
			for i := range s.segs {
				truth[i] = s.segs[i].Stamp
				s.segs[i].Stamp -= s.segs[i].Stamp % tick
			}
			_, placed, p := repaired(t, s.segs, Options{})
			wantUntouched(t, s.segs, placed)
			if want := tick; tick > us && p.Tick != want || tick <= us && p.Tick != 0 {
				t.Errorf("tick: got %d ns, want %d", p.Tick, want)
			}
			for i, pl := range placed {
				if truth[i] < pl.Earliest || truth[i] > pl.Latest {
					t.Fatalf("packet %d: got an interval from %d to %d ns of the true time", i, pl.Earliest-truth[i], pl.Latest-truth[i])
				}
			}
		})
	}
}

// Segments that a clock's tick of 90 us stamps alike were no burst.
func TestTicksAreNoBursts(t *testing.T) {
	s := newScript().handshake()
	for i := range 60 {
		from := len(s.segs)
		s.in(s.next[1]+1000, s.next[0], 1000)
		s.wait(ms / 500)
		s.in(s.next[1], s.next[0], 1000)
		s.next[1] += 2000
		s.wait(ms/1000 + ms/10*int64(i%3))
		s.out(s.next[0], s.next[1], 0) // the duplicate ACK was dropped
		s.wait(ms/5 + ms/7*int64(i%4))
		for k := from; k < len(s.segs); k++ {
			s.segs[k].Stamp -= s.segs[k].Stamp % (ms * 9 / 100)
		}
	}
	_, placed, p := repaired(t, s.segs, Options{})
	wantUntouched(t, s.segs, placed)
	if p.Bursts {
		t.Error("got bursts that are reversed, want none")
	}
}

// Threads that have more to do than they can stamp packets later and later: the
// intervals begin when that began. After a pause they are as narrow as before.
func TestIntervalsOfBusyThreads(t *testing.T) {
	const us = ms / 1000
	s := newScript().handshake().disordered(true)
	truth := make([]int64, len(s.segs), len(s.segs)+2100)
	for i := range s.segs {
		truth[i] = s.segs[i].Stamp
	}
	s.wait(10 * ms)
	for range 2 {
		arrived, stamp := s.now, s.now
		for i := range 500 { // each takes 20 us and comes 5 us after the one before
			truth = append(truth, arrived, arrived+3*us)
			s.now = stamp
			s.in(s.next[1], s.next[0], 1000)
			s.next[1] += 1000
			s.now = stamp + 15*us + int64(i%7)*us
			s.out(s.next[0], s.next[1], 0)
			arrived, stamp = arrived+10*us, stamp+40*us
		}
		s.now = stamp + 50*ms
	}
	last := len(s.segs)
	for range 5 {
		truth = append(truth, s.now, s.now+ms/50)
		s.download(1).wait(ms)
	}
	_, placed, p := repaired(t, s.segs, Options{})
	if !p.ThreadMandate {
		t.Fatal("got no threads")
	}
	for _, pl := range placed[len(placed)-1010:] {
		if at := truth[pl.Index]; at < pl.Earliest || at > pl.Latest {
			t.Errorf("packet %d: got an interval from %d to %d us of the true time", pl.Index, (pl.Earliest-at)/us, (pl.Latest-at)/us)
		}
		if width := pl.Latest - pl.Earliest; int(pl.Index) >= last && width > 3*ms {
			t.Errorf("packet %d: got an interval of %d us after a pause, want less than 3000", pl.Index, width/us)
		}
	}
}
