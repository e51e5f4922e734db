package lab

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/mendcap/mendcap/internal/lab/analysis"
	"github.com/mendcap/mendcap/internal/lab/tshark"
	"github.com/mendcap/mendcap/internal/tcp"
	"github.com/mendcap/mendcap/repair"
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

// Connections in tunnels have the flags that tshark gives them, packet by packet.
func TestFlagsInTunnels(t *testing.T) {
	tshark.Need(t)
	names := recordings(t)
	for i, tunnel := range Tunnels() {
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

var _ = bytes.Equal
