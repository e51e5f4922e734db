package batch

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// limits hold for each archive, the archives and compressed captures in it
// included, and some for each compressed capture.
type limits struct {
	members   int   // files, folders and links
	nesting   int   // archives within archives
	name      int   // of a member, bytes
	names     int   // of all captures and tables, bytes: they are kept
	unpacked  int64 // bytes
	ratio     int64 // of unpacked bytes to those of the file
	grace     int64 // unpacked bytes from which on the ratio counts
	alone     int64 // the same for a compressed capture
	directory int64 // list of a zip archive's members, bytes
	table     int64 // of one file of network tables, bytes
	tables    int   // files of network tables
}

// generous are the limits that hold: far beyond archives of captures, far below
// what fills a disk by surprise. A capture of zeros alone is as large for its
// packed size as a bomb is: it is let through while it is small.
func generous() limits {
	return limits{
		members: 100_000, nesting: 3, name: 4096, names: 16 << 20, unpacked: 256 << 30, ratio: 250, grace: 256 << 20, alone: 1 << 30,
		directory: 32 << 20, table: 64 << 20, tables: 1024,
	}
}

// errLimit says that an archive or a capture goes beyond a limit: it may be a bomb.
var errLimit = errors.New("beyond a limit")

func limitf(format string, args ...any) error {
	return fmt.Errorf("%w: %s", errLimit, fmt.Sprintf(format, args...))
}

// budget is what may be unpacked of one archive.
type budget struct {
	limits
	packed int64 // size of the file, bytes
	used   int64 // bytes unpacked
	met    int   // members
}

func (b *budget) member(name string) error {
	b.met++
	switch {
	case b.met > b.members:
		return limitf("more than %d members", b.members)
	case len(name) > b.name:
		return limitf("a name of %d bytes, at most %d", len(name), b.name)
	}
	return nil
}

func (b *budget) take(n int64) error {
	b.used += n
	switch {
	case b.used > b.unpacked:
		return b.tooLarge()
	case b.used > b.grace && b.used/b.ratio > b.packed:
		return b.tooDense()
	}
	return nil
}

func (l *limits) tooLarge() error { return limitf("more than %d bytes unpacked", l.unpacked) }

func (l *limits) tooDense() error {
	return limitf("unpacked it is more than %d times as large", l.ratio)
}

// most is how much a compressed capture of a size may decompress to, bytes.
func (l *limits) most(packed int64) int64 {
	if packed >= l.unpacked/l.ratio {
		return l.unpacked
	}
	return min(l.unpacked, max(l.alone, packed*l.ratio))
}

// bomb says why a capture of a size may not decompress to more than most.
func (l *limits) bomb(packed int64) error {
	if l.most(packed) == l.unpacked {
		return l.tooLarge()
	}
	return l.tooDense()
}

// hopping reads an archive within a budget, and passes over what nobody wants of it: that
// counts as if it was read.
type hopping struct {
	metered
	archive *io.SectionReader
}

// Seek implements io.Seeker.
func (h *hopping) Seek(offset int64, whence int) (int64, error) {
	from, err := h.archive.Seek(0, io.SeekCurrent)
	if err != nil {
		return from, err
	}
	to, err := h.archive.Seek(offset, whence)
	if err != nil {
		return to, err
	}
	if passed := min(to, h.archive.Size()) - from; passed > 0 {
		err = h.b.take(passed)
	}
	return to, err
}

// metered reads within a budget, until the context is done.
type metered struct {
	ctx context.Context
	r   io.Reader
	b   *budget
}

func (m *metered) Read(p []byte) (int, error) {
	if err := m.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := m.r.Read(p)
	if over := m.b.take(int64(n)); over != nil {
		return n, over
	}
	return n, err
}
