package batch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/mendcap/mendcap/internal/atomicfile"
	"github.com/mendcap/mendcap/internal/compress"
	"github.com/mendcap/mendcap/internal/naming"
)

// unpack hands out the captures of one archive as temporary files, each with its
// tables beside it. No more of them lie there than jobs are under way, and one.
func (r *runner) unpack(ctx context.Context, tasks []task) error {
	file := source{tasks[0].file, r.inPlace[tasks[0].file]}
	kind, _, err := file.sniff()
	if err == nil {
		r.tables, err = os.MkdirTemp(r.scratch, "tables-")
	}
	if err == nil {
		defer os.RemoveAll(r.tables)
		err = r.unpackTables(ctx, file, kind, tasks)
	}
	if err == nil {
		err = r.unpackCaptures(ctx, file, kind, &tasks)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if failed := file.failed(); failed != nil {
		return failed
	}
	if err != nil && r.o.Ends(err) {
		return err
	}
	for i := range tasks { // those that were not reached
		r.conclude(&tasks[i], failure(tasks[i].shown, codeIO, unreached(err)))
	}
	return nil
}

func unreached(err error) string {
	if err == nil {
		return "the archive was changed: the capture is no longer in it"
	}
	return "the archive could not be read that far: " + reason(err)
}

// unpackCaptures goes through an archive, and takes the tasks that it has handed
// out from the front of the list.
func (r *runner) unpackCaptures(ctx context.Context, file source, kind kind, tasks *[]task) error {
	return visit(ctx, file, kind, r.limits, func(m *member) error {
		if len(*tasks) == 0 || (*tasks)[0].member != m.number {
			return nil
		}
		t := &(*tasks)[0]
		j, err := r.spool(ctx, t, m)
		if err != nil {
			if errors.Is(err, errLimit) || ctx.Err() != nil || file.failed() != nil || r.o.Ends(err) {
				return err
			}
			r.conclude(t, failure(t.shown, codeIO, "unpack: "+reason(err)))
		} else if err := r.send(ctx, j); err != nil {
			return err
		}
		*tasks = (*tasks)[1:]
		return nil
	})
}

// spool writes a member to a temporary file. Of a damaged one, what can be read
// is used.
func (r *runner) spool(ctx context.Context, t *task, m *member) (j job, err error) {
	if m.failed != nil {
		return job{}, m.failed
	}
	dir, err := os.MkdirTemp(r.scratch, "member-")
	if err != nil {
		return job{}, err
	}
	defer func() {
		if err != nil {
			os.RemoveAll(dir)
		}
	}()
	j = job{t: t, file: filepath.Join(dir, baseName(m.name)), done: func() { os.RemoveAll(dir) }}
	from := &cutReader{r: m.body}
	n, err := copyTo(j.file, from)
	if failed := (source{t.file, r.inPlace[t.file]}).failed(); failed != nil {
		return job{}, failed // no part of a member is taken for all that can be read
	}
	if from.err != nil {
		if j.cut = from.err; n == 0 || errors.Is(from.err, errLimit) {
			return job{}, from.err
		}
		err = nil
	}
	if err != nil {
		return job{}, err
	}
	if err := os.Chmod(j.file, atomicfile.Permissions(t.file)); err != nil { // its output may have those of the archive
		return job{}, err
	}
	if err := measure(ctx, j.file, m.stream); err != nil {
		return job{}, err
	}
	for _, table := range t.tables {
		if err := r.placeTable(dir, table); err != nil {
			return job{}, err
		}
	}
	return j, nil
}

// measure counts what a compressed member decompresses to as unpacked from its
// archive too: else an archive of bombs would be none. Damage is said elsewhere.
func measure(ctx context.Context, file string, b *budget) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	plain, compression, err := compress.DecompressSalvaging(f)
	if err != nil || compression == "" {
		return nil
	}
	_, err = io.Copy(io.Discard, &metered{ctx, plain, b})
	if errors.Is(err, errLimit) || ctx.Err() != nil {
		return err
	}
	return nil
}

// cutReader ends where reading fails, and keeps the error.
type cutReader struct {
	r   io.Reader
	err error
}

func (c *cutReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	if err != nil && err != io.EOF {
		c.err, err = err, io.EOF
	}
	return n, err
}

func copyTo(name string, from io.Reader) (n int64, err error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return io.Copy(f, from)
}

// tableName is where the tables that a member holds lie until their captures are
// repaired.
func (r *runner) tableName(member int) string {
	return filepath.Join(r.tables, strconv.Itoa(member))
}

// unpackTables unpacks the tables of all captures: they may come after them.
func (r *runner) unpackTables(ctx context.Context, file source, kind kind, tasks []task) error {
	wanted := make(map[int]int64) // how large each may be, bytes
	for i := range tasks {
		for _, table := range tasks[i].tables {
			wanted[table.member] = r.limits.table
			if table.suffix == naming.TraceOfTables {
				wanted[table.member] = r.limits.unpacked
			}
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	if len(wanted) > r.limits.tables {
		return limitf("more than %d files of network tables", r.limits.tables)
	}
	err := visit(ctx, file, kind, r.limits, func(m *member) error {
		most, ok := wanted[m.number]
		if !ok || m.body == nil {
			return nil
		}
		n, err := copyTo(r.tableName(m.number), &cutReader{r: io.LimitReader(m.body, most+1)})
		if err == nil && n > most {
			err = limitf("network tables of more than %d bytes", most)
		}
		return err
	})
	if isStopped(err) || errors.Is(err, errLimit) {
		return err
	}
	return nil // where the archive is damaged is said of it already
}

// placeTable puts tables beside a capture. Some that could not be unpacked are
// missing.
func (r *runner) placeTable(dir string, t tableFile) error {
	from, err := os.Open(r.tableName(t.member))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer from.Close()
	name := filepath.Join(dir, filepath.FromSlash(t.rel))
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	ext := filepath.Ext(name)
	for n := 2; ; n++ {
		_, err = copyTo(name, from)
		if !errors.Is(err, os.ErrExist) {
			return err
		}
		// Another member has a name that differs by its case, or was made safe.
		name = fmt.Sprintf("%s~%d%s", strings.TrimSuffix(filepath.Join(dir, filepath.FromSlash(t.rel)), ext), n, ext)
	}
}
