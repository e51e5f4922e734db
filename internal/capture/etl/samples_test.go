package etl

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/mendcap/mendcap/internal/capture/etw"
)

// sample reads a shared sample, or skips the test where there are none.
func sample(t testing.TB, name string) []byte {
	t.Helper()
	dir := os.Getenv("MENDCAP_SAMPLES")
	if dir == "" {
		t.Skip("MENDCAP_SAMPLES is not set")
	}
	data, err := os.ReadFile(filepath.Join(dir, "captures", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// mustOpen opens a log that is not to be refused.
func mustOpen(t testing.TB, data []byte) *Trace {
	t.Helper()
	log, err := Open(bytes.NewReader(data), int64(len(data)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	return log
}

// eachEvent calls for every event of a stream, and returns what was damaged.
func eachEvent(t testing.TB, s *Stream, do func(*etw.Event)) Damages {
	t.Helper()
	var e etw.Event
	for {
		switch err := s.Next(&e); err {
		case nil:
			do(&e)
		case io.EOF:
			return s.Damages()
		default:
			t.Fatal(err)
		}
	}
}

var (
	ndis          = guid(0x2ed6006e, 0x4729, 0x4609, 0xb4233ee7bcd678ef)
	pktmon        = guid(0x4d4f80d9, 0xc8bd, 0x4d73, 0xbb5b19c90402c5ac)
	kernelNetwork = guid(0x7dd42a49, 0x5329, 0x4832, 0x8dfd43d979153a88)
)

// The numbers of events are those of the samples' README; the headers' were read with
// a dump of the first buffer.
func TestSamples(t *testing.T) {
	for _, test := range []struct {
		name              string
		provider          etw.GUID
		events            int
		build, processors int
		clock             Clock
		bias              int
		lost              int
		session           string
	}{
		{"pktmon.etl", pktmon, 114, 20348, 8, PerformanceCounter, 0, 0, "Relogger"},
		{"windows/pktmon-19042.etl", pktmon, 2705, 19042, 4, PerformanceCounter, -330, 0, "Relogger"},
		{"windows/ndis-ccrod1.etl", ndis, 184, 14393, 4, PerformanceCounter, -480, 0, "mendcap-test"},
		{"windows/ndis-wmod2.etl", ndis, 209, 14393, 2, SystemTime, -480, 0, "mendcap-test"},
		{"windows/ndis-wsusod6.etl", ndis, 1421, 14393, 4, PerformanceCounter, -480, 0, "mendcap-test"},
		{"windows/ndis-gpod4.etl", ndis, 1889, 14393, 1, PerformanceCounter, -480, 0, "mendcap-test"},
		{"windows/ndis-vsod32-1.etl", ndis, 3271, 14393, 4, PerformanceCounter, -480, 0, "mendcap-test"},
		{"windows/kernel-network.etl", kernelNetwork, 8923, 7601, 4, PerformanceCounter, 480, 0, "DataCollector01"},
		{"windows/container-amsi-lost-events.etl", etw.GUID{}, 0, 18362, 8, PerformanceCounter, -60, 3, "AMSITraceSession"},
		{"windows/container-waasmedic.etl", etw.GUID{}, 0, 22631, 1, PerformanceCounter, 480, 0, "ECCB175F-1EB2-43DA-BFB5-A8D58A40A4D7"},
	} {
		t.Run(test.name, func(t *testing.T) {
			data := sample(t, test.name)
			if !Recognised(data[:recognisedLen]) {
				t.Error("not recognised")
			}
			log := mustOpen(t, data)
			h := log.Header
			if h.Build != test.build || h.Processors != test.processors || h.Clock != test.clock || h.Bias != test.bias ||
				h.EventsLost != test.lost || h.BuffersLost != 0 || h.Session != test.session || int64(h.Written) != log.Buffers {
				t.Errorf("got %+v in %d buffers, want %+v", h, log.Buffers, test)
			}
			events, all, before := 0, map[string]int{}, int64(0)
			damages := eachEvent(t, log.Events(), func(e *etw.Event) {
				all[fmt.Sprint(e.Provider, " ", e.ID)]++
				if e.Provider == test.provider && (test.provider != pktmon || e.ID == 160) {
					events++
				}
				if e.Time < before || e.Time < h.Start || e.Time > h.End+fileTimeSecond {
					t.Fatalf("event at %d has time %d, after one of %d, in a log from %d to %d", e.Offset, e.Time, before, h.Start, h.End)
				}
				before = e.Time
			})
			t.Log(all)
			if events != test.events || damages.Total != 0 {
				t.Errorf("got %d events, want %d; damage: %+v", events, test.events, damages)
			}
		})
	}
}

// pktmon's own text of the log is the truth: processor, time and order of all packets.
// It shows local time, which the log's header tells from UTC.
func TestPktMonText(t *testing.T) {
	data, text := sample(t, "windows/pktmon-19042.etl"), sample(t, "windows/pktmon-19042.tsv")
	const unixEpoch = 116444736000000000 // as FILETIME
	var got []string
	log := mustOpen(t, data)
	eachEvent(t, log.Events(), func(e *etw.Event) {
		if e.Provider != pktmon || e.ID != 160 || len(e.Data) < 34 {
			return
		}
		local := e.Time - unixEpoch - int64(log.Bias)*60*fileTimeSecond
		at := time.Unix(local/fileTimeSecond, local%fileTimeSecond*100).UTC().Format("2006-01-02 15:04:05.000000000")
		got = append(got, fmt.Sprintf("%02d %s %d %d %d %d %d", e.CPU, at, le.Uint64(e.Data), le.Uint16(e.Data[8:]),
			le.Uint16(e.Data[10:]), le.Uint16(e.Data[30:]), le.Uint16(e.Data[32:])))
	})
	lines, row := bufio.NewScanner(bytes.NewReader(text)), 0
	for lines.Scan() {
		f := strings.Split(lines.Text(), "\t")
		if strings.HasPrefix(f[0], "#") {
			continue
		}
		if _, err := strconv.Atoi(f[0]); err != nil || len(f) != 12 {
			t.Fatalf("line %q", lines.Text())
		}
		want := strings.Join([]string{f[0], f[1], f[2], f[3], f[4], f[10], f[11]}, " ")
		if row >= len(got) || got[row] != want {
			t.Fatalf("event %d of %d:\ngot  %s\nwant %s", row, len(got), got[min(row, len(got)-1)], want)
		}
		row++
	}
	if row != 2705 || len(got) != row {
		t.Errorf("got %d events and %d lines, want 2705", len(got), row)
	}
}

// netmonFrames gives the packet frames of a Network Monitor 2.3 capture as FILETIME and
// bytes.
func netmonFrames(data []byte) (frames []string) {
	table, size := int(le.Uint32(data[24:])), int(le.Uint32(data[28:]))
	for i := table; i < table+size; i += 4 {
		r := data[le.Uint32(data[i:]):]
		n := int(le.Uint32(r[12:]))
		trailer := r[16+n:]
		if media := le.Uint16(trailer); media < 0xf000 {
			frames = append(frames, string(trailer[6:14])+string(r[16:16+n]))
		}
	}
	return frames
}

// The same captures were saved by Message Analyzer: stamps, bytes and order of their
// packets are the truth. The stamps of wsusod6 were put on a clock of 385 ns a tick,
// rounded down, and come back rounded down to 100 ns: that is less than 485 ns early.
func TestNetMonTruth(t *testing.T) {
	for name, test := range map[string]struct {
		frames int
		early  int64 // by how many units of 100 ns events may be early
	}{"ccrod1": {184, 0}, "wmod2": {209, 0}, "wsusod6": {1421, 4}} {
		t.Run(name, func(t *testing.T) {
			frames, n := netmonFrames(sample(t, "windows/ndis-"+name+".cap")), 0
			eachEvent(t, mustOpen(t, sample(t, "windows/ndis-"+name+".etl")).Events(), func(e *etw.Event) {
				if e.Provider != ndis {
					return
				}
				if n >= len(frames) {
					t.Fatalf("more than %d events", n)
				}
				at, packet := int64(le.Uint64([]byte(frames[n][:8]))), frames[n][8:]
				if got := string(e.Data[12:]); got != packet || at-e.Time < 0 || at-e.Time > test.early {
					t.Fatalf("event %d: got %d bytes at %d, want %d at %d", n, len(got), e.Time, len(packet), at)
				}
				n++
			})
			if n != len(frames) || n != test.frames {
				t.Errorf("got %d events for %d frames, want %d", n, len(frames), test.frames)
			}
		})
	}
}

func haveSamples() bool { return os.Getenv("MENDCAP_SAMPLES") != "" }

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
