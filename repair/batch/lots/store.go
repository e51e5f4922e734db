package lots

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"sort"
	"strconv"

	"github.com/mendcap/mendcap/internal/compress"
	"github.com/mendcap/mendcap/internal/store"
)

// mostHeader is how many bytes a header, or what is noted of the attempts at a lot, has at most.
const mostHeader = 64 << 20

// Open opens the plan of that path, which Run.URL gave.
func Open(ctx context.Context, url string) (*Run, error) {
	plans, id := store.Split(url)
	dir, _ := store.Split(plans)
	out, err := store.Open(ctx, dir)
	if err != nil {
		return nil, err
	}
	r := &Run{ID: id, out: out}
	err = r.readHeader(ctx)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%w: %s has no plan.json: mendcap batch plan says what to name", ErrPlan, url)
	case err != nil && again(err):
		return nil, fmt.Errorf("%w: %w", ErrAgain, err)
	case err != nil:
		return nil, fmt.Errorf("%w: read %s: %w", ErrPlan, url, err)
	}
	return r, nil
}

func (r *Run) readHeader(ctx context.Context) error {
	if err := r.readJSON(ctx, "plan.json", &r.Header); err != nil {
		return err
	}
	return r.check()
}

// check refuses headers that no planner writes: a plan may be anybody's.
func (h *Header) check() error {
	switch {
	case h.Schema != Schema:
		return fmt.Errorf("its schema is %.40q, want %q", h.Schema, Schema)
	case h.Lots < 0 || h.Lots > mostLots:
		return fmt.Errorf("it has %d lots, of at most %d", h.Lots, mostLots)
	case h.Kept < 0:
		return fmt.Errorf("it keeps %d lots", h.Kept)
	case !slices.IsSorted(h.Parts) || len(h.Parts) > 0 && (h.Parts[0] != 0 || h.Parts[len(h.Parts)-1] >= h.Lots):
		return errors.New("its files of items are not in the order of lots")
	}
	return nil
}

// check refuses items that no planner writes. An item is below the input that led to it.
func (it *Item) check(inputs []string) error {
	if it.Root < 0 || it.Root >= len(inputs) {
		return fmt.Errorf("an item of input %d, of %d", it.Root, len(inputs))
	}
	if it.Name != "" && !isName(string(it.Name)) {
		return fmt.Errorf("%.200q names no file below an input", it.Name)
	}
	sizes := []int64{it.Size}
	for i := range it.Beside {
		b := &it.Beside[i]
		if !isName(string(b.Name)) {
			return fmt.Errorf("%.200q names no file beside an item", b.Name)
		}
		sizes = append(sizes, b.Size)
	}
	if slices.Min(sizes) < 0 || slices.Max(sizes) > mostSize {
		return fmt.Errorf("%.200q: no size that a file has", it.Name)
	}
	return nil
}

// mostSize is the size of a file at most, bytes, such that sums of few fit.
const mostSize = 1 << 60

// isName reports whether a path with slashes leads down, and to one file by one name.
func isName(name string) bool {
	return name != "." && path.Clean(name) == name && filepath.IsLocal(filepath.FromSlash(name))
}

// IsPlan reports whether a path is that of a plan, damaged or not.
func IsPlan(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "plan.json"))
	return err == nil
}

// readJSON decodes a file of the plan.
func (r *Run) readJSON(ctx context.Context, name string, v any) error {
	f, err := r.out.Open(ctx, r.key(name), "", 0, -1)
	if err != nil {
		return err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, mostHeader+1))
	if err != nil {
		return err
	}
	if len(text) > mostHeader {
		return fmt.Errorf("%w: it is larger than %d bytes", errDamaged, mostHeader)
	}
	if err := json.Unmarshal(text, v); err != nil {
		return fmt.Errorf("%w: %w", errDamaged, err)
	}
	return nil
}

// errDamaged says that a file of the plan is not as it was written.
var errDamaged = errors.New("it is damaged")

// putJSON writes a file of the plan.
func (r *Run) putJSON(ctx context.Context, name string, v any) error {
	return r.out.Put(ctx, r.key(name), func(w io.Writer) error {
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		return enc.Encode(v)
	})
}

// isThere reports whether the plan has a file.
func (r *Run) isThere(ctx context.Context, name string) (bool, error) {
	_, err := r.out.Stat(ctx, r.key(name))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// ItemsOf reads those of a lot.
func (r *Run) ItemsOf(ctx context.Context, lot int) (items []Item, err error) {
	// A lot begins in the last file that begins with an earlier one, at the latest.
	part := max(0, sort.SearchInts(r.Parts, lot)-1)
	for left := int64(mostLotText); part < len(r.Parts) && r.Parts[part] <= lot; part++ {
		if items, err = r.addItems(ctx, items, part, lot, &left); err != nil {
			return nil, fmt.Errorf("%w: read %s: %w", ErrPlan, r.out.URL(r.key(partName(part))), err)
		}
	}
	if len(items) == 0 {
		return nil, fmt.Errorf("%w: lot %d holds nothing", ErrPlan, lot)
	}
	return items, nil
}

// addItems adds those of a lot in one part, whose lines have so many bytes at most.
func (r *Run) addItems(ctx context.Context, items []Item, part, lot int, left *int64) ([]Item, error) {
	err := r.scan(ctx, part, func(line []byte) (more bool, err error) {
		switch of, ok := lotOf(line); {
		case !ok:
			return false, errors.New("a line is no item")
		case of != lot:
			return of < lot, nil
		}
		if *left -= int64(len(line)); *left < 0 {
			return false, fmt.Errorf("the items of lot %d have more than %d bytes", lot, mostLotText)
		}
		var it Item
		if err := json.Unmarshal(line, &it); err != nil {
			return false, err
		}
		if err := it.check(r.Inputs); err != nil {
			return false, err
		}
		items = append(items, it)
		return true, nil
	})
	return items, err
}

// scan hands on the lines of a part, each of which is an item, as long as more are wanted.
func (r *Run) scan(ctx context.Context, part int, do func(line []byte) (more bool, err error)) error {
	f, err := r.out.Open(ctx, r.key(partName(part)), "", 0, -1)
	if err != nil {
		return err
	}
	defer f.Close()
	plain, _, err := compress.Decompress(f)
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(plain)
	lines.Buffer(nil, longestItem+1) // with the line feed
	for n := 1; lines.Scan(); n++ {
		if n > perPart {
			return fmt.Errorf("more than %d items", perPart)
		}
		if more, err := do(lines.Bytes()); !more || err != nil {
			return err
		}
	}
	return lines.Err()
}

// How much text the items of a plan have, bytes: a lot's is held while it is worked at.
const (
	longestItem = 16 << 20  // one, in a line
	mostLotText = 256 << 20 // those of a lot: some million
)

// beforeLot is what the line of an item begins with.
const beforeLot = `{"lot":`

// lotOf reads the lot of an item's line, and nothing else of it: there are many of others.
func lotOf(line []byte) (lot int, ok bool) {
	rest, ok := bytes.CutPrefix(line, []byte(beforeLot))
	digits, _, more := bytes.Cut(rest, []byte(","))
	lot, err := strconv.Atoi(string(digits))
	return lot, ok && more && err == nil
}
