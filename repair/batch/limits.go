package batch

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// limits hold for each archive, those within it included.
type limits struct {
	members   int   // files, folders and links
	nesting   int   // archives within archives
	name      int   // of a member, bytes
	unpacked  int64 // bytes
	ratio     int64 // of unpacked bytes to those of the file
	grace     int64 // unpacked bytes from which on the ratio counts
	directory int64 // list of a zip archive's members, bytes
	table     int64 // of one file of network tables, bytes
	tables    int   // files of network tables
}

// generous are the limits that hold: far beyond archives of captures, far below
// what fills a disk by surprise.
func generous() limits {
	return limits{
		members: 100_000, nesting: 3, name: 4096, unpacked: 256 << 30, ratio: 250, grace: 256 << 20,
		directory: 32 << 20, table: 64 << 20, tables: 1024,
	}
}

// errLimit says that an archive goes beyond a limit: it may be a bomb.
var errLimit = errors.New("the archive goes beyond a limit")

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

func (b *budget) take(n int) error {
	b.used += int64(n)
	switch {
	case b.used > b.unpacked:
		return limitf("more than %d bytes unpacked", b.unpacked)
	case b.used > b.grace && b.used/b.ratio > b.packed:
		return limitf("unpacked it is more than %d times as large", b.ratio)
	}
	return nil
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
	if over := m.b.take(n); over != nil {
		return n, over
	}
	return n, err
}
