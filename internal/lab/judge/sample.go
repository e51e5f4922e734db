package judge

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/repair"
)

// LoadSample reads a capture that was degraded elsewhere, with the true one beside
// it: a Trial that takes the order and the stamps of the file at path.
func LoadSample(ctx context.Context, name, path, truth string) (Trial, error) {
	recording, err := lab.Load(truth)
	if err != nil {
		return Trial{}, err
	}
	recording.Name = name
	if !slices.ContainsFunc(recording.Packets, func(p lab.Packet) bool { return p.Out }) {
		lab.FindHost(recording.Packets)
	}
	t := Trial{Case: NewCase(ctx, recording), File: path}
	t.Degraded, err = t.Case.recorded(path)
	if err != nil {
		return Trial{}, fmt.Errorf("set %s beside its truth: %w", path, err)
	}
	return t, nil
}

// recorded lists the packets of the truth in the order of a file, with its stamps.
// Packets that nothing tells apart are taken in their order.
func (c *Case) recorded(path string) (packets []lab.Packet, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	open := map[identity][]int{}
	for place, p := range c.truth {
		id := c.table[p.Index].id
		open[id] = append(open[id], place)
	}
	err = lab.EachPacket(file, func(b *capture.Block) error {
		place := take(open, identify(b.Interface.LinkType, b.Data), func(int) bool { return true })
		if place < 0 {
			return fmt.Errorf("frame %d is not in the truth", b.Frame)
		}
		p := c.truth[place]
		p.Stamp = b.Interface.Nanos(b.Ticks)
		packets = append(packets, p)
		return nil
	})
	return packets, err
}

// RunFile has the file of a sample repaired as it is, and judges with tshark. It works
// in dir.
func (t Trial) RunFile(ctx context.Context, dir string) (Score, error) {
	out, err := t.repairFile(ctx, dir)
	if err != nil {
		return Score{}, err
	}
	return t.judge(ctx, out)
}

// repairFile repairs the file of a sample, with the tables beside it or, if the trial
// chooses some, with those. It works in dir, and returns the repaired file.
func (t Trial) repairFile(ctx context.Context, dir string) (string, error) {
	if t.Tables != "" && t.Tables != "none" {
		tables := filepath.Join(dir, "tables")
		if err := t.writeTables(tables); err != nil {
			return "", err
		}
		t.Options.Tables = append(slices.Clone(t.Options.Tables), tables)
	}
	out := filepath.Join(dir, "repaired.pcapng")
	if _, err := repair.File(ctx, t.File, out, t.Options); err != nil {
		return "", fmt.Errorf("repair: %w", err)
	}
	return out, nil
}

// judge sets a repaired file beside the truth.
func (t Trial) judge(ctx context.Context, out string) (Score, error) {
	degraded := t.degraded()
	truth, err := t.Case.judged(ctx, t.Case.survivors(degraded))
	if err != nil {
		return Score{}, err
	}
	baseline, err := openAs(ctx, "baseline", degraded)
	if err != nil {
		return Score{}, err
	}
	repaired, err := Open(ctx, out)
	if err != nil {
		return Score{}, err
	}
	s := Compare(t.counted(truth), t.counted(baseline), t.counted(repaired))
	direct, err := t.Direct()
	s.Times, s.Held, s.Floor, s.Swaps = direct.Times, direct.Held, direct.Floor, direct.Swaps
	s.TrueReadings, s.Readings, s.Counted = direct.TrueReadings, direct.Readings, direct.Counted
	return s, err
}

// counted is the file with the flags that count.
func (t Trial) counted(f *File) *File {
	if t.Ignore == 0 {
		return f
	}
	counted := *f
	counted.rows = slices.Clone(f.rows)
	for i := range counted.rows {
		counted.rows[i].Flags &^= t.Ignore
	}
	return &counted
}
