// Package store is where captures and their outputs lie: a folder of this machine, or a
// bucket. What is put there appears whole or not at all on each of them, which is all
// that lots of work on many machines need of a store.
package store

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
)

// Object is what a store has under a key.
type Object struct {
	Key  string // slash-separated, from the store's root; never absolute
	Size int64  // bytes
	// Version changes whenever the bytes may have: an ETag, a generation, or the size and
	// the time of a file.
	Version string
	// Mode is the type of what is no object but lies in a folder: a symbolic link, a pipe,
	// a device. Objects have none.
	Mode fs.FileMode
}

// Store is a tree of objects. Its methods may be called by several goroutines at a time.
// Errors wrap fs.ErrNotExist, fs.ErrExist, ErrChanged, ErrUnreachable, ErrKey, or are the
// context's; others are for good.
type Store interface {
	// List yields the objects whose keys begin with prefix, in the order of the keys'
	// bytes, as they come: a listing is never held whole. It ends with the first error, except
	// where that comes with the key of what could not be read: what follows is listed
	// if the caller goes on.
	List(ctx context.Context, prefix string) iter.Seq2[Object, error]
	// Stat returns the object of that key.
	Stat(ctx context.Context, key string) (Object, error)
	// Open reads length bytes from offset on, or to the end if length is negative: of
	// that version, if it is not "", else the error is ErrChanged.
	Open(ctx context.Context, key, version string, offset, length int64) (io.ReadCloser, error)
	// Put writes an object, and replaces what has its key. Nobody sees a part of it. Where
	// the store fails for the moment, write is called again, and must write the same.
	Put(ctx context.Context, key string, write func(io.Writer) error) error
	// PutNew writes an object whose key nothing has: of several writers one wins, and for
	// the others the error is fs.ErrExist.
	PutNew(ctx context.Context, key string, write func(io.Writer) error) error
	// Remove takes an object away. It is no error if there is none.
	Remove(ctx context.Context, key string) error
	// Local returns the path of a key in this machine's file system, or "" where the
	// store is none of this machine's.
	Local(key string) string
	// URL names a key to people, and to this program on another machine: a path as it
	// was given, or a URL without credentials.
	URL(key string) string
	Close() error
}

var (
	// ErrChanged says that an object has another version than the one asked for.
	ErrChanged = errors.New("it was changed meanwhile")
	// ErrUnreachable says that a store did not answer, or refused for the moment: it may
	// be tried again.
	ErrUnreachable = errors.New("the store can't be reached")
	// ErrKey says that nothing in the store can have the key.
	ErrKey = errors.New("no key of the store")
	// ErrURL says that a URL is wrong, or that there are no credentials for it.
	ErrURL = errors.New("no URL that opens a store")
	// ErrNoCloud says that this program was built without object storage.
	ErrNoCloud = errors.New("this mendcap was built without object storage")
)
