//go:build linux

package archive

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// usage is what one run of a program took, with the programs that it ran.
type usage struct {
	wall, cpu time.Duration
	peak      int64 // largest resident set of one process, bytes
}

// measure runs a program to its end. Its output is kept for the error alone.
func measure(ctx context.Context, name string, args ...string) (usage, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	start := time.Now()
	err := cmd.Run()
	u := usage{wall: time.Since(start)}
	if err != nil {
		return u, fmt.Errorf("%s: %w\n%s", filepath.Base(name), err, bytes.TrimSpace(complaints.Bytes()))
	}
	u.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if r, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		u.peak = r.Maxrss * 1024 // getrusage(2): kilobytes
	}
	return u, nil
}
