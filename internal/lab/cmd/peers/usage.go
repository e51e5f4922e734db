//go:build linux

package peers

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// usage is what one run of a program took.
type usage struct {
	wall, user, system time.Duration
	peak               int64 // resident set, bytes
}

// add adds another run's time. The peak is the largest of all.
func (u *usage) add(v usage) {
	u.wall, u.user, u.system, u.peak = u.wall+v.wall, u.user+v.user, u.system+v.system, max(u.peak, v.peak)
}

// measure runs a program to its end, with env added to the environment. Its output is
// kept for the error alone.
func measure(ctx context.Context, env []string, name string, args ...string) (usage, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), env...)
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	start := time.Now()
	err := cmd.Run()
	u := usage{wall: time.Since(start)}
	if err != nil {
		return u, fmt.Errorf("%s: %w\n%s", filepath.Base(name), err, bytes.TrimSpace(complaints.Bytes()))
	}
	u.user, u.system = cmd.ProcessState.UserTime(), cmd.ProcessState.SystemTime()
	if r, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		u.peak = r.Maxrss * 1024 // getrusage(2): kilobytes
	}
	return u, nil
}

// medians is the median of each figure by itself.
func medians(runs []usage) usage {
	return usage{
		wall:   median(each(runs, func(u usage) time.Duration { return u.wall })),
		user:   median(each(runs, func(u usage) time.Duration { return u.user })),
		system: median(each(runs, func(u usage) time.Duration { return u.system })),
		peak:   median(each(runs, func(u usage) int64 { return u.peak })),
	}
}

func each[T any](runs []usage, figure func(usage) T) []T {
	figures := make([]T, len(runs))
	for i, u := range runs {
		figures[i] = figure(u)
	}
	return figures
}

// median is the middle one, or the upper of the two in the middle.
func median[T cmp.Ordered](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// ratios divides a figure of one program's runs by the other's, pair by pair.
func ratios(a, b []usage, figure func(usage) time.Duration) []float64 {
	r := make([]float64, len(a))
	for i := range a {
		r[i] = figure(a[i]).Seconds() / figure(b[i]).Seconds()
	}
	return r
}
