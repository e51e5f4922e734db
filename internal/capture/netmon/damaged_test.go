package netmon

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// harm is one damage done to a copy of a file: the bytes from one offset to another
// are not what they were, and what follows them was moved.
type harm struct {
	what     string
	from, to int64
	moved    int64
}

// damaged gives a copy of a file with one damage.
func damaged(p []byte, records []Frame, ends []int64, seed uint64) ([]byte, harm) {
	r := rand.New(rand.NewPCG(seed, 15))
	size := int64(len(p))
	p = bytes.Clone(p)
	from := r.Int64N(size)
	to := min(size, from+1+r.Int64N([]int64{4, 64, 2000}[r.IntN(3)]))
	switch r.IntN(5) {
	case 0:
		return p[:from], harm{"cut", from, size, 0}
	case 1:
		clear(p[from:to])
		return p, harm{"zeroed", from, to, 0}
	case 2:
		for i := from; i < to; i++ {
			p[i] = byte(r.Uint32())
		}
		return p, harm{"overwritten", from, to, 0}
	case 3:
		return append(p[:from], p[to:]...), harm{"removed", from, to, from - to}
	}
	at := records[r.IntN(len(records))].Offset + 12 // the included length
	if r.IntN(8) == 0 {
		at = []int64{24, 28, 40, 44, 48, 52, 56, 60}[r.IntN(8)] // of the file header
	}
	copy(p[at:], put(nil, r.Uint32()>>r.IntN(32)))
	return p, harm{"length at random", at, at + 4, 0}
}

// spared says where a record is that a damage has not touched, nor moved to where the file
// header has its place: nobody looks for records there.
func (h *harm) spared(offset, end int64) (now int64, ok bool) {
	switch {
	case end <= h.from:
		return offset, true
	case offset >= h.to && offset+h.moved >= headerLen:
		return offset + h.moved, true
	}
	return 0, false
}

// demanded says whether a record that was spared must be found. In version 2.3 each is
// known by itself. Before that a record is known by those next to it: by the one before
// it, or by those that follow it, two in version 2.0, where records have no trailers.
func (h *harm) demanded(i int, minor int, records []Frame, ends []int64) bool {
	spared := func(i int) bool {
		_, ok := h.spared(records[i].Offset, ends[i])
		return ok
	}
	at := func(offset int64) int {
		return slices.IndexFunc(records, func(fr Frame) bool { return fr.Offset == offset })
	}
	before := slices.Index(ends, records[i].Offset)
	if minor == 3 || before >= 0 && spared(before) && h.demanded(before, minor, records, ends) {
		return true
	}
	after := at(ends[i])
	if minor == 0 && after >= 0 && spared(after) {
		after = at(ends[after])
	}
	return after >= 0 && spared(after)
}

// checkDamaged reads a damaged copy, and gives how many of the records that were spared
// it lacks, and how many frames it has that the file never had.
func checkDamaged(t *testing.T, p []byte, records []Frame, ends []int64, h harm) (lacks, strange int, err error) {
	f, err := Open(bytes.NewReader(p), int64(len(p)), Options{})
	if err != nil {
		return 0, 0, err
	}
	all, s := readFrames(t, f)
	at := map[int64]*Frame{}
	for i := range all {
		if at[all[i].Offset] != nil {
			t.Errorf("the record at %d is delivered twice", all[i].Offset)
		}
		at[all[i].Offset] = &all[i]
	}
	for i := range records {
		offset, ok := h.spared(records[i].Offset, ends[i])
		if !ok {
			if records[i].Offset < h.from || h.moved == 0 {
				delete(at, records[i].Offset)
			}
			continue
		}
		got := at[offset]
		if got == nil || !bytes.Equal(got.Data, records[i].Data) || got.Time != records[i].Time && h.from >= headerLen || got.Media != records[i].Media {
			if h.demanded(i, f.Minor, records, ends) {
				lacks++
			}
		}
		delete(at, offset)
	}
	for offset := range at {
		if offset+16 <= h.from || offset >= h.to {
			strange++
		}
	}
	if d := s.Damages(); lacks > 0 && d.Total == 0 {
		t.Error("frames are missing, and nothing was found wrong")
	}
	return lacks, strange, nil
}

func TestDamagedCopies(t *testing.T) {
	files := map[string][]byte{}
	copies := 2000
	if testing.Short() {
		copies = 200
	}
	const made = 4
	for minor := range made {
		files[fmt.Sprintf("made 2.%d", minor)], _ = everything(minor).file()
	}
	if os.Getenv("MENDCAP_SAMPLES") != "" {
		for _, path := range samples(t) {
			p, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			files[filepath.Base(path)] = p
		}
	}
	for name, p := range files {
		each := (copies + len(files) - 1) / len(files)
		if strings.HasPrefix(name, "made ") {
			each = copies / made // whatever samples there are
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, records, _ := readAll(t, p, Options{})
			var ends []int64
			for i := range records {
				ends = append(ends, f.endOf(records[i].Offset, int64(records[i].Included())))
			}
			refused, lacking, odd := 0, 0, 0
			for seed := range uint64(each) {
				bad, h := damaged(p, records, ends, seed)
				lacks, strange, err := checkDamaged(t, bad, records, ends, h)
				if err != nil {
					if h.from >= 6 && len(bad) >= headerLen {
						t.Errorf("seed %d, %s from %d to %d: %v", seed, h.what, h.from, h.to, err)
					}
					refused++
					continue
				}
				if lacks > 0 || strange > 0 {
					lacking++
					odd += strange
					t.Errorf("%s, seed %d, %s from %d to %d: %d records that were spared are missing, %d that never were are there", name, seed, h.what, h.from, h.to, lacks, strange)
				}
			}
			t.Logf("%d copies: %d refused, %d lack records, %d strange frames", each, refused, lacking, odd)
		})
	}
}

func needDamage(t *testing.T, s *Frames, want ...error) {
	t.Helper()
	d := s.Damages()
	if int(d.Total) != len(want) {
		t.Errorf("got damage %+v, want %v", d.List, want)
		return
	}
	for i := range want {
		if !errors.Is(d.List[i].Err, want[i]) {
			t.Errorf("damage %d: got %v, want %v", i+1, d.List[i].Err, want[i])
		}
	}
}
