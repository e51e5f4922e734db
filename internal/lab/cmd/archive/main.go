//go:build linux

// Package archive measures `mendcap batch` on an archive of many captures, beside a
// shell loop over reordercap, which sorts each by its stamps and no more.
//
//	lab archive [-small 10000] [-packets 50] [-large 20] [-size 50MB] [-jobs N]
//	        [-dir DIR] [-check]
//
// It makes the captures out of recordings, lets both do them, and prints
// captures and bytes a second, processor time and the peak of memory: of a tenth
// of the small captures, of all of them, of the large ones, and of both. With
// -check it exits with 1 where ten times the captures take more than 1.2 times
// the memory. All files are in a temporary folder, which it removes.
package archive

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"

	"github.com/mendcap/mendcap/internal/lab"
)

type options struct {
	small, packets, large, jobs int
	size, dir, recordings       string
	check                       bool
}

// mostMemory is the bar of -check, for ten times the captures.
const mostMemory = 1.2

// Main is the command: its flags and arguments follow its name.
func Main() {
	var o options
	flag.IntVar(&o.small, "small", 10_000, "small captures")
	flag.IntVar(&o.packets, "packets", 50, "in each of them")
	flag.IntVar(&o.large, "large", 20, "large captures")
	flag.StringVar(&o.size, "size", "50MB", "bytes of each of them; KB, MB and GB are powers of ten")
	flag.IntVar(&o.jobs, "jobs", runtime.GOMAXPROCS(0), "captures that mendcap repairs at a time")
	flag.StringVar(&o.dir, "dir", "", "where the temporary folder is made (default the system's)")
	flag.StringVar(&o.recordings, "recordings", filepath.Join("testdata", "recordings"), "folder of the recordings")
	flag.BoolVar(&o.check, "check", false, "exit with 1 when memory is not flat")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "archive:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) (err error) {
	dir, err := os.MkdirTemp(o.dir, "archive-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	b := &bench{options: o, dir: dir, mendcap: filepath.Join(dir, "mendcap")}
	if err := b.prepare(ctx); err != nil {
		return err
	}
	return b.compare(ctx)
}

// bench has the archives and the program.
type bench struct {
	options
	dir, mendcap string
}

// The folders of captures.
const (
	tenth = "tenth"
	many  = "many"
	big   = "big"
)

// prepare makes the captures and builds mendcap.
func (b *bench) prepare(ctx context.Context) error {
	recording, err := lab.Load(filepath.Join(b.recordings, "many-flows.pcapng.gz"))
	if err != nil {
		return err
	}
	for folder, n := range map[string]int{tenth: b.small / 10, many: b.small} {
		if err := lab.WriteArchive(filepath.Join(b.dir, folder), recording.Packets, n, b.packets); err != nil {
			return err
		}
	}
	const module = "github.com/mendcap/mendcap/"
	maker := filepath.Join(b.dir, "lab")
	for path, pkg := range map[string]string{b.mendcap: "cmd/mendcap", maker: "internal/lab/cmd"} {
		if _, err := measure(ctx, "go", "build", "-o", path, module+pkg); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(filepath.Join(b.dir, big), 0o777); err != nil {
		return err
	}
	for i := range b.large {
		path := filepath.Join(b.dir, big, "large-"+strconv.Itoa(i)+".pcapng")
		if _, err := measure(ctx, maker, "large", "-size", b.size, "-degraded", "-o", path,
			filepath.Join(b.recordings, "lossy.pcapng.gz"), filepath.Join(b.recordings, "many-flows.pcapng.gz")); err != nil {
			return err
		}
	}
	return nil
}

// weigh counts the captures in folders, and their bytes.
func (b *bench) weigh(folders ...string) (captures int, bytes int64, err error) {
	for _, folder := range folders {
		err = errors.Join(err, filepath.WalkDir(filepath.Join(b.dir, folder), func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if d.IsDir() {
				if filepath.Ext(path) == ".tables" {
					return fs.SkipDir
				}
				return nil
			}
			info, err := d.Info()
			if err != nil {
				return err
			}
			captures++
			bytes += info.Size()
			return nil
		}))
	}
	return captures, bytes, err
}

// compare lets both programs do the archives, and prints a line each.
func (b *bench) compare(ctx context.Context) error {
	fmt.Printf("%-22s %9s %8s %9s %12s %8s %9s %9s\n", "program", "captures", "MB", "wall", "captures/s", "MB/s", "CPU", "peak RSS")
	var peaks []float64
	for _, folders := range [][]string{{tenth}, {many}, {big}, {many, big}} {
		u, err := b.print(ctx, fmt.Sprintf("mendcap batch, %d jobs", b.jobs), b.batch, folders)
		if err != nil {
			return err
		}
		peaks = append(peaks, float64(u.peak))
	}
	for _, folders := range [][]string{{many}, {big}} {
		if _, err := b.print(ctx, "loop over reordercap", b.loop, folders); err != nil {
			return err
		}
	}
	ratio := peaks[1] / peaks[0]
	fmt.Printf("memory of ten times the captures: %.2f times as much\n", ratio)
	if b.check && ratio > mostMemory {
		return fmt.Errorf("%.2f times the memory, at most %.2f is wanted", ratio, mostMemory)
	}
	return nil
}

// print lets a program do folders and prints what that took.
func (b *bench) print(ctx context.Context, name string, do func(context.Context, []string) (usage, error), folders []string) (usage, error) {
	captures, bytes, err := b.weigh(folders...)
	if err != nil {
		return usage{}, err
	}
	syscall.Sync()
	u, err := do(ctx, folders)
	if err != nil {
		return u, err
	}
	seconds, megabytes := u.wall.Seconds(), float64(bytes)/1e6
	fmt.Printf("%-22s %9d %8.1f %7.1f s %12.0f %8.1f %7.1f s %6.0f MB\n", name, captures, megabytes, seconds,
		float64(captures)/seconds, megabytes/seconds, u.cpu.Seconds(), float64(u.peak)/1e6)
	return u, os.RemoveAll(filepath.Join(b.dir, "out"))
}

func (b *bench) batch(ctx context.Context, folders []string) (usage, error) {
	args := []string{"batch", "-q", "-o", filepath.Join(b.dir, "out"), "--jobs", strconv.Itoa(b.jobs)}
	for _, folder := range folders {
		args = append(args, filepath.Join(b.dir, folder))
	}
	return measure(ctx, b.mendcap, args...)
}

// loop is the shell's: a process a capture, one after the other.
func (b *bench) loop(ctx context.Context, folders []string) (usage, error) {
	if err := os.MkdirAll(filepath.Join(b.dir, "out"), 0o777); err != nil {
		return usage{}, err
	}
	const script = `out=$1; shift; n=0
find "$@" -type f -name '*.pcap*' ! -path '*.tables/*' | while IFS= read -r f; do
	n=$((n + 1))
	reordercap "$f" "$out/$n.pcapng" >/dev/null || exit 1
done`
	args := []string{"-c", script, "sh", filepath.Join(b.dir, "out")}
	for _, folder := range folders {
		args = append(args, filepath.Join(b.dir, folder))
	}
	return measure(ctx, "sh", args...)
}
