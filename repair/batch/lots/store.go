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
	err = r.readJSON(ctx, "plan.json", &r.Header)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%w: %s has no plan.json: mendcap batch plan says what to name", ErrPlan, url)
	case err != nil && again(err):
		return nil, fmt.Errorf("%w: %w", ErrAgain, err)
	case err != nil:
		return nil, fmt.Errorf("%w: read %s: %w", ErrPlan, url, err)
	case r.Schema != Schema:
		return nil, fmt.Errorf("%w: its schema is %q, want %q", ErrPlan, r.Schema, Schema)
	}
	return r, nil
}

// IsPlan reports whether a path or URL is one that Open opens, by what lies there.
func IsPlan(ctx context.Context, url string) bool {
	_, err := Open(ctx, url)
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
	if err == nil && len(text) > mostHeader {
		err = fmt.Errorf("larger than %d bytes", mostHeader)
	}
	if err == nil {
		err = json.Unmarshal(text, v)
	}
	return err
}

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
	for ; part < len(r.Parts) && r.Parts[part] <= lot; part++ {
		if items, err = r.addItems(ctx, items, part, lot); err != nil {
			return nil, fmt.Errorf("%w: read %s: %w", ErrPlan, r.out.URL(r.key(partName(part))), err)
		}
	}
	if len(items) == 0 {
		return nil, fmt.Errorf("%w: lot %d holds nothing", ErrPlan, lot)
	}
	return items, nil
}

// addItems adds those of a lot in one part.
func (r *Run) addItems(ctx context.Context, items []Item, part, lot int) ([]Item, error) {
	f, err := r.out.Open(ctx, r.key(partName(part)), "", 0, -1)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	plain, _, err := compress.Decompress(f)
	if err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(plain)
	lines.Buffer(nil, longestItem)
	for lines.Scan() {
		switch of, ok := lotOf(lines.Bytes()); {
		case !ok:
			return nil, errors.New("a line is no item")
		case of < lot:
			continue
		case of > lot:
			return items, nil
		}
		var it Item
		if err := json.Unmarshal(lines.Bytes(), &it); err != nil {
			return nil, err
		}
		if it.Root < 0 || it.Root >= len(r.Inputs) {
			return nil, fmt.Errorf("an item of input %d, of %d", it.Root, len(r.Inputs))
		}
		items = append(items, it)
	}
	return items, lines.Err()
}

// longestItem is how long the line of an item may be, bytes.
const longestItem = 16 << 20

// beforeLot is what the line of an item begins with.
const beforeLot = `{"lot":`

// lotOf reads the lot of an item's line, and nothing else of it: there are many of others.
func lotOf(line []byte) (lot int, ok bool) {
	rest, ok := bytes.CutPrefix(line, []byte(beforeLot))
	digits, _, more := bytes.Cut(rest, []byte(","))
	lot, err := strconv.Atoi(string(digits))
	return lot, ok && more && err == nil
}
