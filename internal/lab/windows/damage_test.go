package windows

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mendcap/mendcap/internal/capture/etl"
	"github.com/mendcap/mendcap/internal/capture/etw"
	"github.com/mendcap/mendcap/repair"
	"github.com/mendcap/mendcap/report"
)

// victim is a file that is damaged.
type victim struct {
	name   string
	data   []byte
	whole  []packet // what it gives while it is whole
	notes  []string // of its report then
	stored []Stored // where they are; nil if that isn't known
	// from is where damage may be for all that it does not touch to be read: before it is
	// what says how all else is to be read.
	from int
	// mixed is how many packets may be harmed that the damage didn't touch: a piece of a
	// packet to which it gives another time falls among those of another packet.
	mixed int
}

// spot is a part of a file that was damaged.
type spot struct {
	from, to int
	how      string
}

// damage damages a file in one of the ways in which files get damaged.
func damage(rng *rand.Rand, v *victim) ([]byte, spot) {
	b := bytes.Clone(v.data)
	at := rng.IntN(len(b))
	if rng.IntN(8) > 0 {
		at = v.from + rng.IntN(len(b)-v.from)
	}
	noise := func(n int) spot {
		to := min(len(b), at+n)
		for i := at; i < to; i++ {
			b[i] = byte(rng.Uint32())
		}
		return spot{at, to, "noise"}
	}
	switch rng.IntN(5) {
	case 0:
		return b[:at], spot{at, len(b), "cut"}
	case 1:
		to := min(len(b), at+1+rng.IntN(5000))
		clear(b[at:to])
		return b, spot{at, to, "zeros"}
	case 2:
		return b, noise(1 + rng.IntN(64))
	case 3: // what fields of two or four bytes are
		at &^= 3
		return b, noise(2 + rng.IntN(2)*2)
	default: // a length in a header
		if len(v.stored) == 0 {
			return b, noise(4)
		}
		s := &v.stored[rng.IntN(len(v.stored))]
		at = int(s.Offset) + []int{0, 4, 8, 12, 0x30, 0x34, 72, 76}[rng.IntN(8)]
		spot := noise(min(4, len(b)-at))
		spot.how = "header"
		return b, spot
	}
}

// victims are made files of all kinds, and samples where there are some.
func victims(t *testing.T) (list []victim) {
	t.Helper()
	add := func(name string, data []byte, stored []Stored, from int) {
		m := mend(t, put(t, name, data), repair.Options{})
		list = append(list, victim{name: name, data: data, whole: m.packets, notes: m.report.Notes, stored: stored, from: from})
	}
	const first = 8 << 10 // the first buffer, with the log's header
	l, start := frames(t, "v4-lossy", 250, Clock{})
	mix, mixStart := mixed(t, 80)
	mix = plain(mix)
	var pieces, messages, appearances []Event
	for i := range l {
		pieces = append(pieces, NDIS{Miniport: 4, Lower: 4, TID: uint32(i % 3)}.Pieces(&l[i], i, i%3, 1+i%3, l[max(0, i-2)].Time)...)
	}
	for i := range mix {
		messages = append(messages, WFP{}.Pieces(&mix[i], i, i%4, 1+i%3, uint32(i), mix[max(0, i-2)].Time)...)
	}
	var m PktMon
	appearances = m.Components(mixStart)
	for i := range mix {
		appearances = append(appearances, m.Appearances(&mix[i], i, i%4)...)
	}
	for _, packed := range []bool{false, true} {
		from := first
		if packed {
			from = 1024
		}
		for _, k := range []struct {
			name   string
			events []Event
			start  int64
			known  bool // a packet needs nothing but the buffers that it is in
			pieces bool // packets are several events
		}{
			{"ndis", whole(l, 4), start, true, false}, {"fragments", pieces, start, true, true},
			{"wfp", messages, mixStart, true, true}, {"pktmon", appearances, mixStart, false, false},
		} {
			data, stored := write(t, Log{Processors: 4, BufferSize: first, Compressed: packed, Start: k.start, Others: 9, Items: 1}, k.events)
			if !k.known { // the components, without which layers are chosen otherwise
				stored = nil
			}
			add(fmt.Sprintf("%s, compressed %t.etl", k.name, packed), data, stored, from)
			if k.pieces {
				list[len(list)-1].mixed = 1
			}
		}
	}
	for minor := range 4 {
		four, fourStart := frames(t, "v4-lossy", 200, clockOf(minor))
		recorded, _ := captured(four)
		c := Capture{Minor: minor, Start: fourStart, Frames: recorded, Backward: minor == 2}
		file, stored := c.Bytes()
		if minor < 3 { // in 2.3 each record has its time twice, and is found without the table
			stored = nil
		}
		add(fmt.Sprintf("2.%d.cap", minor), file, stored, 72)
	}
	return append(list, samples(t)...)
}

// samples are real files, if there are some, with what they are repaired to.
func samples(t *testing.T) (list []victim) {
	t.Helper()
	for _, path := range samplePaths(t) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		m := mend(t, path, repair.Options{})
		list = append(list, victim{name: filepath.Base(path), data: data, whole: m.packets, notes: m.report.Notes})
	}
	return list
}

