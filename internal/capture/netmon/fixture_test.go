package netmon

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
	"unicode/utf16"
)

// made is a file that a test makes.
type made struct {
	minor     int
	media     uint16 // of the file header
	start     time.Time
	zone      int64 // how far the file's local time is ahead of UTC, seconds
	padded    bool  // the file header has 128 bytes
	frames    []madeFrame
	order     []int // of the frame table; nil = that of frames
	comments  []madeComment
	processes []Process
	icon      int // bytes
	user      int // bytes of user data after the frame table
}

// madeFrame is a record, and what is before it in the file.
type madeFrame struct {
	hole     int // bytes
	delta    int64
	data     []byte
	original int // 0 = the length of data
	media    uint16
	process  int32
	ahead    int64 // of the stamp before start and delta, 100 ns
}

type madeComment struct {
	frame       int // index of frames
	title       string
	description string
}

func put[T uint16 | uint32 | uint64](p []byte, v T) []byte {
	for range binarySize(v) {
		p = append(p, byte(v))
		v >>= 8
	}
	return p
}

func binarySize[T uint16 | uint32 | uint64](T) int {
	switch any(T(0)).(type) {
	case uint16:
		return 2
	case uint32:
		return 4
	}
	return 8
}

func utf16Bytes(text string) (p []byte) {
	for _, u := range utf16.Encode([]rune(text)) {
		p = put(p, u)
	}
	return p
}

// file gives the bytes of the file, and the offsets of its frames.
func (m *made) file() (p []byte, offsets []int64) {
	p = make([]byte, headerLen)
	if m.padded {
		p = make([]byte, 128)
	}
	for i, fr := range m.frames {
		p = append(p, bytes.Repeat([]byte{0xEE}, fr.hole)...)
		offsets = append(offsets, int64(len(p)))
		p = put(p, uint64(fr.delta))
		p = put(p, uint32(cmp.Or(fr.original, len(fr.data))))
		p = put(p, uint32(len(fr.data)))
		p = append(p, fr.data...)
		trailer := put(nil, fr.media)
		trailer = put(trailer, uint32(fr.process))
		trailer = put(trailer, uint64(m.stamp(i)))
		p = append(p, append(trailer, 0xFF)[:trailerLen[m.minor]]...)
	}
	m.header(p, len(p))
	table := len(p)
	order := m.order
	if order == nil {
		for i := range m.frames {
			order = append(order, i)
		}
	}
	for _, i := range order {
		p = put(p, uint32(offsets[i]))
	}
	copy(p[24:], put(put(nil, uint32(table)), uint32(len(p)-table)))
	copy(p[32:], put(put(nil, uint32(len(p))), uint32(m.user)))
	p = append(p, make([]byte, m.user)...)
	if m.minor >= 2 {
		p = m.addComments(p, offsets)
		p = m.addProcesses(p)
	}
	if m.minor >= 3 {
		copy(p[56:], put(put(nil, uint32(len(p))), uint32(extendedLen)))
		p = append(put(put(p, uint16(1)), uint64(fileTime(m.start))), 0)
	}
	return p, offsets
}

// stamp is the FILETIME of a frame.
func (m *made) stamp(i int) int64 {
	return fileTime(m.start) + m.frames[i].delta*perMicro + m.frames[i].ahead
}

func (m *made) header(p []byte, table int) {
	local := m.start.UTC().Add(time.Duration(m.zone) * time.Second)
	h := append([]byte(magic2), byte(m.minor), 2)
	h = put(h, m.media)
	for _, v := range []int{local.Year(), int(local.Month()), int(local.Weekday()), local.Day(), local.Hour(), local.Minute(), local.Second(), local.Nanosecond() / 1e6} {
		h = put(h, uint16(v))
	}
	copy(p, h)
}

func (m *made) addComments(p []byte, offsets []int64) []byte {
	begin := len(p)
	for _, c := range m.comments {
		title := append(utf16Bytes(c.title), 0, 0)
		p = put(put(put(p, uint32(1)), uint32(offsets[c.frame])), uint32(len(title)))
		p = append(p, title...)
		p = put(p, uint32(len(c.description)))
		p = append(p, c.description...)
	}
	if len(m.comments) > 0 {
		copy(p[40:], put(put(nil, uint32(begin)), uint32(len(p)-begin)))
	}
	return p
}

