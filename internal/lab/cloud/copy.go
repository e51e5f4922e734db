package cloud

import (
	"context"
	"io"

	"github.com/mendcap/mendcap/internal/store"
)

// Copy copies all regular files or objects of a store into another, each of which is
// named by a path or a URL, and returns how many they are.
func Copy(ctx context.Context, from, to string) (n int, err error) {
	a, err := store.Open(ctx, from)
	if err != nil {
		return 0, err
	}
	defer a.Close()
	b, err := store.Open(ctx, to)
	if err != nil {
		return 0, err
	}
	defer b.Close()
	for o, err := range a.List(ctx, "") {
		if err != nil {
			return n, err
		}
		if !o.Mode.IsRegular() {
			continue
		}
		if err := b.Put(ctx, o.Key, contents(ctx, a, o)); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// contents writes what an object has.
func contents(ctx context.Context, from store.Store, o store.Object) func(io.Writer) error {
	return func(w io.Writer) error {
		r, err := from.Open(ctx, o.Key, o.Version, 0, -1)
		if err != nil {
			return err
		}
		defer r.Close()
		_, err = io.Copy(w, r)
		return err
	}
}
