package netmon

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"
)

// media is a file with frames of all media types that tshark can read.
func media(minor int) *made {
	m := &made{minor: minor, media: MediaEthernet, start: begun}
	add := func(media uint16, data []byte) {
		m.frames = append(m.frames, madeFrame{delta: int64(len(m.frames)) * 1000, data: data, media: media, process: -1})
	}
	eth := ethernet(70, 1)
	add(MediaEthernet, eth)
	if minor == 0 {
		return m
	}
	add(0, eth)
	add(MediaTokenRing, slices.Concat([]byte{0x10, 0x40}, eth[:12], []byte{0xaa, 0xaa, 3, 0, 0, 0, 8, 0}, eth[14:]))
	add(MediaFDDI, slices.Concat([]byte{0x50}, eth[:12], []byte{0xaa, 0xaa, 3, 0, 0, 0, 8, 0}, eth[14:]))
	add(MediaWiFi, wifi(eth[14:]))
	for _, raw := range []uint16{MediaTunnel, MediaWWAN, MediaRawIP, MediaPcap | linkRaw} {
		add(raw, eth[14:])
	}
	add(MediaPayloadHeader, []byte("passed over"))
	add(MediaNetworkInfo, []byte("passed over"))
	add(MediaDNSCache, []byte("passed over"))
	add(MediaWiFiMessage, wifi(eth[14:])[32:])
	add(MediaPcap|linkEthernet, eth)
	add(MediaPcap|113, slices.Concat([]byte{0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 8, 0}, eth[14:]))
	add(MediaWFPV4, slices.Concat(eth[26:34], []byte{17, 36, 0}, eth[34:]))
	return m
}

// wifi is an IPv4 packet in an 802.11 data frame, after Network Monitor's metadata.
func wifi(ip []byte) []byte {
	p := make([]byte, 32)
	p[0], p[1] = 2, 32
	p = append(p, 0x08, 0x00, 0, 0)
	p = append(p, bytes.Repeat([]byte{2}, 18)...)
	p = append(p, 0x10, 0)
	return slices.Concat(p, []byte{0xaa, 0xaa, 3, 0, 0, 0, 8, 0}, ip)
}

func TestEachVersion(t *testing.T) {
	for minor := range 4 {
		t.Run(fmt.Sprint(minor), func(t *testing.T) {
			m := everything(minor)
			p, offsets := m.file()
			f, all, s := readAll(t, p, Options{Zone: time.FixedZone("", -7*3600)})
			undamaged(t, s)
			if len(all) != len(m.order) {
				t.Fatalf("got %d frames, want %d", len(all), len(m.order))
			}
			for n, i := range m.order {
				want := m.frames[i]
				fr := &all[n]
				if fr.Number != int64(n+1) || fr.Offset != offsets[i] || fr.Media != MediaEthernet || !fr.HasLinkType || fr.LinkType != linkEthernet {
					t.Errorf("frame %d: got %+v, want it at %d", n+1, fr, offsets[i])
				}
				original, process, comment := len(want.data), int(want.process), ""
				if want.original > 0 {
					original = want.original
				}
				if minor < 2 {
					process = -1
				}
				if !bytes.Equal(fr.Data, want.data) || fr.Original != original || fr.Process != process {
					t.Errorf("frame %d: got %d of %d bytes, process %d, want %d of %d, process %d", n+1, len(fr.Data), fr.Original, fr.Process, len(want.data), original, process)
				}
				if minor >= 2 {
					comment = map[int]string{4: "second:one\ntwo", 11: "first \U0001F600:", 6: "plain:café"}[i]
				}
				if got := commentText(fr); got != comment {
					t.Errorf("frame %d: comment %q, want %q", n+1, got, comment)
				}
				stamp := fileTime(begun.Truncate(time.Millisecond)) + want.delta*10
				if minor == 3 {
					stamp = m.stamp(i)
				}
				if fr.Time != stamp {
					t.Errorf("frame %d: stamp %d, want %d", n+1, fr.Time, stamp)
				}
			}
			if minor >= 2 && !slices.Equal(f.Processes, m.processes) {
				t.Errorf("got processes %+v, want %+v", f.Processes, m.processes)
			}
			if f.Minor != minor || f.ZoneStated != (minor == 3) || f.Local != begun.Truncate(time.Millisecond).Add(-7*time.Hour) {
				t.Errorf("got %+v", f)
			}
			if got := s.Media(); len(got) != 1 || got[MediaEthernet] != int64(len(all)) {
				t.Errorf("got %v, want all frames to be Ethernet", got)
			}
			if again, _ := readFrames(t, f); fmt.Sprint(again) != fmt.Sprint(all) {
				t.Error("the frames differ the second time")
			}
		})
	}
}

func commentText(fr *Frame) string {
	var all []string
	for _, c := range fr.Comments {
		all = append(all, c.Title+":"+c.Description)
	}
	return strings.Join(all, "\n\n")
}

