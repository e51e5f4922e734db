package netmon

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// ordered is a file of a version with frames that follow each other, and comments.
func ordered(minor, frames int) *made {
	m := &made{minor: minor, media: MediaEthernet, start: begun}
	for i := range frames {
		m.frames = append(m.frames, madeFrame{delta: int64(i) * 1500, data: ethernet(60+i%50, byte(i)), media: MediaEthernet, process: -1})
	}
	m.comments = []madeComment{{1, "one", "first"}, {frames - 1, "last", "last"}}
	return m
}

// needFrames fails where not all frames but those at some places are there, in order, or
// where they have other numbers than those.
func needFrames(t *testing.T, m *made, all []Frame, lost ...int) {
	t.Helper()
	n := 0
	for i, want := range m.frames {
		if len(lost) > 0 && lost[0] == i {
			lost = lost[1:]
			continue
		}
		if n == len(all) {
			t.Fatalf("got %d frames, the one at place %d is missing", len(all), i+1)
		}
		if !bytes.Equal(all[n].Data, want.data) || all[n].Number != int64(i+1) {
			t.Fatalf("frame %d has number %d and %d bytes, want number %d and %d bytes", n+1, all[n].Number, len(all[n].Data), i+1, len(want.data))
		}
		n++
	}
	if n != len(all) {
		t.Errorf("got %d frames, want %d", len(all), n)
	}
}

func TestFramesAreFoundWithoutTheirTable(t *testing.T) {
	for minor := range 4 {
		m := ordered(minor, 40)
		good, offsets := m.file()
		table := int(le.Uint32(good[24:]))
		size := int(le.Uint32(good[28:]))
		for name, change := range map[string]func(p []byte) []byte{
			"cut after the frames":       func(p []byte) []byte { return p[:table] },
			"table cut":                  func(p []byte) []byte { return p[:table+18] },
			"never closed":               func(p []byte) []byte { clear(p[24:headerLen]); return p[:table] },
			"place of the table damaged": func(p []byte) []byte { copy(p[24:], put(nil, uint32(offsets[5]+3))); return p },
			"place beyond the file":      func(p []byte) []byte { copy(p[24:], put(nil, uint32(1<<31))); return p },
			"length of the table zero":   func(p []byte) []byte { clear(p[28:32]); return p },
			"length of the table short":  func(p []byte) []byte { copy(p[28:], put(nil, uint32(size-32))); return p },
			"length of the table odd":    func(p []byte) []byte { copy(p[28:], put(nil, uint32(size-30))); return p },
			"length of the table long":   func(p []byte) []byte { copy(p[28:], put(nil, uint32(size+12))); return p },
			"table zeroed":               func(p []byte) []byte { clear(p[table : table+size]); return p },
			"table zeroed in its middle": func(p []byte) []byte { clear(p[table+40 : table+101]); return p },
			"all entries wrong": func(p []byte) []byte {
				for i := range m.frames {
					copy(p[table+4*i:], put(nil, uint32(offsets[i]+7)))
				}
				return p
			},
		} {
			_, all, s := readAll(t, change(bytes.Clone(good)), Options{})
			t.Run(fmt.Sprintf("2.%d/%s", minor, name), func(t *testing.T) {
				needFrames(t, m, all)
				d := s.Damages()
				told := false
				for _, one := range d.List {
					told = told || errors.Is(one.Err, ErrTable)
				}
				if !told {
					t.Errorf("got damage %+v, want an ErrTable", d)
				}
			})
		}
	}
}

func TestRecordsAreMended(t *testing.T) {
	for minor := range 4 {
		m := ordered(minor, 20)
		good, offsets := m.file()
		for _, length := range []uint32{0, 1, 40, 75, 300, 100_000, 1 << 31} {
			p := bytes.Clone(good)
			copy(p[offsets[7]+12:], put(nil, length))
			_, all, s := readAll(t, p, Options{})
			needFrames(t, m, all)
			needDamage(t, s, ErrLength)
			// Without the table as well, by where the next record begins.
			clear(p[24:32])
			if length == 0 || length > 1000 { // a shorter one may be true of version 2.0
				_, all, _ = readAll(t, p, Options{})
				needFrames(t, m, all)
			}
		}
	}
}

