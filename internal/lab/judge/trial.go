package judge

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/repair"
)

// Trial is one recording, degraded in one way, that is to be repaired.
type Trial struct {
	Recording   lab.Recording
	Degradation lab.Degradation
	Seed        uint64
	Form        lab.Form
	Tables      string // "all", "half" or "none"
	Options     repair.Options
}

// Run degrades, repairs and judges. It works in dir, which has to be empty.
func (t Trial) Run(ctx context.Context, dir string) (Score, error) {
	truth := lab.Delivered(t.Recording.Packets)
	degraded := lab.Degrade(truth, t.Degradation, t.Seed)
	in := filepath.Join(dir, "input.pcapng")
	for _, file := range []struct {
		name    string
		packets []lab.Packet
		form    lab.Form
	}{
		{filepath.Join(dir, "truth.pcapng"), survivors(truth, degraded), lab.WithHeaders},
		{filepath.Join(dir, "baseline.pcapng"), degraded, lab.WithHeaders},
		{in, degraded, t.Form},
	} {
		if err := writeFile(file.name, file.packets, file.form); err != nil {
			return Score{}, err
		}
	}
	if err := t.writeTables(filepath.Join(dir, "input.tables"), truth); err != nil {
		return Score{}, err
	}
	out := filepath.Join(dir, "repaired.pcapng")
	if _, err := repair.File(ctx, in, out, t.Options); err != nil {
		return Score{}, fmt.Errorf("repair: %w", err)
	}
	return compareFiles(ctx, filepath.Join(dir, "truth.pcapng"), filepath.Join(dir, "baseline.pcapng"), out)
}

func compareFiles(ctx context.Context, paths ...string) (Score, error) {
	var files [3]*File
	for i, path := range paths {
		var err error
		if files[i], err = Open(ctx, path); err != nil {
			return Score{}, err
		}
	}
	return Compare(files[0], files[1], files[2]), nil
}

// survivors are the packets of the truth that the sniffer did not drop.
func survivors(truth, degraded []lab.Packet) []lab.Packet {
	there := make(map[int]bool, len(degraded))
	for _, p := range degraded {
		there[p.Index] = true
	}
	kept := make([]lab.Packet, 0, len(degraded))
	for _, p := range truth {
		if there[p.Index] {
			kept = append(kept, p)
		}
	}
	return kept
}

func writeFile(path string, packets []lab.Packet, form lab.Form) error {
	var b bytes.Buffer
	if err := lab.WriteForm(&b, packets, form, lab.Pcapng); err != nil {
		return err
	}
	return os.WriteFile(path, b.Bytes(), 0o644)
}

func (t Trial) writeTables(dir string, truth []lab.Packet) error {
	snapshot := lab.SnapshotOf(truth)
	switch t.Tables {
	case "none":
		return nil
	case "half":
		snapshot = lab.HalfOf(snapshot, t.Seed)
	case "all":
	default:
		return fmt.Errorf("unknown choice of tables %q", t.Tables)
	}
	return lab.WriteTables(dir, snapshot, lab.TableFormats()...)
}

// Unharmed reports whether a true capture leaves the repair byte for byte as
// it came. It works in dir.
func Unharmed(ctx context.Context, capture, dir string, o repair.Options) (bool, error) {
	out := filepath.Join(dir, "again.pcapng")
	if _, err := repair.File(ctx, capture, out, o); err != nil {
		return false, fmt.Errorf("repair: %w", err)
	}
	before, err := os.ReadFile(capture)
	if err != nil {
		return false, err
	}
	after, err := os.ReadFile(out)
	return bytes.Equal(before, after), err
}
