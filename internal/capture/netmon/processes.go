package netmon

import (
	"fmt"
	"net/netip"
	"slices"
)

// Process is an entry of the process table: a program, and a connection of it.
type Process struct {
	PID           uint32
	Path          string
	Local, Remote netip.AddrPort
}

// Limits of the process table.
const (
	maxProcesses = 64 << 10 // as many as are kept
	maxPath      = 64 << 10 // length of one path, bytes: 32,767 characters of UTF-16
	maxPaths     = 4 << 20  // length of all different paths together, bytes
)

// processTail is what is after the icon of a process: its id, two ports with two bytes
// of padding after each, whether the addresses are of IPv6, and two addresses.
const processTail = 48

// readProcesses reads the process table: a version, then the processes.
func (f *File) readProcesses() error {
	at, count := f.head.processes.offset, f.head.processes.length
	if at == 0 || count == 0 {
		return nil
	}
	broken := func(at int64, why error) {
		f.Damages.add(Damage{Offset: min(at, f.size), Length: max(0, f.size-at), Err: why})
	}
	w := window{r: f.r, size: f.size, most: 64 << 10}
	paths, sum := map[string]string{}, 0
	for at += 2; count > 0; count-- {
		if len(f.Processes) == maxProcesses || sum > maxPaths {
			broken(at, fmt.Errorf("%w: %d processes with paths of %d bytes", ErrTooMany, len(f.Processes), sum))
			break
		}
		one, next, ok, err := f.processAt(&w, at)
		if err != nil {
			return err
		}
		if !ok {
			broken(at, fmt.Errorf("%w: %d of its processes are missing", ErrProcess, count))
			break
		}
		if path, seen := paths[one.Path]; seen {
			one.Path = path
		} else {
			paths[one.Path] = one.Path
			sum += len(one.Path)
		}
		f.Processes = append(f.Processes, one)
		at = next
	}
	if count == 0 {
		f.read.add(f.head.processes.offset, at)
	}
	return nil
}

// processAt reads a process, and gives where the next one is. ok is false where there
// is none.
func (f *File) processAt(w *window, at int64) (one Process, next int64, ok bool, err error) {
	part := func(at, most int64) (p []byte, next int64, err error) {
		if at < headerLen || at+4 > f.size {
			return nil, -1, nil
		}
		if p, err = w.at(at, 4); err != nil {
			return nil, -1, err
		}
		n := int64(le.Uint32(p))
		if at += 4; n > most || n > f.size-at {
			return nil, -1, nil
		}
		p, err = w.at(at, int(min(n, maxPath)))
		return p, at + n, err
	}
	path, at, err := part(at, maxPath)
	if err != nil || at < 0 {
		return one, 0, false, err
	}
	one.Path = wide(path)
	if _, at, err = part(at, f.size); err != nil || at < 0 || at+processTail > f.size { // the icon
		return one, 0, false, err
	}
	p, err := w.at(at, processTail)
	if err != nil {
		return one, 0, false, err
	}
	one.PID = le.Uint32(p)
	v6 := le.Uint32(p[12:]) != 0
	one.Local = netip.AddrPortFrom(processAddress(p[16:32], v6), le.Uint16(p[4:]))
	one.Remote = netip.AddrPortFrom(processAddress(p[32:48], v6), le.Uint16(p[8:]))
	return one, at + processTail, true, nil
}

// processAddress reads an address: of IPv6 as in packets, of IPv4 the other way round,
// as a little-endian number.
func processAddress(p []byte, v6 bool) netip.Addr {
	if v6 {
		return netip.AddrFrom16([16]byte(p))
	}
	four := [4]byte(p)
	slices.Reverse(four[:])
	return netip.AddrFrom4(four)
}
