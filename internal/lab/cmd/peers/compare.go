//go:build linux

package peers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// comparePeers lets both programs write the capture anew, in turns.
func (b *bench) comparePeers(ctx context.Context, file string) error {
	size, err := readOnce(file)
	if err != nil {
		return err
	}
	fmt.Printf("%s: %.2f GB, %d pairs\n", filepath.Base(file), float64(size)/1e9, b.pairs)
	var peer, own []usage
	for range b.pairs {
		u, err := b.editcap(ctx, file)
		if err != nil {
			return err
		}
		peer = append(peer, u)
		if u, err = b.repair(ctx, file); err != nil {
			return err
		}
		own = append(own, u)
	}
	fmt.Printf("%-8s %10s %10s %10s %10s\n", "median", "wall", "user", "system", "peak RSS")
	for _, row := range []struct {
		name string
		runs []usage
	}{{"editcap", peer}, {"mendcap", own}} {
		m := medians(row.runs)
		fmt.Printf("%-8s %10s %10s %10s %7.0f MB\n", row.name, seconds(m.wall), seconds(m.user), seconds(m.system), float64(m.peak)/1e6)
	}
	wall := ratios(own, peer, func(u usage) time.Duration { return u.wall })
	cpu := ratios(own, peer, func(u usage) time.Duration { return u.user + u.system })
	fmt.Printf("mendcap / editcap, wall: %s\n", spread(wall))
	fmt.Printf("mendcap / editcap, user and system: %s\n\n", spread(cpu))
	if ratio := median(wall); b.check && ratio > mostTime {
		return fmt.Errorf("%w: %.2f times editcap's time, at most %.2f is wanted", errMissed, ratio, mostTime)
	}
	return nil
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }

// spread says between what the ratios of all pairs lie.
func spread(ratios []float64) string {
	var s strings.Builder
	fmt.Fprintf(&s, "median %.2f, %.2f to %.2f; pair by pair", median(ratios), slices.Min(ratios), slices.Max(ratios))
	for _, r := range ratios {
		fmt.Fprintf(&s, " %.2f", r)
	}
	return s.String()
}

// readOnce brings the file into the system's cache, so that the first run is
// like the others, and returns its size.
func readOnce(path string) (int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	return io.Copy(io.Discard, f)
}

func (b *bench) editcap(ctx context.Context, file string) (usage, error) {
	return b.writing(func(out string) (usage, error) {
		return measure(ctx, "editcap", "-F", "pcapng", file, out)
	})
}

func (b *bench) repair(ctx context.Context, file string) (usage, error) {
	return b.writing(func(out string) (usage, error) {
		return measure(ctx, b.mendcap, "repair", "-q", "-r", file, "-w", out)
	})
}

// writing runs a program that writes a file, and removes that. The disk is idle
// when it starts: what others have written is there.
func (b *bench) writing(run func(out string) (usage, error)) (usage, error) {
	out := filepath.Join(b.dir, "out.pcapng")
	syscall.Sync()
	u, err := run(out)
	if rm := os.Remove(out); rm != nil && !errors.Is(rm, fs.ErrNotExist) {
		err = errors.Join(err, rm)
	}
	return u, err
}

// compareMemory repairs one capture of each size.
func (b *bench) compareMemory(ctx context.Context, sizes []string) error {
	var peaks []float64
	for _, size := range sizes {
		file, err := b.capture(ctx, size)
		if err != nil {
			return err
		}
		var runs []usage
		for range b.pairs {
			u, err := b.repair(ctx, file)
			if err != nil {
				return err
			}
			runs = append(runs, u)
		}
		m := medians(runs)
		fmt.Printf("%s: peak RSS %.1f MB, %s (medians of %d)\n", size, float64(m.peak)/1e6, seconds(m.wall), b.pairs)
		peaks = append(peaks, float64(m.peak))
		if err := os.Remove(file); err != nil {
			return err
		}
	}
	ratio := slices.Max(peaks) / slices.Min(peaks)
	fmt.Printf("most / least: %.2f\n", ratio)
	if b.check && ratio > mostMemory {
		return fmt.Errorf("%w: %.2f times the memory, at most %.2f is wanted", errMissed, ratio, mostMemory)
	}
	return nil
}
