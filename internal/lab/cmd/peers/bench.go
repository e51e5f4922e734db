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

// bench has the programs that are measured, and a folder for what they read and write.
type bench struct {
	options
	dir          string
	mendcap, lab string
	missed       []string // bars
	runs         int      // so far
}

// build builds mendcap and the lab.
func (b *bench) build(ctx context.Context) error {
	const module = "github.com/mendcap/mendcap/"
	b.mendcap, b.lab = filepath.Join(b.dir, "mendcap"), filepath.Join(b.dir, "lab")
	for path, pkg := range map[string]string{b.mendcap: "cmd/mendcap", b.lab: "internal/lab/cmd"} {
		if _, err := measure(ctx, nil, "go", "build", "-o", path, module+pkg); err != nil {
			return err
		}
	}
	return nil
}

// The captures that are measured: as a raw-socket sniffer would have written them, and as
// they were.
const (
	disturbed = "disturbed"
	plain     = "plain"
)

// capture makes a capture of a size, once, with its tables beside it if it is disturbed.
func (b *bench) capture(ctx context.Context, kind, size string) (string, error) {
	path := filepath.Join(b.dir, kind+"-"+size+".pcapng")
	if _, err := os.Stat(path); err == nil {
		return path, readOnce(path)
	}
	args := []string{"large", "-size", size, "-o", path}
	if kind == disturbed {
		args = append(args, "-degraded")
	}
	if _, err := measure(ctx, nil, b.lab, append(args, strings.Split(b.recordings, ",")...)...); err != nil {
		return "", err
	}
	return path, readOnce(path)
}

// repaired is what mendcap makes of a disturbed capture of a size: the same packets with
// headers.
func (b *bench) repaired(ctx context.Context, size string) (string, error) {
	from, err := b.capture(ctx, disturbed, size)
	if err != nil {
		return "", err
	}
	path := filepath.Join(b.dir, "repaired-"+size+".pcapng")
	if _, err := os.Stat(path); err == nil {
		return path, readOnce(path)
	}
	if _, err := measure(ctx, nil, b.mendcap, "repair", "-q", "-r", from, "-w", path); err != nil {
		return "", err
	}
	return path, readOnce(path)
}

// readOnce brings the file into the system's cache, so that the first run is
// like the others.
func readOnce(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(io.Discard, f)
	return err
}

// side is one side of a comparison. Its program writes into the folder out, which is new
// and empty.
type side struct {
	name string
	run  func(ctx context.Context, out string) (usage, error)
	// keep leaves the folder where it is. While many files have just been removed, ext4
	// without a journal passes over their inodes one by one each time that a file is made,
	// which took two thirds of the time of a run that makes thousands.
	keep bool
}

// program is a side that is one run of a program; OUT in an argument is the folder to
// write into.
func program(name string, env []string, path string, args ...string) side {
	return side{name: name, run: func(ctx context.Context, out string) (usage, error) {
		filled := slices.Clone(args)
		for i := range filled {
			filled[i] = strings.ReplaceAll(filled[i], "OUT", out)
		}
		return measure(ctx, env, path, filled...)
	}}
}

// once lets a side run. The disk is idle when it starts, and what it has written is there
// when its clock stops.
func (b *bench) once(ctx context.Context, s side) (usage, error) {
	b.runs++
	out := b.out(b.runs)
	if err := os.Mkdir(out, 0o777); err != nil {
		return usage{}, err
	}
	syscall.Sync()
	u, err := s.run(ctx, out)
	start := time.Now()
	err = errors.Join(err, syncAll(out))
	u.wall += time.Since(start)
	if !s.keep {
		err = errors.Join(err, os.RemoveAll(out))
	}
	return u, err
}

// out is the folder that a run writes into, counted from 1.
func (b *bench) out(run int) string { return filepath.Join(b.dir, fmt.Sprintf("out-%d", run)) }

// syncAll syncs every file below a folder.
func syncAll(dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		return errors.Join(f.Sync(), f.Close())
	})
}

// pair lets two sides run in turns and prints what they took.
func (b *bench) pair(ctx context.Context, title string, own, peer side) (o, p []usage, err error) {
	for range b.pairs {
		u, err := b.once(ctx, peer)
		if err != nil {
			return nil, nil, err
		}
		p = append(p, u)
		if u, err = b.once(ctx, own); err != nil {
			return nil, nil, err
		}
		o = append(o, u)
	}
	fmt.Printf("\n%s, %d pairs\n%-24s %10s %10s %10s %10s\n", title, b.pairs, "median", "wall", "user", "system", "peak RSS")
	for _, row := range []struct {
		name string
		runs []usage
	}{{peer.name, p}, {own.name, o}} {
		m := medians(row.runs)
		fmt.Printf("%-24s %10s %10s %10s %7.0f MB\n", row.name, seconds(m.wall), seconds(m.user), seconds(m.system), float64(m.peak)/1e6)
	}
	fmt.Printf("ratio by the clock: %s\n", spread(ratios(o, p, clock)))
	fmt.Printf("ratio of processor time: %s\n", spread(ratios(o, p, processor)))
	return o, p, nil
}

func clock(u usage) time.Duration     { return u.wall }
func processor(u usage) time.Duration { return u.user + u.system }

// bar compares a figure with what is wanted of it, and says both.
func (b *bench) bar(what string, got, most float64) {
	verdict := "met"
	if got > most {
		verdict = "missed"
		b.missed = append(b.missed, fmt.Sprintf("%s is %.2f, at most %.2f is wanted", what, got, most))
	}
	fmt.Printf("bar: %s %.2f, wanted at most %.2f: %s\n", what, got, most, verdict)
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f s", d.Seconds()) }

// spread says between what the ratios of all pairs lie.
func spread(ratios []float64) string {
	var s strings.Builder
	fmt.Fprintf(&s, "median %.2f, %.2f to %.2f; pair by pair", median(ratios), slices.Min(ratios), slices.Max(ratios))
	for _, r := range ratios {
		fmt.Fprintf(&s, " %.2f", r)
	}
	return s.String()
}