func TestDamageLosesNoMore(t *testing.T) {
	for minor := range 4 {
		m := ordered(minor, 60)
		good, offsets := m.file()
		noise := rand.New(rand.NewPCG(1, 2))
		p := bytes.Clone(good)
		for i := offsets[20] + 3; i < offsets[25]-20; i++ {
			p[i] = byte(noise.Uint32())
		}
		f, all, s := readAll(t, p, Options{})
		needFrames(t, m, all, 20, 21, 22, 23, 24)
		d := s.Damages()
		if d.Total != 2 || d.Lost != offsets[25]-offsets[20] || d.List[0].Frame != 20 || d.List[0].Offset != offsets[20] || !d.List[0].Lost || !errors.Is(d.List[0].Err, ErrRecord) {
			t.Errorf("2.%d: got %+v, want the bytes from %d to %d to be lost", minor, d, offsets[20], offsets[25])
		}
		if again, s2 := readFrames(t, f); fmt.Sprint(again) != fmt.Sprint(all) || fmt.Sprint(s2.Damages()) != fmt.Sprint(d) {
			t.Errorf("2.%d: the second time differs", minor)
		}
	}
}

func TestBytesAreDeliveredOnce(t *testing.T) {
	for minor := range 4 {
		for _, last := range []int{0, 19} {
			m := ordered(minor, 20)
			m.order = make([]int, 5000) // the first frame, again and again
			for i := range 20 {
				m.order[i*200] = i
			}
			m.order[3800], m.order[4999] = 0, last
			p, _ := m.file()
			_, all, s := readAll(t, p, Options{})
			if len(all) != 20 || s.Damages().Total == 0 {
				t.Errorf("2.%d: got %d frames, damage %+v, want 20 and some", minor, len(all), s.Damages())
			}
		}
	}
}

// nested is a file of version 2.0 whose records are in each other, the innermost first.
func nested() []byte {
	m := &made{start: begun}
	p, _ := m.file()
	p = append(p[:headerLen], make([]byte, 80_000)...)
	table := len(p)
	for at := table - 65536; at >= headerLen; at -= 16 {
		copy(p[at:], put(put(put(nil, uint64(at)), uint32(60_000)), uint32(60_000)))
		p = put(p, uint32(at))
	}
	copy(p[24:], put(put(nil, uint32(table)), uint32(len(p)-table)))
	return p
}

func TestRecordsWithinRecordsAreNoBomb(t *testing.T) {
	p := nested()
	_, all, s := readAll(t, p, Options{})
	sum := 0
	for i := range all {
		sum += len(all[i].Data)
	}
	if sum > 2*len(p) || s.Damages().Total == 0 {
		t.Errorf("got %d bytes of frames from %d, damage %+v", sum, len(p), s.Damages())
	}
}

func TestManyHolesAndRepeats(t *testing.T) {
	m := ordered(3, maxSpans+100)
	for i := range m.frames {
		m.frames[i].hole = 1
	}
	p, _ := m.file()
	_, all, s := readAll(t, p, Options{})
	needFrames(t, m, all)
	undamaged(t, s)
	copy(p[le.Uint32(p[24:])+4000:], "gone") // more parts than are kept: nothing is looked for
	_, all, s = readAll(t, p, Options{})
	if len(all) < len(m.frames)-1 || s.Damages().Total == 0 {
		t.Errorf("got %d frames of %d, damage %+v", len(all), len(m.frames), s.Damages())
	}
}

func TestCommentsAfterDamage(t *testing.T) {
	m := ordered(3, 20)
	m.comments = nil
	for i := range m.frames {
		m.comments = append(m.comments, madeComment{i, fmt.Sprint("title ", i), "text"})
	}
	good, _ := m.file()
	at := int(le.Uint32(good[40:]))
	one := commentHead + len(utf16Bytes("title 1")) + 2 + titleMore + 4
	copy(good[at+5*one:], "damage")
	_, all, s := readAll(t, good, Options{})
	needFrames(t, m, all)
	needDamage(t, s, ErrComment)
	for i := range all {
		want := ""
		if i != 5 {
			want = fmt.Sprintf("title %d:text", i)
		}
		if got := commentText(&all[i]); got != want {
			t.Errorf("frame %d: comment %q, want %q", i+1, got, want)
		}
	}
}

func TestCommentsOnNoFrame(t *testing.T) {
	m := ordered(3, 5)
	p, offsets := m.file()
	at := le.Uint32(p[40:])
	copy(p[at+4:], put(nil, uint32(offsets[1]+1)))
	_, all, s := readAll(t, p, Options{})
	needFrames(t, m, all)
	needDamage(t, s, ErrComment)
}