func (m *made) addProcesses(p []byte) []byte {
	if len(m.processes) == 0 {
		return p
	}
	copy(p[48:], put(put(nil, uint32(len(p))), uint32(len(m.processes))))
	p = put(p, uint16(2))
	for _, one := range m.processes {
		path := append(utf16Bytes(one.Path), 0, 0, 'x', 0)
		p = append(put(p, uint32(len(path))), path...)
		p = append(put(p, uint32(m.icon)), make([]byte, m.icon)...)
		p = put(p, one.PID)
		p = put(put(p, uint32(one.Local.Port())), uint32(one.Remote.Port()))
		v6 := one.Local.Addr().Is6()
		flag := uint32(0)
		if v6 {
			flag = 1
		}
		p = put(p, flag)
		for _, addr := range []netip.Addr{one.Local.Addr(), one.Remote.Addr()} {
			raw := addr.AsSlice()
			if !v6 {
				slices.Reverse(raw)
			}
			p = append(p, append(raw, make([]byte, 16-len(raw))...)...)
		}
	}
	return p
}

// ethernet is an Ethernet frame with a UDP packet over IPv4, all of n bytes.
func ethernet(n int, with byte) []byte {
	p := []byte{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0, 0, byte(n - 14), 0, with, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 4, 0, 5, 0, 0, byte(n - 34), 0, 0}
	for len(p) < n {
		p = append(p, byte(len(p))*7+with)
	}
	return p
}

// begun is when made captures begin.
var begun = time.Date(2016, 8, 2, 9, 55, 6, 782_000_300, time.UTC)

// everything is a file of a version with all that is odd and allowed: deltas below
// zero, holes, frames in another order than in the file, comments and processes.
func everything(minor int) *made {
	m := &made{minor: minor, media: MediaEthernet, start: begun, zone: -7 * 3600, padded: minor == 0}
	for i := range 12 {
		m.frames = append(m.frames, madeFrame{delta: int64(i)*250_001 - 1_000_000, data: ethernet(60+3*i, byte(i)), media: MediaEthernet, process: int32(i%4) - 1, ahead: int64(i % 10)})
	}
	m.frames[3].hole, m.frames[9].hole = 40, 7
	m.frames[5].original = 1500
	m.order = []int{11, 0, 1, 2, 3, 4, 5, 7, 6, 8, 9, 10}
	m.processes = []Process{
		{7, `C:\Windows\svchost.exe`, netip.MustParseAddrPort("169.254.255.66:48846"), netip.MustParseAddrPort("169.254.100.98:443")},
		{4, "System", netip.MustParseAddrPort("[fe80::1]:137"), netip.MustParseAddrPort("[::]:0")},
		{8, "Grüße\U0001F600.exe", netip.MustParseAddrPort("10.0.0.1:80"), netip.MustParseAddrPort("10.0.0.2:81")},
	}
	m.icon = 5
	m.comments = []madeComment{
		{4, "second", `{\rtf1\ansi one\par two}` + "\x00"},
		{11, "first \U0001F600", ""},
		{6, "plain", "caf\xE9"},
	}
	return m
}

// readAll reads a file, and gives copies of its frames.
func readAll(t testing.TB, p []byte, o Options) (*File, []Frame, *Frames) {
	t.Helper()
	f, err := Open(bytes.NewReader(p), int64(len(p)), o)
	if err != nil {
		t.Fatal(err)
	}
	frames, s := readFrames(t, f)
	return f, frames, s
}

func readFrames(t testing.TB, f *File) (all []Frame, s *Frames) {
	t.Helper()
	s = f.Frames()
	for {
		fr, err := s.Next()
		if err == io.EOF {
			return all, s
		}
		if err != nil {
			t.Fatalf("after frame %d: %v", len(all), err)
		}
		one := *fr
		one.Data, one.Metadata = bytes.Clone(fr.Data), bytes.Clone(fr.Metadata)
		all = append(all, one)
	}
}

// undamaged fails where anything was found wrong with a file.
func undamaged(t testing.TB, s *Frames) {
	t.Helper()
	for _, d := range s.Damages().List {
		t.Errorf("damage at %d, %d bytes: %v", d.Offset, d.Length, d.Err)
	}
}

// samples gives the Network Monitor files among other people's captures, or skips the
// test.
func samples(t testing.TB) (paths []string) {
	t.Helper()
	folder := os.Getenv("MENDCAP_SAMPLES")
	if folder == "" {
		t.Skip("MENDCAP_SAMPLES names no folder of samples")
	}
	for _, pattern := range []string{"captures/windows/*.cap", "captures/public/iphttps.cap"} {
		found, err := filepath.Glob(filepath.Join(folder, filepath.FromSlash(pattern)))
		if err != nil || len(found) == 0 {
			t.Fatalf("no samples %s: %v", pattern, err)
		}
		paths = append(paths, found...)
	}
	return paths
}

// sample reads one of them.
func sample(t testing.TB, name string) []byte {
	t.Helper()
	for _, path := range samples(t) {
		if filepath.Base(path) == name {
			p, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			return p
		}
	}
	t.Fatalf("no sample %s", name)
	return nil
}

func needError(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("got error %v, want %v", err, want)
	}
}
