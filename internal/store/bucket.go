//go:build cloud

package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"net/url"
	"path"
	"strings"
	"time"

	"gocloud.dev/blob"
)

// HasBuckets says whether this program was built with object storage.
const HasBuckets = true

// bucket is the store below a prefix of a bucket.
type bucket struct {
	*blob.Bucket
	provider
	at       url.URL // as it was given
	prefix   string  // of all keys; empty, or with a slash at its end
	patience time.Duration
}

// provider is what the stores of one kind have of their own.
type provider struct {
	open func(context.Context, *url.URL) (*blob.Bucket, error)

	// The version of an object, as a listing, its attributes and a read have it.
	listed func(*blob.ListObject) string
	stated func(*blob.Attributes) string
	read   func(*blob.Reader) string
	// only has a read fail where the object has another version, unless that is "", and
	// give the bytes that are stored.
	only func(as func(any) bool, version string)
}

var providers = map[string]provider{"s3": amazon, "gs": google, "azblob": azure}

func openBucket(ctx context.Context, u *url.URL) (Store, error) {
	b := &bucket{provider: providers[u.Scheme], at: *u, prefix: strings.TrimPrefix(path.Clean(u.Path), "/"), patience: usualPatience}
	if b.prefix == "." {
		b.prefix = ""
	}
	if b.prefix != "" {
		b.prefix += "/"
	}
	opened, err := b.open(ctx, u)
	if err != nil {
		return nil, fmt.Errorf("%w: %s://%s: %s", ErrURL, u.Scheme, u.Host, describe(err))
	}
	b.Bucket = opened
	return b, nil
}

// pageSize is how many objects one request lists: as many as S3 does.
const pageSize = 1000

// List implements Store. Keys that end with a slash are not listed: tools make such
// objects of no bytes as signs of folders.
func (b *bucket) List(ctx context.Context, prefix string) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		last := ""
		for token := blob.FirstPageToken; len(token) > 0; {
			var page []*blob.ListObject
			err := b.ask(ctx, prefix, func(ctx context.Context) (err error) {
				page, token, err = b.page(ctx, prefix, token)
				return err
			})
			if err != nil {
				yield(Object{}, err)
				return
			}
			for _, o := range page {
				key := strings.TrimPrefix(o.Key, b.prefix)
				if key <= last {
					yield(Object{}, fmt.Errorf("%s: the store lists %q after %q, which is not the order of their bytes", b.name(prefix), key, last))
					return
				}
				if last = key; strings.HasSuffix(key, "/") {
					continue
				}
				if !yield(Object{Key: key, Size: o.Size, Version: b.listed(o)}, nil) {
					return
				}
			}
		}
	}
}

// page lists the objects of one page, and returns the token of the next.
func (b *bucket) page(ctx context.Context, prefix string, token []byte) ([]*blob.ListObject, []byte, error) {
	page, next, err := b.ListPage(ctx, token, pageSize, &blob.ListOptions{Prefix: b.prefix + prefix})
	if err != nil {
		return nil, token, err
	}
	return page, next, nil
}

// Stat implements Store.
func (b *bucket) Stat(ctx context.Context, key string) (o Object, err error) {
	err = b.ask(ctx, key, func(ctx context.Context) error {
		found, err := b.Attributes(ctx, b.prefix+key)
		if err == nil {
			o = Object{Key: key, Size: found.Size, Version: b.stated(found)}
		}
		return err
	})
	return o, err
}

// Put implements Store. What write does is done again where the store fails for the
// moment: it must write the same then.
func (b *bucket) Put(ctx context.Context, key string, write func(io.Writer) error) error {
	return b.retry(ctx, key, func() error { return b.put(ctx, key, &blob.WriterOptions{}, write) })
}

// writerKey names who wrote an object that is to be new, in its metadata.
const writerKey = "mendcapwriter"

// PutNew implements Store, and write is called as Put calls it. Where a request is
// repeated whose answer was lost, the object that is there already may be its own: it has
// a number by which its writer knows it.
func (b *bucket) PutNew(ctx context.Context, key string, write func(io.Writer) error) error {
	mine := rand.Text()
	err := b.retry(ctx, key, func() error {
		return b.put(ctx, key, &blob.WriterOptions{IfNotExist: true, Metadata: map[string]string{writerKey: mine}}, write)
	})
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	own := false
	failed := b.ask(ctx, key, func(ctx context.Context) error {
		found, err := b.Attributes(ctx, b.prefix+key)
		own = err == nil && found.Metadata[writerKey] == mine
		return err
	})
	if own || failed != nil && !errors.Is(failed, fs.ErrNotExist) {
		return failed
	}
	return err
}

// partSize is how much of an upload is sent, and sent again, at a time, bytes. S3 takes
// 10,000 parts of an object.
const partSize = 16 << 20

func (b *bucket) put(ctx context.Context, key string, o *blob.WriterOptions, write func(io.Writer) error) error {
	w := b.watch(ctx)
	o.ContentType, o.BufferSize, o.MaxConcurrency = "application/octet-stream", partSize, 2
	to, err := b.NewWriter(w, b.prefix+key, o)
	w.rest()
	if err != nil {
		return w.end(err)
	}
	if err := write(&watchedWriter{w, to}); err != nil {
		err = w.end(err) // or what is there of it would appear
		if failed := to.Close(); isTransient(failed) {
			return failed
		}
		return err
	}
	w.wait()
	return w.end(to.Close())
}

// Remove implements Store.
func (b *bucket) Remove(ctx context.Context, key string) error {
	err := b.ask(ctx, key, func(ctx context.Context) error { return b.Delete(ctx, b.prefix+key) })
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// Local implements Store.
func (b *bucket) Local(string) string { return "" }

// URL implements Store.
func (b *bucket) URL(key string) string {
	u := b.at
	u.Path, u.RawPath = "/"+b.prefix+key, ""
	return u.String()
}

// name names a key in errors.
func (b *bucket) name(key string) string {
	return b.at.Scheme + "://" + b.at.Host + "/" + b.prefix + key
}
