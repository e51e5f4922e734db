package merged

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/mendcap/mendcap/internal/lab"
)

// samplesVariable names the folder of public captures.
const samplesVariable = "MENDCAP_SAMPLES"

// source is a capture from which others are made.
type source struct {
	name    string
	path    string
	packets []lab.Packet // of a recording, as the host's stack delivered them; nil of samples
}

// bench makes captures in a folder.
type bench struct {
	dir  string
	made int
}

// file names a new file.
func (b *bench) file(suffix string) string {
	b.made++
	return filepath.Join(b.dir, fmt.Sprintf("%04d%s", b.made, suffix))
}

// sources lists the recordings, cut to their first packets, and the samples that
// hold packets that tshark can read.
func (b *bench) sources(ctx context.Context, o options) ([]source, error) {
	all, err := b.recordings(o)
	if err != nil {
		return nil, err
	}
	samples := os.Getenv(samplesVariable)
	if samples == "" {
		return all, nil
	}
	for _, pattern := range []string{"captures/public/*", "captures/*.pcap*", "faults/*.pcap*", "order/*.truth.pcapng.xz"} {
		paths, err := filepath.Glob(filepath.Join(samples, pattern))
		if err != nil {
			return nil, err
		}
		for _, path := range paths {
			s, err := b.sample(ctx, o, path)
			if err != nil {
				return nil, err
			}
			if s.path != "" {
				all = append(all, s)
			}
		}
	}
	return all, nil
}

// load reads a recording as the host's stack delivered it.
func load(path string, packets int) (source, error) {
	recording, err := lab.Load(path)
	if err != nil {
		return source{}, err
	}
	s := source{name: recording.Name, packets: lab.Delivered(recording.Packets)}
	s.packets = s.packets[:min(len(s.packets), packets)]
	return s, nil
}

func (b *bench) recordings(o options) (all []source, err error) {
	for _, pattern := range []string{"*.pcapng.gz", "elsewhere/*.pcapng.gz"} {
		paths, err := filepath.Glob(filepath.Join(o.folder, pattern))
		if err != nil {
			return nil, err
		}
		for _, path := range paths {
			s, err := load(path, o.packets)
			if err != nil {
				return nil, err
			}
			if s.path, err = b.write(s.packets, true); err != nil {
				return nil, err
			}
			all = append(all, s)
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("no recordings in %s", o.folder)
	}
	return all, nil
}

// sample takes the first packets of a sample; the path is empty where there is
// nothing to be read.
func (b *bench) sample(ctx context.Context, o options, path string) (s source, err error) {
	plain := path
	if strings.HasSuffix(path, ".xz") {
		recording, err := lab.Load(path)
		if err != nil {
			return s, err
		}
		if plain, err = b.write(recording.Packets, true); err != nil {
			return s, err
		}
	}
	to := b.file(".pcapng")
	err = command(ctx, "editcap", "-F", "pcapng", "-r", plain, to, "1-"+strconv.Itoa(o.packets))
	if err == nil {
		err = command(ctx, "mergecap", "-w", b.file(".pcapng"), to)
	}
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		return s, nil // damaged, or without packets
	}
	return source{name: filepath.Base(path), path: to}, err
}

// write writes packets with their headers, in their order; directions says
// whether each with its own.
func (b *bench) write(packets []lab.Packet, directions bool) (string, error) {
	var file bytes.Buffer
	w, err := lab.NewWriter(&file, lab.Pcapng, lab.LinkRaw)
	if err != nil {
		return "", err
	}
	for _, p := range packets {
		direction := uint32(lab.NoDirection)
		switch {
		case !directions || p.Local:
		case p.Out:
			direction = lab.Outbound
		default:
			direction = lab.Inbound
		}
		if err := w.Write(p.Stamp, p.Data, direction); err != nil {
			return "", err
		}
	}
	if err := w.Flush(); err != nil {
		return "", err
	}
	path := b.file(".pcapng")
	return path, os.WriteFile(path, file.Bytes(), 0o644)
}

// command runs a program; its error says what it wrote.
func command(ctx context.Context, name string, args ...string) error {
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, out)
	}
	return nil
}

// merge merges captures by time, or one after the other.
func (b *bench) merge(ctx context.Context, appended bool, paths ...string) (string, error) {
	to := b.file(".pcapng")
	args := []string{"-w", to}
	if appended {
		args = append(args, "-a")
	}
	return to, command(ctx, "mergecap", append(args, paths...)...)
}

// later writes a capture with all times later by so many seconds.
func (b *bench) later(ctx context.Context, path, seconds string) (string, error) {
	to := b.file(".pcapng")
	return to, command(ctx, "editcap", "-t", seconds, path, to)
}

// part writes the packets of a capture between two shares of it, in hundredths.
func (b *bench) part(ctx context.Context, path string, from, to int) (string, error) {
	n, err := count(path)
	if err != nil {
		return "", err
	}
	name := b.file(".pcapng")
	numbers := fmt.Sprintf("%d-%d", max(1, n*from/100), max(1, n*to/100))
	return name, command(ctx, "editcap", "-r", path, name, numbers)
}

// atPeer is what a recorder at the other end would have written of the packets:
// those of the host arrive after the delay, those of the peers had been sent
// before it. Its clock is ahead by the offset. All in nanoseconds.
func atPeer(packets []lab.Packet, delay, offset int64) []lab.Packet {
	there := slices.Clone(packets)
	for i := range there {
		p := &there[i]
		if p.Out {
			p.Stamp += delay + offset
		} else {
			p.Stamp += offset - delay
		}
		p.Out = !p.Out
	}
	slices.SortStableFunc(there, func(a, b lab.Packet) int { return int(a.Stamp - b.Stamp) })
	return there
}