func TestMediaTypes(t *testing.T) {
	p, _ := media(3).file()
	_, all, s := readAll(t, p, Options{})
	undamaged(t, s)
	number := int64(0)
	for i := range all {
		fr := &all[i]
		switch fr.Media {
		case MediaPayloadHeader, MediaNetworkInfo, MediaDNSCache:
			if fr.Number != 0 || fr.HasLinkType {
				t.Errorf("frame of media %#x: number %d, link type %v", fr.Media, fr.Number, fr.HasLinkType)
			}
			continue
		case MediaWiFi:
			if len(fr.Metadata) != 32 || fr.Data[0] != 0x08 || fr.Original != len(fr.Data) || fr.Included() != len(fr.Data)+32 {
				t.Errorf("802.11: got %d bytes of metadata, %d of data, original length %d", len(fr.Metadata), len(fr.Data), fr.Original)
			}
		}
		if number++; fr.Number != number {
			t.Errorf("frame of media %#x: number %d, want %d", fr.Media, fr.Number, number)
		}
	}
	for media, want := range map[uint16]int{4: -1, 5: -1, 10: -1, MediaNDISWiFi: -1, MediaFiddler: -1, MediaNDIS: -1, MediaNDISWiFiMeta: -1,
		MediaWFPV4: -1, MediaWFPAuthV6: -1, MediaEvent: -1, 0xE07F: 127, 0xE08B: 139, 0xEFFF: 0xFFF, 0xF000: -1, 0xD001: -1, 0xFFFF: -1} {
		if link, ok := linkType(media); ok != (want >= 0) || ok && int(link) != want {
			t.Errorf("media %#x: got link type %d, %v, want %d", media, link, ok, want)
		}
	}
}

func TestRefusals(t *testing.T) {
	good, _ := everything(3).file()
	change := func(at int, with string) []byte {
		p := bytes.Clone(good)
		copy(p[at:], with)
		return p
	}
	for name, c := range map[string]struct {
		data []byte
		want error
	}{
		"empty":      {nil, ErrNotNetmon},
		"text":       {[]byte("no capture"), ErrNotNetmon},
		"1.x":        {change(0, "RTSS\x01\x01"), ErrVersion1},
		"short 1.x":  {[]byte("RTSS"), ErrVersion1},
		"3.0":        {change(4, "\x00\x03"), ErrVersion},
		"2.4":        {change(4, "\x04\x02"), ErrVersion},
		"cut header": {good[:headerLen-1], ErrTruncated},
	} {
		f, err := Open(bytes.NewReader(c.data), int64(len(c.data)), Options{})
		if f != nil || !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, %v, want %v", name, f, err, c.want)
		}
		if got, want := Recognised(c.data), !errors.Is(c.want, ErrNotNetmon); got != want {
			t.Errorf("%s: recognised %v, want %v", name, got, want)
		}
	}
}

// failing is a file that can't be read from an offset on.
type failing struct {
	*bytes.Reader
	from int64
}

var errDisk = errors.New("disk on fire")

func (r failing) ReadAt(p []byte, at int64) (int, error) {
	if at+int64(len(p)) > r.from {
		return 0, errDisk
	}
	return r.Reader.ReadAt(p, at)
}

func TestReadErrorsAreNoDamage(t *testing.T) {
	p, _ := everything(3).file()
	for from := range int64(len(p)) {
		f, err := Open(failing{bytes.NewReader(p), from}, int64(len(p)), Options{})
		if err != nil {
			needError(t, err, errDisk)
			continue
		}
		s := f.Frames()
		for err == nil {
			_, err = s.Next()
		}
		needError(t, err, errDisk)
	}
	f, err := Open(bytes.NewReader(p[:400]), int64(len(p)), Options{})
	if err == nil {
		t.Fatalf("a file that is shorter than it was said to be: got %+v", f)
	}
	needError(t, err, io.ErrUnexpectedEOF)
}

func TestStartOutOfRange(t *testing.T) {
	for minor := range 4 {
		p, _ := everything(minor).file()
		p[10] = 13 // the month
		f, all, s := readAll(t, p, Options{})
		if !f.Local.IsZero() || len(all) != 12 {
			t.Errorf("2.%d: got start %v and %d frames", minor, f.Local, len(all))
		}
		if d := s.Damages(); d.Total == 0 || !errors.Is(d.List[0].Err, ErrStart) {
			t.Errorf("2.%d: got %+v, want an ErrStart", minor, d)
		}
		if minor == 3 && all[1].Time != fileTime(begun)-10_000_000 {
			t.Errorf("2.3: got stamp %d in spite of its own", all[1].Time)
		}
	}
}

func TestStampsOutOfRange(t *testing.T) {
	for minor := range 4 {
		m := everything(minor)
		p, offsets := m.file()
		copy(p[offsets[4]:], bytes.Repeat([]byte{0x7F}, 8)) // the delta
		_, all, s := readAll(t, p, Options{})
		if len(all) != 12 {
			t.Fatalf("2.%d: got %d frames", minor, len(all))
		}
		switch d := s.Damages(); {
		case minor == 3 && (d.Total != 0 || all[5].Time != m.stamp(4)):
			t.Errorf("2.3: got %+v, stamp %d: it has its own", d, all[5].Time)
		case minor < 3 && (d.Total != 1 || !errors.Is(d.List[0].Err, ErrStamp) || d.List[0].Lost):
			t.Errorf("2.%d: got %+v, want an ErrStamp", minor, d)
		}
	}
}

// TestStampIsMended: in version 2.3 a frame whose stamp is gone has its time from the
// start of the capture, which other frames tell where the file doesn't.
func TestStampIsMended(t *testing.T) {
	m := ordered(3, 10)
	for _, stated := range []bool{true, false} {
		p, offsets := m.file()
		clear(p[offsets[5]-9 : offsets[5]])
		if !stated {
			clear(p[56:64])
		}
		f, all, s := readAll(t, p, Options{Zone: time.FixedZone("", 3600)})
		needFrames(t, m, all)
		needDamage(t, s, ErrStamp)
		if got, want := all[4].Time, m.stamp(4); got != want || f.startStated != stated {
			t.Errorf("start stated %v: got stamp %d, want %d", stated, got, want)
		}
	}
}
