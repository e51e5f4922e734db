//go:build linux

package peers

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

func copyName(folder string, n int) string {
	return filepath.Join(folder, fmt.Sprintf("capture-%02d.pcapng", n))
}

// copies makes copies of a capture and of its tables.
func copies(capture, folder string, n int) error {
	data, err := os.ReadFile(capture)
	if err != nil {
		return err
	}
	if err := os.Mkdir(folder, 0o777); err != nil {
		return err
	}
	tables := func(path string) string { return strings.TrimSuffix(path, filepath.Ext(path)) + ".tables" }
	for i := range n {
		path := copyName(folder, i)
		err := errors.Join(os.WriteFile(path, data, 0o666), os.CopyFS(tables(path), os.DirFS(tables(capture))))
		if err != nil {
			return err
		}
	}
	return nil
}

// copier is a loop that reads each capture of a folder, writes it into another and syncs
// it: what any program has to do that promises as much as a batch does.
func copier(folder string) side {
	return side{name: "read, write, sync", keep: true, run: func(ctx context.Context, out string) (usage, error) {
		before, start := self(), time.Now()
		n := 0
		err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && filepath.Ext(path) == ".tables":
				return fs.SkipDir
			case d.IsDir():
				return ctx.Err()
			}
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			n++
			return writeSynced(filepath.Join(out, fmt.Sprintf("%d.pcapng", n)), data)
		})
		after := self()
		return usage{wall: time.Since(start), user: after.user - before.user, system: after.system - before.system, peak: after.peak}, err
	}}
}

func writeSynced(path string, data []byte) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Close())
}

// self is what this process has used so far.
func self() usage {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return usage{}
	}
	return usage{user: time.Duration(r.Utime.Nano()), system: time.Duration(r.Stime.Nano()), peak: r.Maxrss * 1024}
}
