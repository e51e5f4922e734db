package judge

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/internal/tcp"
	"github.com/mendcap/mendcap/repair"
	"github.com/mendcap/mendcap/report"
)

// LossTrial is a long capture, made of copies of recordings with other flows,
// of which the sniffer drops packets.
type LossTrial struct {
	Recordings  []lab.Recording
	Copies      int
	Degradation lab.Degradation
	Seed        uint64
}

// Missed is what was dropped in one direction, and what the report says of it.
type Missed struct {
	Bytes, All int64 // payload dropped, and on the way
	Packets    int64 // with payload, dropped
	Said       report.DirectionLoss
}

// Rate is the share of the payload that was dropped.
func (m *Missed) Rate() float64 { return float64(m.Bytes) / float64(m.All) }

// Run degrades, repairs and compares, by direction. It works in dir.
func (t LossTrial) Run(ctx context.Context, dir string) ([]Missed, error) {
	var recordings [][]lab.Packet
	for _, r := range t.Recordings {
		recordings = append(recordings, lab.Delivered(r.Packets))
	}
	truth := lab.Merge(recordings...)
	all, missed := t.degrade(truth)
	var file bytes.Buffer
	if err := lab.WriteForm(&file, all, lab.WithHeaders, lab.Pcapng); err != nil {
		return nil, err
	}
	in := filepath.Join(dir, "in.pcapng")
	if err := os.WriteFile(in, file.Bytes(), 0o644); err != nil {
		return nil, err
	}
	if err := lab.WriteTables(filepath.Join(dir, "in.tables"), lab.SnapshotOf(truth), lab.Own); err != nil {
		return nil, err
	}
	r, err := repair.File(ctx, in, filepath.Join(dir, "out.pcapng"), repair.Options{})
	if err != nil {
		return nil, fmt.Errorf("repair: %w", err)
	}
	var list []Missed
	for side, name := range map[tcp.Side]string{tcp.In: "in", tcp.Out: "out"} {
		m := missed[side]
		at := slices.IndexFunc(r.CaptureLoss.Directions, func(d report.DirectionLoss) bool { return d.Direction == name })
		if at < 0 {
			return nil, fmt.Errorf("the report has no direction %q", name)
		}
		m.Said = r.CaptureLoss.Directions[at]
		list = append(list, m)
	}
	slices.SortFunc(list, func(a, b Missed) int { return len(a.Said.Direction) - len(b.Said.Direction) })
	return list, nil
}

// degrade lets the truth happen again and again, and counts what is dropped of
// TCP's payload.
func (t LossTrial) degrade(truth []lab.Packet) (all []lab.Packet, missed map[tcp.Side]Missed) {
	const pause = 100_000_000 // nanoseconds between two copies
	length := truth[len(truth)-1].Stamp - truth[0].Stamp + pause
	copier, missed := lab.NewCopier(truth), map[tcp.Side]Missed{}
	for number := range t.Copies {
		kept := map[int]bool{}
		for _, p := range lab.Degrade(truth, t.Degradation, t.Seed*1000+uint64(number)) {
			kept[p.Index] = true
			p.Data = bytes.Clone(p.Data)
			copier.Copy(p.Index, number, p.Data)
			p.Stamp += int64(number) * length
			all = append(all, p)
		}
		for _, p := range truth {
			s := flowNumbers{}.segment(p)
			if !s.ok || s.Len == 0 {
				continue
			}
			m := missed[s.Outbound]
			m.All += int64(s.Len)
			if !kept[p.Index] {
				m.Bytes += int64(s.Len)
				m.Packets++
			}
			missed[s.Outbound] = m
		}
	}
	return all, missed
}
