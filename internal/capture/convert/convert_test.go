package convert_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/capture/convert"
	"github.com/mendcap/mendcap/internal/capture/salvage"
	"github.com/mendcap/mendcap/internal/lab/tshark"
)

// got is a packet as it leaves.
type got struct {
	frame    int64
	iface    string
	linkType uint16
	ticks    uint64
	original uint32
	data     string
	comments []string
}

func sample(t *testing.T, name string) string {
	dir := os.Getenv("MENDCAP_SAMPLES")
	if dir == "" {
		t.Skip("MENDCAP_SAMPLES is not set")
	}
	return filepath.Join(dir, "captures", name)
}

func open(t *testing.T, path string, o convert.Options) *convert.File {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	c, err := convert.Open(f, info.Size(), o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// packetsOf reads what a file becomes as any capture is read.
func packetsOf(t *testing.T, f *convert.File) (list []got) {
	t.Helper()
	from := f.Reader()
	r, err := salvage.NewReader(from, salvage.Options{ReaderOptions: capture.ReaderOptions{Number: from.Number}, Refuse: true})
	if err != nil {
		t.Fatal(err)
	}
	for {
		batch, err := r.Next()
		if err == io.EOF {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range batch.Blocks {
			if b.Kind == capture.Packet {
				list = append(list, got{b.Frame, b.Interface.Name, b.Interface.LinkType, b.Ticks, b.OrigLen, string(b.Data), b.Comments()})
			}
		}
		batch.Release()
	}
}

// What NDIS recorded is the same in a trace and in the capture that Message Analyzer made of
// it. The clock of the third had ticks of 385 ns.
func TestTraceAndCapture(t *testing.T) {
	for _, test := range []struct {
		name    string
		packets int
		early   uint64 // of stamps, at most, in units of 100 ns: a tick, rounded up
	}{
		{"ndis-ccrod1", 184, 0},
		{"ndis-wmod2", 209, 0},
		{"ndis-wsusod6", 1421, 4},
	} {
		trace := packetsOf(t, open(t, sample(t, "windows/"+test.name+".etl"), convert.Options{}))
		saved := packetsOf(t, open(t, sample(t, "windows/"+test.name+".cap"), convert.Options{}))
		if len(trace) != test.packets || len(saved) != test.packets {
			t.Errorf("%s: got %d packets of the trace and %d of the capture, want %d", test.name, len(trace), len(saved), test.packets)
			continue
		}
		for i := range trace {
			a, b := trace[i], saved[i]
			if a.data != b.data || a.linkType != b.linkType || b.ticks-a.ticks > test.early {
				t.Errorf("%s, packet %d: got %d bytes at %d of the trace, want %d at %d", test.name, i+1, len(a.data), a.ticks, len(b.data), b.ticks)
			}
		}
	}
}

// tshark reads the captures of Network Monitor itself: frames that it dissects as packets are the
// same, with the number that it gives them, the stamp and the length.
func TestCapturesAsTsharkReadsThem(t *testing.T) {
	tshark.Need(t)
	t.Setenv("TZ", "UTC")
	fields := []string{"frame.number", "frame.time_epoch", "frame.len", "frame.cap_len", "netmon_header.title_comment"}
	for _, name := range []string{"windows/ndis-wmod2.cap", "windows/netmon-20-editcap.cap", "windows/netmon-adod13.cap", "windows/netmon-rmsod2.cap", "windows/netmon-authsod21.cap"} {
		path := sample(t, name)
		packets := packetsOf(t, open(t, path, convert.Options{}))
		byNumber := make(map[string]got)
		for _, p := range packets {
			byNumber[fmt.Sprint(p.frame)] = p
		}
		rows := tshark.Rows(t, path, fields)
		if len(packets) > len(rows) {
			t.Errorf("%s: got %d packets of %d frames", name, len(packets), len(rows))
		}
		compared := 0
		for _, row := range rows {
			p, ok := byNumber[row[0]]
			if !ok {
				continue // an event
			}
			compared++
			stamp := fmt.Sprintf("%d.%09d", p.ticks/1e7, p.ticks%1e7*100)
			if stamp != row[1] || fmt.Sprint(p.original) != row[2] || fmt.Sprint(len(p.data)) != row[3] {
				t.Errorf("%s, frame %s: got %s, %d of %d bytes, want %s, %s of %s", name, row[0], stamp, len(p.data), p.original, row[1], row[3], row[2])
			}
			if row[4] != "" && !slices.Contains(p.comments, row[4]) {
				t.Errorf("%s, frame %s: got comments %q, want %q among them", name, row[0], p.comments, row[4])
			}
		}
		if compared != len(packets) {
			t.Errorf("%s: %d packets of %d have the number of a frame", name, compared, len(packets))
		}
	}
}

// What a capture of Network Monitor becomes is dissected as the capture itself is: the same
// protocols, addresses, ports, numbers and lengths. Of what the Windows Filtering Platform has seen
// that holds for addresses, protocol and all above the IP header.
func TestCapturesAreDissectedAlike(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs tshark for many files")
	}
	tshark.Need(t)
	fields := []string{
		"frame.number", "frame.protocols", "ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "arp.opcode", "icmp.type", "icmpv6.type",
		"udp.srcport", "udp.dstport", "udp.length", "tcp.srcport", "tcp.dstport", "tcp.seq_raw", "tcp.ack_raw", "tcp.flags", "tcp.len",
	}
	for _, name := range []string{
		"windows/ndis-ccrod1.cap", "windows/ndis-wmod2.cap", "windows/ndis-wsusod6.cap", "windows/netmon-20-editcap.cap", "windows/netmon-21-wfp.cap",
		"windows/netmon-adod13.cap", "windows/netmon-authsod21.cap", "windows/netmon-rmsod2.cap", "public/iphttps.cap",
	} {
		path := sample(t, name)
		f := open(t, path, convert.Options{})
		frames := make(map[string][]string)
		for _, row := range tshark.Rows(t, path, fields) {
			frames[row[0]] = row[1:]
		}
		became, err := io.ReadAll(f.Reader())
		if err != nil {
			t.Fatal(err)
		}
		rows := tshark.Rows(t, put(t, became), fields)
		for i, p := range packetsOf(t, f) {
			got, want := rows[i][1:], frames[fmt.Sprint(p.frame)]
			got[0], want[0] = aboveLink(got[0]), aboveLink(want[0])
			if !slices.Equal(got, want) {
				t.Errorf("%s, frame %d: got %q, want %q", name, p.frame, got, want)
			}
		}
	}
}

// put writes a file.
func put(t *testing.T, data []byte) string {
	path := filepath.Join(t.TempDir(), "became.pcapng")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// aboveLink are the protocols that tshark names, without its words for the framing of
// Network Monitor, and for the IP header where that was made up.
func aboveLink(protocols string) string {
	protocols = strings.TrimPrefix(protocols, "netmon_header:")
	for _, made := range []string{"message_analyzer.wfp_capture.v", "message_analyzer.wfp_capture2.v"} {
		if rest, ok := strings.CutPrefix(protocols, made); ok {
			return rest[2:] // 4: or 6:
		}
	}
	for _, made := range []string{"raw:ip:", "raw:ipv6:"} {
		protocols = strings.TrimPrefix(protocols, made)
	}
	return protocols
}

// A monitored packet passes many layers: all of them, or one of each network interface.
func TestLayers(t *testing.T) {
	for _, test := range []struct {
		name           string
		all, byDefault int
	}{
		{"windows/pktmon-19042.etl", 2705, 260},
		{"pktmon.etl", 114, 38},
	} {
		path := sample(t, test.name)
		one := packetsOf(t, open(t, path, convert.Options{}))
		every := packetsOf(t, open(t, path, convert.Options{AllLayers: true}))
		if len(one) != test.byDefault || len(every) != test.all {
			t.Errorf("%s: got %d packets and %d appearances, want %d and %d", test.name, len(one), len(every), test.byDefault, test.all)
		}
		for i, p := range every {
			if p.frame != int64(i+1) {
				t.Fatalf("%s: appearance %d has the number %d", test.name, i+1, p.frame)
			}
		}
		for _, p := range one {
			if q := every[p.frame-1]; p.data != q.data || p.ticks != q.ticks {
				t.Errorf("%s: number %d is another packet among all", test.name, p.frame)
			}
		}
	}
}

// Whoever reads in small pieces reads the same bytes.
func TestReaderGivesTheSameBytes(t *testing.T) {
	f := open(t, sample(t, "windows/ndis-wmod2.etl"), convert.Options{})
	first := f.Reader()
	want, err := io.ReadAll(first)
	if err != nil {
		t.Fatal(err)
	}
	for _, read := range []func(io.Reader) io.Reader{iotest.OneByteReader, iotest.HalfReader} {
		again := f.Reader()
		if got, err := io.ReadAll(read(again)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("got %d bytes and %v, want %d", len(got), err, len(want))
		}
	}
}

// What is no capture of another format is told from one, and a version that isn't read is
// named.
func TestRecognised(t *testing.T) {
	for head, want := range map[string]bool{
		"GMBU\x00\x02": true, "RTSS\x01\x01": true, "\x0a\x0d\x0d\x0a": false, "": false, strings.Repeat("\x00", 200): false, "plain text": false,
	} {
		if got := convert.Recognised([]byte(head + strings.Repeat("\x00", convert.HeadLen))); got != want {
			t.Errorf("%q: got %v, want %v", head, got, want)
		}
	}
	old := "RTSS\x01\x01" + strings.Repeat("\x00", 300)
	if _, err := convert.Open(strings.NewReader(old), int64(len(old)), convert.Options{}); err == nil || !strings.Contains(err.Error(), "1.x") {
		t.Errorf("a capture of version 1: got %v, want an error that names it", err)
	}
	failure := errors.New("the disk is gone")
	if _, err := convert.Open(failing{failure}, 1000, convert.Options{}); !errors.Is(err, failure) {
		t.Errorf("got %v, want %v", err, failure)
	}
}

// failing is a file that can't be read.
type failing struct{ err error }

func (f failing) ReadAt([]byte, int64) (int, error) { return 0, f.err }
