package lab

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mendcap/mendcap/internal/lab/analysis"
	"github.com/mendcap/mendcap/internal/lab/tshark"
	"github.com/mendcap/mendcap/internal/packet"
	"github.com/mendcap/mendcap/internal/tcp"
	"github.com/mendcap/mendcap/repair"
	"github.com/mendcap/mendcap/report"
)

// wrapped is a recording, all of it inside a tunnel.
func wrapped(t *testing.T, name string, tunnel Tunnel) []Packet {
	t.Helper()
	var all []Packet
	for _, p := range recording(t, name).Packets {
		if p.Data = tunnel.Wrap(p.Data); p.Data != nil {
			all = append(all, p)
		}
	}
	return all
}

// flagsOf are what explanations say that was flagged in the input, by frame.
func flagsOf(t *testing.T, path string, frames int64) map[int64]tcp.Analysis {
	t.Helper()
	all := make(map[int64]tcp.Analysis)
	for from := int64(1); from <= frames; from += 1000 {
		var list []int64
		for f := from; f < min(from+1000, frames+1); f++ {
			list = append(list, f)
		}
		x, err := repair.Explain(t.Context(), path, list, repair.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range x.Frames {
			for _, flag := range e.Flags {
				for i, name := range tcp.AnalysisNames() {
					if name == flag.Flag && flag.Before {
						all[e.Frame] |= 1 << i
					}
				}
			}
		}
	}
	return all
}

// someTunnels are all tunnels, and every sixth where tests have to be short.
func someTunnels() (list []Tunnel) {
	for i, tunnel := range Tunnels() {
		if i%6 == 0 || !testing.Short() {
			list = append(list, tunnel)
		}
	}
	return list
}

// Connections in tunnels have the flags that tshark gives them, packet by packet.
func TestFlagsInTunnels(t *testing.T) {
	tshark.Need(t)
	names := recordings(t)
	for i, tunnel := range someTunnels() {
		t.Run(tunnel.Name, func(t *testing.T) {
			name := names[i%len(names)]
			packets := wrapped(t, name, tunnel)
			path := filepath.Join(t.TempDir(), "in.pcapng")
			writeForm(t, path, packets, WithHeaders)
			checkFlags(t, path, int64(len(packets)), len(packets)/2)
		})
	}
}

// checkFlags compares a capture's flags with tshark's, which has to see so many segments.
func checkFlags(t *testing.T, path string, frames int64, segments int) {
	t.Helper()
	judged, skipped, err := analysis.Read(t.Context(), path)
	if err != nil || skipped > 0 || len(judged) < segments {
		t.Fatalf("tshark: %d segments, %d skipped, %v", len(judged), skipped, err)
	}
	want, differ := make(map[int64]tcp.Analysis), 0
	for _, p := range judged {
		want[p.Segment.Frame] = p.Flags
	}
	got := flagsOf(t, path, frames)
	for frame := int64(1); frame <= frames; frame++ {
		if got[frame] != want[frame] {
			if differ++; differ < 5 {
				t.Errorf("frame %d: got %v, want %v", frame, got[frame], want[frame])
			}
		}
	}
	if differ > 0 {
		t.Errorf("%d of %d frames differ", differ, frames)
	}
	_, r := mend(t, path, repair.Options{})
	if r.Analysis.Segments != int64(len(judged)) {
		t.Errorf("got %d segments, want %d", r.Analysis.Segments, len(judged))
	}
}

// What tshark finds no connection in is not analysed, and the report says of how many
// packets; a port that is said to lead into a tunnel does.
func TestUnreadTunnels(t *testing.T) {
	tshark.Need(t)
	for _, tunnel := range UnreadTunnels() {
		t.Run(tunnel.Name, func(t *testing.T) {
			packets := wrapped(t, "many-flows", tunnel)[:500]
			path := filepath.Join(t.TempDir(), "in.pcapng")
			writeForm(t, path, packets, WithHeaders)
			judged, skipped, err := analysis.Read(t.Context(), path)
			if err != nil || len(judged)+skipped > 0 {
				t.Fatalf("tshark: %d segments, %v; want none", len(judged)+skipped, err)
			}
			_, r := mend(t, path, repair.Options{})
			unread := int64(0)
			for _, n := range r.Analysis.NotRead {
				unread += n
			}
			want := int64(len(packets))
			if tunnel.Name == "vxlan-elsewhere" { // plain UDP, unless it is said to be more
				want = 0
				_, said := mend(t, path, repair.Options{DecodeAs: []string{"udp.port==8472,vxlan"}})
				if said.Analysis.Segments == 0 {
					t.Error("with DecodeAs: got no segments, want some")
				}
			}
			if unread != want || r.Analysis.Segments != 0 {
				t.Errorf("got %d packets not read, %d segments, want %d, 0", unread, r.Analysis.Segments, want)
			}
		})
	}
}

// A repair leaves the flags in a tunnel that it leaves outside.
func TestRepairInTunnels(t *testing.T) {
	for i, tunnel := range someTunnels() {
		name := []string{"lossy", "reorder-heavy", "v4-lossy", "many-flows", "plain-tcp"}[i%5]
		t.Run(tunnel.Name, func(t *testing.T) {
			var plain, inside []Packet
			for _, p := range Degrade(recording(t, name).Packets, degradation(t, "everything"), uint64(i)) {
				if data := tunnel.Wrap(p.Data); data != nil {
					plain = append(plain, p)
					p.Data = data
					inside = append(inside, p)
				}
			}
			var reports [2]report.Report
			for k, packets := range [][]Packet{plain, inside} {
				path := filepath.Join(t.TempDir(), "in.pcapng")
				writeForm(t, path, packets, WithHeaders)
				_, reports[k] = mend(t, path, repair.Options{})
			}
			want, got := reports[0], reports[1]
			if want.Order.Moved == 0 {
				t.Error("nothing was out of order")
			}
			if diff := cmp.Diff(want.Analysis, got.Analysis); diff != "" {
				t.Errorf("analysis (-plain +tunnel):\n%s", diff)
			}
			if diff := cmp.Diff(want.Findings.ByVerdict, got.Findings.ByVerdict); diff != "" {
				t.Errorf("verdicts (-plain +tunnel):\n%s", diff)
			}
			if want.Order.Moved != got.Order.Moved {
				t.Errorf("moved: got %d, want %d", got.Order.Moved, want.Order.Moved)
			}
		})
	}
}

// A copy inside a tunnel is a copy, as one beside it on the wire: without directions, at
// the tunnel's end on the host itself, and on a router that puts what it forwards into it.
func TestCopiesInTunnels(t *testing.T) {
	for i, tunnel := range Tunnels()[:12] {
		where := []string{"unknown", "host", "router"}[i%3]
		t.Run(tunnel.Name+" at "+where, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "in.pcapng")
			writeTwice(t, path, recording(t, "lossy").Packets, tunnel, where)
			_, r := mend(t, path, repair.Options{Findings: 100_000})
			network, capture := 0, 0
			for _, f := range r.Findings.List {
				switch {
				case f.Verdict == report.Duplicate && f.Detail == report.ByNetwork:
					network++
				case f.Verdict == report.Duplicate && f.Detail == report.ByCapture:
					capture++
				}
			}
			if network > 0 || capture == 0 || r.Order.Moved > 0 {
				t.Errorf("%d duplicates of the network, %d of the capture, %d moved; want 0, some, 0", network, capture, r.Order.Moved)
			}
		})
	}
}