// Copies that are damaged in many ways are repaired without a crash and in time, or
// refused as no captures; what no damage has touched is read, and what is missing is in the
// report.
func TestDamagedCopies(t *testing.T) {
	all := victims(t)
	rounds := 2000 / len(all)
	if testing.Short() {
		rounds = 8
	}
	rng := rand.New(rand.NewPCG(15, 2000))
	refused, lost, harmed := 0, 0, 0
	for i := range all {
		v := &all[i]
		for round := range rounds {
			b, s := damage(rng, v)
			m, err := repaired(t, v.name, b)
			if err != nil {
				if refused++; !errors.Is(err, repair.ErrNoCapture) {
					t.Errorf("%s, round %d, %s at %d to %d: got %v", v.name, round, s.how, s.from, s.to, err)
				} else if v.missing(nil, s).untouched > 0 {
					t.Errorf("%s, round %d, %s at %d to %d: refused: %v", v.name, round, s.how, s.from, s.to, err)
				}
				continue
			}
			missing := v.missing(m.packets, s)
			if missing.untouched > v.mixed {
				harmed++
				t.Errorf("%s, round %d, %s at %d to %d of %d: %d packets are missing that it did not touch, of %d", v.name, round, s.how, s.from, s.to,
					len(v.data), missing.untouched, missing.all)
			}
			// Where a packet became another, or its event one of another provider, nothing
			// tells so.
			if fewer := len(v.whole) - len(m.packets); fewer > 0 {
				lost++
				if !v.tells(&m.report) && !strange(t, b) {
					t.Errorf("%s, round %d, %s at %d to %d of %d: %d packets are missing, and the report has no damage and no note: %q", v.name, round, s.how,
						s.from, s.to, len(v.data), fewer, m.report.Notes)
				}
			}
		}
	}
	t.Logf("%d copies of %d files: %d refused, %d with packets lost, %d of them more than had to be", rounds*len(all), len(all), refused, lost, harmed)
	if lost < rounds {
		t.Errorf("packets were lost of %d copies alone: this tests little", lost)
	}
}

// repaired repairs a damaged file, which must not take long.
func repaired(t *testing.T, name string, data []byte) (m mended, err error) {
	t.Helper()
	dir := t.TempDir()
	in, out := filepath.Join(dir, name), filepath.Join(dir, "out.pcapng")
	if err := os.WriteFile(in, data, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	if m.report, err = repair.File(ctx, in, out, repair.Options{}); err != nil {
		return m, err
	}
	if m.file, err = os.ReadFile(out); err != nil {
		t.Fatal(err)
	}
	m.read(t)
	return m, nil
}

// missed is how many packets are not there any more.
type missed struct{ all, untouched int }

// missing compares packets by their bytes with those of the whole file. Untouched are
// those of which all buffers, or the record, lie outside the damage, if that lies where it
// may.
func (v *victim) missing(got []packet, s spot) (m missed) {
	there := make(map[string]int)
	for _, p := range got {
		there[p.Data]++
	}
	touched := make([]bool, len(v.whole))
	for _, st := range v.stored {
		if int(st.Offset) < s.to && s.from < int(st.Offset+st.Length) {
			for _, i := range st.Packets {
				touched[i] = true
			}
		}
	}
	// Of equal packets those that were touched are missing first.
	for _, pass := range []bool{false, true} {
		for i, p := range v.whole {
			if touched[i] != pass {
				continue
			}
			if there[p.Data]--; there[p.Data] >= 0 {
				continue
			}
			m.all++
			if !pass && v.stored != nil && s.from >= v.from {
				m.untouched++
			}
		}
	}
	return m
}

// tells reports whether a report says that something is missing, which that of the whole
// file does not.
func (v *victim) tells(r *report.Report) bool {
	words := []string{"can't be read", "lack one", "no packets", "is left out", "are left out"}
	if !slices.ContainsFunc(v.notes, func(n string) bool { return strings.Contains(n, "captured at") }) {
		words = append(words, "; left out: ") // a layer that there was not
	}
	return len(r.Damage) > 0 || slices.ContainsFunc(r.Notes, func(n string) bool {
		return !slices.Contains(v.notes, n) && slices.ContainsFunc(words, func(w string) bool { return strings.Contains(n, w) })
	})
}

// strange reports whether a trace has an event of a provider that nobody knows, or one of
// NDIS that is marked as classic: damage has made another event of it.
func strange(t *testing.T, data []byte) bool {
	t.Helper()
	if !etl.Recognised(data) {
		return false
	}
	log, err := etl.Open(bytes.NewReader(data), int64(len(data)), etl.Options{})
	if err != nil {
		t.Fatal(err)
	}
	survey, events := etw.NewSurvey(), log.Events()
	for e := new(etw.Event); ; survey.Add(e) {
		if e.Classic && e.Provider == etw.NDISPacketCapture {
			return true
		}
		if err := events.Next(e); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	return slices.ContainsFunc(survey.Providers(), func(p etw.Provider) bool { return strings.HasPrefix(p.Name, "provider ") })
}
