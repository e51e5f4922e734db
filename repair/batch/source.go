package batch

import (
	"io"
	"math"

	"github.com/mendcap/mendcap/internal/compress"
	"github.com/mendcap/mendcap/internal/filesys"
)

// InPlace is an archive that is read where it lies, and not copied to this machine's disk.
type InPlace interface {
	io.ReaderAt
	Size() int64 // bytes
	// Err is the first error of reading, after which nothing is read any more. It is no
	// fault of the archive, and ends the run.
	Err() error
}

// ReadsInPlace reports whether a file that begins with these bytes, 512 of them if it is that
// long, is an archive of which parts can be read: a zip, or a tar that is not compressed.
func ReadsInPlace(head []byte) bool {
	return startsZip(head) || compress.Of(head) == nil && len(head) >= tarBlock && startsTar(head[:tarBlock])
}

// source is what an archive, or a file that may be one, is read from.
type source struct {
	path  string
	place InPlace // nil for a file of this machine
}

// open opens all of it.
func (s source) open() (all *io.SectionReader, done func(), err error) {
	if s.place != nil {
		return io.NewSectionReader(s.place, 0, s.place.Size()), func() {}, nil
	}
	f, err := filesys.Open(s.path)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return io.NewSectionReader(f, 0, info.Size()), func() { f.Close() }, nil
}

// failed is an error of the place that it lies in.
func (s source) failed() error {
	if s.place == nil {
		return nil
	}
	return s.place.Err()
}

// sniff tells what it holds, and how long it is, bytes.
func (s source) sniff() (kind kind, size int64, err error) {
	all, done, err := s.open()
	if err != nil {
		return kindOther, 0, err
	}
	defer done()
	whole := &cutReader{r: all}
	kind = kindOf(io.LimitReader(whole, mostSniffed))
	return kind, all.Size(), whole.err
}

// Scratch is how many bytes of temporary files the members of archives, and their outputs,
// take at a time, roughly.
func (p *Plan) Scratch() int64 {
	var all, largest int64
	for i := range p.tasks {
		if t := &p.tasks[i]; t.member != Alone {
			largest = max(largest, t.size)
			all = min(all+t.size, math.MaxInt64/4)
		}
	}
	jobs := int64(p.o.Jobs) + 1
	if largest < all/jobs {
		all = min(all, jobs*largest+mostWaiting*min(largest, mostPaused))
	}
	return 2 * all
}
