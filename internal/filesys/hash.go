package filesys

import (
	"context"
	"crypto/sha256"
	"io"
	"sync"
)

// hashStep is how much is read at a time, bytes.
const hashStep = 1 << 18

// hashed are buffers for Hash: of many small files, to clear new ones would take longer
// than to hash what is read.
var hashed = sync.Pool{New: func() any { return new([hashStep]byte) }}

// Hash returns the SHA-256 of what r reads, 32 bytes. Errors are those of reading,
// or the context's once that is done.
func Hash(ctx context.Context, r io.Reader) ([]byte, error) {
	h := sha256.New()
	buf := hashed.Get().(*[hashStep]byte)
	defer hashed.Put(buf)
	if _, err := io.CopyBuffer(h, WhileRunning(ctx, r), buf[:]); err != nil {
		return nil, err
	}
	return h.Sum(nil), nil
}

// WhileRunning returns a reader that gives what r does, and ends with the context's error
// once that is done.
func WhileRunning(ctx context.Context, r io.Reader) io.Reader { return whileRunning{ctx, r} }

// whileRunning ends with the context's error once that is done.
type whileRunning struct {
	ctx context.Context
	io.Reader
}

// AtWhileRunning returns a reader that gives what r does, and ends with the context's error
// once that is done.
func AtWhileRunning(ctx context.Context, r io.ReaderAt) io.ReaderAt { return atWhileRunning{ctx, r} }

// atWhileRunning ends with the context's error once that is done.
type atWhileRunning struct {
	ctx context.Context
	io.ReaderAt
}

// ReadAt implements io.ReaderAt.
func (r atWhileRunning) ReadAt(p []byte, offset int64) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.ReaderAt.ReadAt(p, offset)
}

// Read implements io.Reader.
func (r whileRunning) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}
