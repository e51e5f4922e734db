//go:build unix

package flood

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/internal/lab/flood"
)

// The bars.
const (
	mostTime   = 13.0 // times that of a size a tenth as large
	mostMemory = 1.2
	// mostMore is how much longer a packet of a FILE takes than a quiet one, and
	// mostHeld how much memory that takes.
	mostMore = 5 * time.Microsecond
	mostHeld = 128 << 20
	// leastTime is from which difference of the processor's time on a factor
	// means anything: what one run differs from another by.
	leastTime = 50 * time.Millisecond
)

// cost is what one run of mendcap takes.
type cost struct {
	time   time.Duration // of all processors
	memory int64         // most that was resident, bytes
}

func (c cost) perPacket(packets int) float64 {
	return float64(c.time.Nanoseconds()) / 1e3 / float64(packets)
}

// pair is what the two sizes of a kind take.
type pair struct{ small, large cost }

// ofInference is how much the inference keeps of each connection whose headers it
// lacks, bytes, and maxInferred of how many: infer.Options says so.
const (
	ofInference = 250
	maxInferred = 1 << 19
)

// misses names the bars that a kind misses.
func (p pair) misses(quiet pair, k flood.Kind, o options) (list []string) {
	if p.large.time > time.Duration(mostTime*float64(p.small.time))+leastTime {
		list = append(list, fmt.Sprintf("time grows from %v to %v, by a factor of %.1f", p.small.time, p.large.time, float64(p.large.time)/float64(p.small.time)))
	}
	base := max(p.small.memory, quiet.large.memory)
	if k.Recipe.Opens() && k.Recipe.Form == flood.NoHeader {
		base = max(base, quiet.large.memory+ofInference*int64(min(o.packets*o.factor, maxInferred)))
	}
	if !o.quick && float64(p.large.memory) > mostMemory*float64(base) {
		list = append(list, fmt.Sprintf("memory grows from %d to %d MiB, quiet %d MiB", p.small.memory>>20, p.large.memory>>20, quiet.large.memory>>20))
	}
	return list
}

// bench runs mendcap.
type bench struct {
	ctx          context.Context
	dir, program string
	o            options
}

// kind measures both sizes of a kind of flood.
func (b *bench) kind(command string, k flood.Kind) (p pair, err error) {
	for _, size := range []struct {
		packets int
		to      *cost
	}{{b.o.packets, &p.small}, {b.o.packets * b.o.factor, &p.large}} {
		if *size.to, err = b.size(command, k, size.packets); err != nil {
			return p, fmt.Errorf("%s, %d packets: %w", k.Name, size.packets, err)
		}
	}
	if b.o.verbose {
		fmt.Printf("%-8s %-60s %8v %8v %6.2f us %5d %5d MiB\n", command, k.Name, p.small.time.Round(time.Millisecond), p.large.time.Round(time.Millisecond),
			p.large.perPacket(b.o.packets*b.o.factor), p.small.memory>>20, p.large.memory>>20)
	}
	return p, nil
}

// size measures a kind of flood with so many packets.
func (b *bench) size(command string, k flood.Kind, packets int) (c cost, err error) {
	in := filepath.Join(b.dir, "in.pcapng")
	f, err := os.Create(in)
	if err != nil {
		return c, err
	}
	k.Recipe.Packets = packets
	if err := errors.Join(k.Recipe.Write(f), f.Close()); err != nil {
		return c, err
	}
	return b.cost(command, in, packets)
}

// cost runs a command on a capture a few times, and takes the least.
func (b *bench) cost(command, in string, packets int) (least cost, err error) {
	for i := range max(1, b.o.runs) {
		c, err := b.once(command, in, packets)
		if err != nil {
			return least, err
		}
		if i == 0 {
			least = c
		}
		least.time, least.memory = min(least.time, c.time), min(least.memory, c.memory)
	}
	return least, nil
}

// framesExplained is how many frames are asked for, from the first on.
const framesExplained = 50

// longest is how long a run may last before it counts as one that doesn't end.
const longest = 5 * time.Minute

func (b *bench) once(command, in string, packets int) (c cost, err error) {
	args := []string{command}
	switch command {
	case "repair":
		args = append(args, "--force", "-w", filepath.Join(b.dir, "out.pcapng"))
	case "explain":
		args = append(args, in)
		for i := range min(packets, framesExplained) {
			args = append(args, strconv.Itoa(1+i*(packets/framesExplained)))
		}
	}
	if command != "explain" {
		args = append(args, in)
	}
	ctx, stop := context.WithTimeout(b.ctx, longest)
	defer stop()
	cmd := exec.CommandContext(ctx, b.program, args...)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = io.Discard, &said
	err = cmd.Run()
	var exit *exec.ExitError
	if ctx.Err() != nil {
		return c, fmt.Errorf("mendcap %s did not end: %w", command, ctx.Err())
	}
	if err != nil && !(errors.As(err, &exit) && exit.ExitCode() == foundSomething) {
		return c, fmt.Errorf("mendcap %s: %w: %s", command, err, said.String())
	}
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	return cost{cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), usage.Maxrss << 10}, nil
}

// foundSomething is the exit code of check for a capture that has findings.
const foundSomething = 1

// files compares captures with quiet ones of as many packets.
func (b *bench) files(command string, names []string) (missed int, err error) {
	for _, name := range names {
		packets, err := count(name)
		if err != nil {
			return missed, err
		}
		quiet, err := b.size(command, flood.Quiet(), packets)
		if err != nil {
			return missed, err
		}
		c, err := b.cost(command, name, packets)
		if err != nil {
			return missed, err
		}
		more := (c.time - quiet.time) / time.Duration(packets)
		fmt.Printf("%s: %s: %d packets, %v more each, %d MiB\n", command, filepath.Base(name), packets, more, c.memory>>20)
		if more > mostMore || c.memory > mostHeld {
			fmt.Printf("missed: %s, %s: want at most %v more each and %d MiB\n", command, filepath.Base(name), mostMore, mostHeld>>20)
			missed++
		}
	}
	return missed, nil
}

// count counts the packets of a capture.
func count(name string) (n int, err error) {
	f, err := os.Open(name)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	err = lab.EachPacket(f, func(*capture.Block) error {
		n++
		return nil
	})
	return n, err
}
