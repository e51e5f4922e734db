// Package large makes a capture of any size out of recordings: they are repeated with
// other peers, ports and times in each copy, and checksums stay what they were.
//
//	lab large -size 1GB [-degraded] [-processors N [-compressed] [-buffer 512KB]] -o FILE RECORDING...
//
// The recordings happen at the same time, one copy after the other. With
// -degraded the capture is what a raw-socket sniffer would have written (IPv6
// after stub headers, in a sniffer's order), and FILE.tables, FILE's suffix
// taken off, holds the network tables of the first copy.
package large

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/internal/lab/windows"
)

// Main is the command: its flags and arguments follow its name.
func Main() {
	size := flag.String("size", "1GB", "bytes to write at least, before compression; KB, MB and GB are powers of ten")
	output := flag.String("o", "", "pcapng file to write")
	degraded := flag.Bool("degraded", false, "write what a raw-socket sniffer would have written")
	processors := flag.Int("processors", 0, "write an event trace of a host with so many processors")
	compressed := flag.Bool("compressed", false, "compress the event trace")
	buffer := flag.String("buffer", "512KB", "size of the event trace's buffers")
	flag.Parse()
	if err := run(*size, *output, *degraded, traced{*processors, *compressed, *buffer}, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "large:", err)
		os.Exit(1)
	}
}

// traced says how an event trace is written.
type traced struct {
	processors int // 0 = a pcapng file is written
	compressed bool
	buffer     string
}

func run(size, output string, degraded bool, as traced, recordings []string) error {
	limit, err := ParseSize(size)
	if err != nil {
		return err
	}
	if output == "" || len(recordings) == 0 {
		return errors.New("an output (-o) and at least one recording are needed")
	}
	var all [][]lab.Packet
	for _, path := range recordings {
		recording, err := lab.Load(path)
		if err != nil {
			return err
		}
		if degraded {
			recording.Packets = lab.Delivered(recording.Packets)
		}
		all = append(all, recording.Packets)
	}
	m := maker{packets: lab.Merge(all...), degraded: degraded, as: as}
	if len(m.packets) == 0 {
		return errors.New("the recordings have no IP packets")
	}
	if err := m.write(output, limit); err != nil {
		return fmt.Errorf("write %s: %w", output, err)
	}
	if !degraded {
		return nil
	}
	dir := strings.TrimSuffix(output, filepath.Ext(output)) + ".tables"
	return lab.WriteTables(dir, lab.SnapshotOf(m.packets), lab.Own)
}

// ParseSize reads a number of bytes with an optional unit.
func ParseSize(text string) (int64, error) {
	number, unit := text, int64(1)
	for suffix, factor := range map[string]int64{"KB": 1e3, "MB": 1e6, "GB": 1e9} {
		if before, ok := strings.CutSuffix(text, suffix); ok {
			number, unit = before, factor
		}
	}
	n, err := strconv.ParseInt(number, 10, 32)
	if err != nil || n <= 0 {
		return 0, fmt.Errorf("size %q is not a number of bytes, KB, MB or GB", text)
	}
	return n * unit, nil
}

type maker struct {
	packets  []lab.Packet
	degraded bool
	as       traced
}

// writer is what a capture is written with.
type writer interface {
	Write(stamp int64, data []byte, direction uint32) error
	Size() int64 // bytes so far
	Flush() error
}

func (m maker) write(path string, limit int64) (err error) {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	out, err := m.begin(file)
	if err != nil {
		return err
	}
	copier := lab.NewCopier(m.packets)
	for number := 0; out.Size() < limit; number++ {
		if err := m.writeCopy(out, copier, number, limit); err != nil {
			return err
		}
	}
	return out.Flush()
}

// begin begins the capture.
func (m maker) begin(file *os.File) (writer, error) {
	if m.as.processors == 0 {
		return lab.NewWriter(file, lab.Pcapng, lab.LinkRaw)
	}
	buffer, err := ParseSize(m.as.buffer)
	if err != nil {
		return nil, err
	}
	return windows.NewTrace(file, windows.Log{Processors: m.as.processors, Compressed: m.as.compressed, BufferSize: int(buffer) &^ 7,
		Start: windows.FileTime(m.packets[0].Stamp)}), nil
}

// pause lies between two copies, nanoseconds.
const pause = 100_000_000

func (m maker) writeCopy(out writer, copier *lab.Copier, number int, limit int64) error {
	first, last := m.packets[0].Stamp, m.packets[len(m.packets)-1].Stamp
	shift := int64(number) * (last - first + pause)
	packets := m.packets
	if m.degraded {
		packets = lab.Degrade(packets, lab.Degradations()[0], uint64(number))
	}
	var data, stub []byte
	for _, p := range packets {
		if out.Size() >= limit {
			return nil
		}
		data = append(data[:0], p.Data...)
		copier.Copy(p.Index, number, data)
		record, direction := data, uint32(lab.Inbound)
		switch {
		case m.degraded: // a raw socket tells no direction
			stub = lab.AppendStub(stub[:0], data)
			record, direction = stub, lab.NoDirection
		case p.Out:
			direction = lab.Outbound
		}
		if err := out.Write(p.Stamp+shift, record, direction); err != nil {
			return err
		}
	}
	return nil
}
