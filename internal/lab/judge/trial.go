package judge

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/internal/tcp"
	"github.com/mendcap/mendcap/repair"
)

// Trial is one recording, degraded in one way, that is to be repaired.
type Trial struct {
	Case        *Case
	Degradation lab.Degradation
	Seed        uint64
	Degraded    []lab.Packet // the packets as they were recorded, where that was done elsewhere
	File        string       // where those are
	Ignore      tcp.Analysis // flags that are not counted
	Form        lab.Form
	Tables      string // "all", "half" or "none"
	Options     repair.Options
}

// Run degrades, repairs and judges with tshark. It works in dir, which has to
// be empty. The intervals and the floor are those of Direct.
func (t Trial) Run(ctx context.Context, dir string) (Score, error) {
	degraded := t.degraded()
	in, out := filepath.Join(dir, "input.pcapng"), filepath.Join(dir, "repaired.pcapng")
	if err := writeFile(in, degraded, t.Form); err != nil {
		return Score{}, err
	}
	if err := t.writeTables(filepath.Join(dir, "input.tables")); err != nil {
		return Score{}, err
	}
	if _, err := repair.File(ctx, in, out, t.Options); err != nil {
		return Score{}, fmt.Errorf("repair: %w", err)
	}
	return t.judge(ctx, out)
}

// degraded returns the packets as the sniffer recorded them.
func (t Trial) degraded() []lab.Packet {
	if t.Degraded != nil {
		return t.Degraded
	}
	return lab.Degrade(t.Case.truth, t.Degradation, t.Seed)
}

func writeFile(path string, packets []lab.Packet, form lab.Form) error {
	var b bytes.Buffer
	if err := lab.WriteForm(&b, packets, form, lab.Pcapng); err != nil {
		return err
	}
	return os.WriteFile(path, b.Bytes(), 0o644)
}

func (t Trial) writeTables(dir string) error {
	snapshot := lab.SnapshotOf(t.Case.truth)
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
