package batch

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"testing"

	"github.com/mendcap/mendcap/report"
)

// manyEntries are captures of all outcomes, some of them named twice, and some by bytes
// that are no text.
func manyEntries(n int) []report.Entry {
	dice := rand.New(rand.NewPCG(1, 20))
	verdicts := report.Verdicts()
	entries := make([]report.Entry, n)
	for i := range entries {
		e := &entries[i]
		*e = report.Entry{Path: fmt.Sprintf("a/%d.pcap", dice.IntN(2*n)), Output: "x", Outcome: report.OutcomeRepaired}
		e.Packets, e.Moved = int64(i), 3
		switch i % 50 {
		case 0:
			*e = report.Entry{Path: e.Path, Outcome: report.OutcomeFailed, Code: 4, Error: "no usable capture"}
		case 1:
			e.Path += "\xff"
		case 2:
			v := verdicts[dice.IntN(len(verdicts))]
			e.ByVerdict = map[report.Verdict]int64{v: 2}
			e.Worst = []report.Group{{Verdict: v, Count: int64(i)}, {Verdict: verdicts[0], Count: 1}}
		}
	}
	return entries
}

// TestSpoolSumsUpAsOneBatch: whether it needs a file or not, the summary is that of all
// entries together, and nothing is left on the disk.
func TestSpoolSumsUpAsOneBatch(t *testing.T) {
	for _, n := range []int{0, 100, mostHeld, 3*mostHeld + 10} {
		scratch := t.TempDir()
		t.Setenv("TMPDIR", scratch)
		entries, skipped := manyEntries(n), report.Skipped{Other: 3, Links: 1}
		s := &Spool{}
		s.Skip(&skipped)
		for _, e := range entries {
			if err := s.Add(e); err != nil {
				t.Fatal(err)
			}
			if len(s.entries) >= mostHeld {
				t.Fatalf("%d entries are held", len(s.entries))
			}
		}
		head, err := s.Sum(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var got, want bytes.Buffer
		if err := report.NewBatch(entries, skipped).WriteJSON(&want); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			got.Reset()
			w, err := report.NewBatchWriter(&got, head)
			if err := errors.Join(err, s.Each(t.Context(), w.Add), w.Close()); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.Bytes(), want.Bytes()) {
				t.Errorf("%d entries: the summary has other bytes than that of one batch (%d, want %d)", n, got.Len(), want.Len())
			}
		}
		if files := s.file != nil; files != (n >= mostHeld) {
			t.Errorf("%d entries: it has a file: %v", n, files)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if left, err := os.ReadDir(scratch); err != nil || len(left) > 0 {
			t.Errorf("left in the folder for temporary files: %v, %v", left, err)
		}
	}
}

// TestSpoolHoldsLittle, however many captures it takes in.
func TestSpoolHoldsLittle(t *testing.T) {
	s := &Spool{}
	defer s.Close()
	held := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	var first, last uint64
	for round := range 8 {
		for _, e := range manyEntries(mostHeld) {
			e.Path = fmt.Sprintf("%d/%s", round, e.Path)
			if err := s.Add(e); err != nil {
				t.Fatal(err)
			}
		}
		if last = held(); round == 1 {
			first = last
		}
	}
	if last > first+1<<20 {
		t.Errorf("after %d captures %d bytes are in use, and after four times as many %d", 2*mostHeld, first, last)
	}
}

// TestSpoolWithoutRoom: what can't be kept is said again and again, and ends a run.
func TestSpoolWithoutRoom(t *testing.T) {
	t.Setenv("TMPDIR", "/nowhere")
	t.Setenv("TMP", "/nowhere")
	s := &Spool{}
	var err error
	for _, e := range manyEntries(mostHeld + 1) {
		err = s.Add(e)
	}
	if err == nil || s.Each(t.Context(), nil) != err || s.Close() != nil {
		t.Errorf("got %v, want an error that stays", err)
	}
	if _, again := s.Sum(t.Context()); again != err {
		t.Errorf("sum: got %v, want %v", again, err)
	}
}