func TestProcessTableIsDamaged(t *testing.T) {
	m := everything(3)
	good, _ := m.file()
	at := int(le.Uint32(good[48:]))
	second := at + 2 + 4 + int(le.Uint32(good[at+2:])) + 4 + m.icon + processTail
	for name, change := range map[string]func(p []byte){
		"long path":     func(p []byte) { copy(p[second:], put(nil, uint32(maxPath+1))) },
		"longer path":   func(p []byte) { copy(p[second:], put(nil, uint32(1<<31))) },
		"count":         func(p []byte) { copy(p[52:], put(nil, uint32(1<<31))) },
		"icon":          func(p []byte) { copy(p[at+2+4+int(le.Uint32(p[at+2:])):], put(nil, uint32(1<<30))) },
		"place":         func(p []byte) { copy(p[48:], put(nil, uint32(1<<30))) },
		"among frames":  func(p []byte) { copy(p[48:], put(nil, uint32(headerLen+recordLen+60))) },
		"in the header": func(p []byte) { copy(p[48:], put(nil, uint32(5))) },
	} {
		p := bytes.Clone(good)
		change(p)
		f, all, s := readAll(t, p, Options{})
		if len(all) != len(m.frames) {
			t.Errorf("%s: got %d frames, want %d", name, len(all), len(m.frames))
		}
		needDamage(t, s, ErrProcess)
		if want := map[string]int{"long path": 1, "longer path": 1, "count": 3}[name]; len(f.Processes) != want {
			t.Errorf("%s: got %d processes, want %d", name, len(f.Processes), want)
		}
	}
}

func TestManyProcesses(t *testing.T) {
	m := ordered(3, 2)
	m.comments = nil
	one := everything(3).processes[0]
	for range maxProcesses + 1 {
		m.processes = append(m.processes, one)
	}
	p, _ := m.file()
	f, all, s := readAll(t, p, Options{})
	needFrames(t, m, all)
	needDamage(t, s, ErrTooMany)
	if len(f.Processes) != maxProcesses {
		t.Errorf("got %d processes, want %d", len(f.Processes), maxProcesses)
	}
}

func TestTableThatLeadsNowhere(t *testing.T) {
	m := ordered(3, 20)
	m.comments = nil
	p, offsets := m.file()
	copy(p[24:], put(nil, uint32(len(p))))
	copy(p[28:], put(nil, uint32(2*maxTries*entryLen)))
	for range 2 * maxTries {
		p = put(p, uint32(offsets[1]+1))
	}
	_, all, s := readAll(t, p, Options{})
	needFrames(t, m, all)
	if s.astray > maxTries+1 {
		t.Errorf("%d entries were looked at, want %d at most", s.astray, maxTries)
	}
}

// TestHalvesMakeNoRecord: the time before one record and that after another, which are
// less than a millisecond apart.
func TestHalvesMakeNoRecord(t *testing.T) {
	m := ordered(3, 20)
	for i := range m.frames {
		m.frames[i].delta /= 15
	}
	p, offsets := m.file()
	p = p[:le.Uint32(p[24:])] // neither the table nor the start in UTC
	clear(p[offsets[7]+8 : offsets[8]+recordLen])
	_, all, _ := readAll(t, p, Options{})
	needDelivered(t, m, all, 7, 8)
}

// needDelivered fails where other frames are missing than those at some places.
func needDelivered(t *testing.T, m *made, all []Frame, lost ...int) {
	t.Helper()
	var got, want []string
	for i := range all {
		got = append(got, string(all[i].Data))
	}
	for i := range m.frames {
		if !slices.Contains(lost, i) {
			want = append(want, string(m.frames[i].data))
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %d frames, want the %d but for those at places %d", len(got), len(want), lost)
	}
}

func TestUserDataIsNoDamage(t *testing.T) {
	for minor := range 4 {
		m := ordered(minor, 10)
		m.user = 100
		p, _ := m.file()
		_, all, s := readAll(t, p, Options{})
		needFrames(t, m, all)
		undamaged(t, s)
	}
}

func TestUnknownMedia(t *testing.T) {
	for minor := 1; minor < 4; minor++ {
		m := ordered(minor, 10)
		for _, i := range []int{0, 4, 5, 9} {
			m.frames[i].media = 0x1234
		}
		p, _ := m.file()
		_, all, s := readAll(t, p, Options{})
		needFrames(t, m, all)
		undamaged(t, s)
		if all[4].HasLinkType || s.Media()[0x1234] != 4 {
			t.Errorf("2.%d: got %+v", minor, s.Media())
		}
	}
}