// writeTwice writes each packet plain and inside the tunnel, in the order in which they
// pass there.
func writeTwice(t *testing.T, path string, packets []Packet, tunnel Tunnel, where string) {
	t.Helper()
	var b bytes.Buffer
	w, err := NewWriter(&b, Pcapng, LinkRaw)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range packets {
		inner, outer := uint32(NoDirection), uint32(NoDirection)
		switch {
		case where == "host" && p.Out:
			inner, outer = Outbound, Outbound
		case where == "host":
			inner, outer = Inbound, Inbound
		case where == "router" && p.Out:
			inner, outer = Inbound, Outbound
		case where == "router":
			inner, outer = Outbound, Inbound
		}
		first, second, in, out := p.Data, tunnel.Wrap(p.Data), inner, outer
		if second == nil {
			continue
		}
		if !p.Out {
			first, second, in, out = second, first, outer, inner
		}
		if err := errors.Join(w.Write(p.Stamp, first, in), w.Write(p.Stamp+20_000, second, out)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	writeTestFile(t, path, b.Bytes())
}

// Where a bit of a tunnel's headers or of the inner IP header is wrong, the same segments
// are found as tshark finds.
func TestDamagedTunnels(t *testing.T) {
	tshark.Need(t)
	const packets = 400
	r := rand.New(rand.NewPCG(1, 2))
	for _, tunnel := range someTunnels() {
		t.Run(tunnel.Name, func(t *testing.T) {
			var damaged []Packet
			for _, p := range recording(t, "many-flows").Packets {
				plain := len(p.Data)
				if p.Data = tunnel.Wrap(p.Data); p.Data == nil || len(damaged) == packets {
					continue
				}
				p.Data[20+r.IntN(len(p.Data)-plain+36-20)] ^= 1 << r.IntN(8)
				if nrRAN := byte(0x84); tunnel.Name == "gtp-u-extension" && p.Data[59] == nrRAN {
					continue // tshark reads what is in that header, too, and finds it malformed
				}
				damaged = append(damaged, p)
			}
			path := filepath.Join(t.TempDir(), "in.pcapng")
			writeForm(t, path, damaged, WithHeaders)
			judged, skipped, err := analysis.Read(t.Context(), path)
			if err != nil || skipped > 0 || len(judged) < packets/2 {
				t.Fatalf("tshark: %d segments, %d skipped, %v", len(judged), skipped, err)
			}
			want := make(map[int64]tcp.Segment)
			for _, p := range judged {
				want[p.Segment.Frame] = p.Segment
			}
			for i, p := range damaged {
				got, ok := segmentIn(p.Data)
				w, found := want[int64(i+1)]
				if ok != found || ok && (got.Seq != w.Seq || got.Len != w.Len) {
					t.Errorf("frame %d: got %v, %d of %d bytes, want %v, %d of %d: %x", i+1, ok, got.Seq, got.Len, found, w.Seq, w.Len, p.Data[:min(len(p.Data), 120)])
				}
			}
		})
	}
}

// segmentIn reads the innermost TCP segment of an IP packet.
func segmentIn(data []byte) (s tcp.Segment, ok bool) {
	var outer, inner packet.View
	packet.Decode(&outer, packet.Raw, data, len(data), packet.LayoutAuto)
	packet.Tunnels{}.Decode(&inner, &outer, outer.Proto, data)
	v := &inner
	if v.Form == packet.NoIP {
		v = &outer
	}
	ok = v.Form == packet.Whole && v.Proto == packet.ProtoTCP && !v.Partial && packet.ParseTCP(&s, data[v.Upper:v.End], v.UpperLen)
	return s, ok
}

// A published capture of TCP in GRE.
func TestFlagsInGRESample(t *testing.T) {
	tshark.Need(t)
	samples := os.Getenv("MENDCAP_SAMPLES")
	if samples == "" {
		t.Skip("MENDCAP_SAMPLES names no folder of samples")
	}
	path := filepath.Join(samples, "faults", "G1-gre.pcap")
	_, r := mend(t, path, repair.Options{})
	checkFlags(t, path, r.Capture.Packets, 10)
}
