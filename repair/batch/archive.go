package batch

import (
	"archive/tar"
	"archive/zip"
	"context"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"

	"github.com/mendcap/mendcap/internal/atomicfile"
	"github.com/mendcap/mendcap/internal/compress"
)

// member is one regular file of an archive, or of an archive within it.
type member struct {
	number int    // from 0, in the order of the archive
	name   string // after those of the archives that it lies in
	label  string // the name as it is shown, which no other member has
	kind   kind
	size   int64     // as the archive states it, bytes
	body   io.Reader // nil where failed is set; valid until the visit goes on
	failed error     // why the member can't be read
	stream *budget   // what it may decompress to, with others
}

// visitor goes through the members of an archive. It does so in the same order
// each time, so that numbers name members.
type visitor struct {
	ctx    context.Context
	from   source
	stream budget // of what decompresses as a whole
	bodies budget // of the members
	number int
	each   func(*member) error
}

// visit calls each for every regular member, without those that are archives
// themselves: their members come instead of them. The error is each's, the
// context's, the place's that the archive is in, or says what is wrong with the archive.
func visit(ctx context.Context, from source, kind kind, l limits, each func(*member) error) error {
	archive, done, err := from.open()
	if err != nil {
		return err
	}
	defer done()
	b := budget{limits: l, packed: archive.Size()}
	v := &visitor{ctx: ctx, from: from, stream: b, bodies: b, each: each}
	switch {
	case kind == kindZip:
		err = v.zip(archive, archive.Size(), "", 0)
	case isPlain(archive):
		err = v.members(tar.NewReader(&hopping{metered{ctx, archive, &v.stream}, archive}), "", 0)
	default:
		err = v.tar(archive, "", 0)
	}
	if failed := from.failed(); failed != nil {
		return stop(failed)
	}
	return err
}

// isPlain reports whether an archive is not compressed.
func isPlain(archive io.ReaderAt) bool {
	head := make([]byte, tarBlock)
	n, _ := archive.ReadAt(head, 0)
	return compress.Of(head[:n]) == nil
}

func (v *visitor) tar(r io.Reader, prefix string, depth int) error {
	plain, _, err := compress.Decompress(r)
	if err != nil {
		return err
	}
	return v.members(tar.NewReader(&metered{v.ctx, plain, &v.stream}), prefix, depth)
}

// members goes through those of a tar archive.
func (v *visitor) members(archive *tar.Reader, prefix string, depth int) error {
	for {
		header, err := archive.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := v.bodies.member(header.Name); err != nil {
			return err
		}
		switch header.Typeflag {
		case tar.TypeReg, tar.TypeGNUSparse, tar.TypeCont:
		default:
			continue
		}
		m := &member{name: within(prefix, header.Name), size: header.Size}
		if err := v.member(m, archive, depth); err != nil {
			return err
		}
	}
}

func (v *visitor) zip(r io.ReaderAt, size int64, prefix string, depth int) error {
	directory := &cappedReaderAt{r: r, left: v.bodies.directory}
	archive, err := zip.NewReader(directory, size)
	if directory.left < 0 {
		return limitf("a list of members of more than %d bytes", v.bodies.directory)
	}
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return err
	}
	directory.left = math.MaxInt64 // the members have other limits
	for _, f := range archive.File {
		if err := v.bodies.member(f.Name); err != nil {
			return err
		}
		if !f.Mode().IsRegular() {
			continue
		}
		m := &member{name: within(prefix, f.Name), size: int64(min(f.UncompressedSize64, math.MaxInt64))}
		if err := v.zipped(m, f, depth); err != nil {
			return err
		}
	}
	return nil
}

// cappedReaderAt ends with an error once too much was read: all members of a zip
// archive are listed in memory at once.
type cappedReaderAt struct {
	r    io.ReaderAt
	left int64
}

func (c *cappedReaderAt) ReadAt(p []byte, at int64) (int, error) {
	if c.left -= int64(len(p)); c.left < 0 {
		return 0, errLimit
	}
	return c.r.ReadAt(p, at)
}

// encrypted is the bit of a zip member's flags that says so (APPNOTE.TXT, 4.4.4).
const encrypted = 1

// zipped opens one member of a zip archive. One that can't be opened spoils none
// of the others.
func (v *visitor) zipped(m *member, f *zip.File, depth int) error {
	body, err := f.Open()
	if f.Flags&encrypted != 0 {
		err = errors.New("the member is encrypted")
	}
	if err != nil {
		m.failed = err
		return v.hand(m)
	}
	defer body.Close()
	return v.member(m, body, depth)
}

// member tells what a member is, and goes into it if it is an archive.
func (v *visitor) member(m *member, body io.Reader, depth int) error {
	kind, again, err := sniff(&metered{v.ctx, body, &v.bodies})
	if errors.Is(err, errLimit) {
		return err
	}
	if err := v.ctx.Err(); err != nil {
		return err
	}
	m.kind, m.body, m.failed = kind, again, err
	if kind == kindCapture {
		m.failed = nil // what can be read of it is a capture
	}
	if err != nil || kind != kindTar && kind != kindZip {
		return v.hand(m)
	}
	if depth == v.bodies.nesting {
		m.failed = limitf("more than %d archives within each other", v.bodies.nesting)
		return v.hand(m)
	}
	err = v.nested(m, depth+1)
	if err == nil || errors.Is(err, errLimit) || isStopped(err) || v.ctx.Err() != nil {
		return err
	}
	m.failed = err // the rest of the archive may be whole
	return v.hand(m)
}

// within names a member of an archive that is one itself.
func within(prefix, name string) string {
	if prefix == "" {
		return name
	}
	return prefix + "/" + name
}

// nested goes through an archive within an archive.
func (v *visitor) nested(m *member, depth int) (err error) {
	if m.kind == kindTar {
		return v.tar(m.body, m.name, depth)
	}
	dir, release, err := atomicfile.ScratchDir()
	if err != nil {
		return stop(err)
	}
	defer func() { err = errors.Join(err, release()) }()
	f, err := os.Create(filepath.Join(dir, "nested"))
	if err != nil {
		return stop(err)
	}
	defer f.Close()
	size, err := io.Copy(f, m.body)
	if err != nil {
		return err
	}
	return v.zip(f, size, m.name, depth)
}

// hand gives a member its number and hands it on.
func (v *visitor) hand(m *member) error {
	if err := v.from.failed(); err != nil {
		return stop(err) // what is wrong with the member is not known
	}
	m.number, m.stream = v.number, &v.stream
	v.number++
	if err := v.each(m); err != nil {
		return stop(err)
	}
	return nil
}

// stopped is an error that is not the archive's.
type stopped struct{ error }

func (s stopped) Unwrap() error { return s.error }

func stop(err error) error {
	if isStopped(err) {
		return err
	}
	return stopped{err}
}

func isStopped(err error) bool {
	_, ok := errors.AsType[stopped](err)
	return ok
}
