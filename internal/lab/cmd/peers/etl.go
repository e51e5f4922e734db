//go:build linux

package peers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// The bars of a trace: how many times as long as the pcapng it may take, and how much
// memory, bytes.
const (
	traceTime   = 1.5
	traceMemory = 192 << 20
)

// etlWork repairs traces as netsh writes them (buffers of 512 KB) and as pktmon does
// (16 MB, compressed).
func (b *bench) etlWork(ctx context.Context) error {
	for _, processors := range []int{2, 16, 64} {
		for _, compressed := range []bool{false, true} {
			if err := b.traceWork(ctx, processors, compressed); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *bench) traceWork(ctx context.Context, processors int, compressed bool) error {
	made, trace, became := filepath.Join(b.dir, "made.etl"), filepath.Join(b.dir, "trace.etl"), filepath.Join(b.dir, "became.pcapng")
	args := []string{"large", "-size", b.size, "-processors", strconv.Itoa(processors), "-buffer", "512KB", "-o", made}
	title := fmt.Sprintf("%s on %d processors", b.size, processors)
	if compressed {
		args, title = append(args, "-compressed", "-buffer", "16MB"), title+", compressed"
	}
	if _, err := measure(ctx, nil, b.lab, append(args, strings.Split(b.recordings, ",")...)...); err != nil {
		return err
	}
	if err := copyAnew(trace, made); err != nil {
		return err
	}
	if _, err := measure(ctx, nil, b.mendcap, "repair", "-q", "-r", trace, "-w", became); err != nil {
		return err
	}
	for _, path := range []string{trace, became} {
		if err := readOnce(path); err != nil {
			return err
		}
	}
	own, peer, err := b.pair(ctx, title, b.repairOf("trace", trace), b.repairOf("the pcapng that it becomes", became))
	if err != nil {
		return err
	}
	b.bar("trace beside its pcapng, by the clock,", median(ratios(own, peer, clock)), traceTime)
	b.bar("its memory, MiB,", float64(medians(own).peak)/(1<<20), traceMemory>>20)
	for _, path := range []string{trace, became} {
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	return nil
}

// copyAnew moves a file by copying it from its beginning to its end, as the pcapng beside it
// is written. The lab writes a trace's buffers as they fill up, all over the file: in memory
// such a file lies scattered, and one of 1 GB took two to five times as long to read as its
// copy.
func copyAnew(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close(), os.Remove(from))
}
