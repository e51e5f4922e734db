package compress

import (
	"bytes"
	"encoding/binary"
	"io"
	"math"
)

// guard passes compressed data on and follows its structure, so that it is known
// where a stream or frame has ended: what is there is another one, or none of
// the data's.
type guard struct {
	r    io.Reader
	step func() error // what to do once head is complete; it sets the next one
	head []byte
	want int   // bytes that belong into head
	skip int64 // bytes to pass over before that
	err  error

	between bool // head is where another stream or frame may begin
	begins  func(head []byte) bool
	frames  map[string]func() error // by their magics, the step after that: those of zstd and lz4
}

// Trailing says that something follows the end of compressed data that is none.
type Trailing struct{ left int64 } // bytes that were read of it

func (t *Trailing) Error() string { return "other bytes after its end" }

func (g *guard) Read(p []byte) (int, error) {
	if g.err != nil {
		return 0, g.err
	}
	n, err := g.r.Read(p)
	g.err = g.follow(p[:n])
	if t, ok := g.err.(*Trailing); ok && t.left < int64(n) {
		return n - int(t.left), nil
	}
	if g.err != nil {
		return 0, g.err
	}
	return n, err
}

// follow takes in the next bytes of the file.
func (g *guard) follow(p []byte) error {
	for len(p) > 0 {
		over := min(g.skip, int64(len(p)))
		g.skip -= over
		p = p[over:]
		take := min(g.want-len(g.head), len(p))
		g.head = append(g.head, p[:take]...)
		p = p[take:]
		if g.between && !g.begins(g.head) {
			return &Trailing{left: int64(len(g.head) + len(p))}
		}
		for g.skip == 0 && len(g.head) == g.want {
			if err := g.step(); err != nil {
				return err
			}
		}
	}
	return nil
}

// expect sets the next step: after so many bytes, with so many bytes. As all that sets
// one, it returns no error, so that a step can end with it.
func (g *guard) expect(skip int64, want int, step func() error) error {
	g.skip, g.want, g.step, g.head, g.between = skip, want, step, g.head[:0], false
	return nil
}

// ended is expect at the end of a stream or frame.
func (g *guard) ended(skip int64, want int, step func() error) error {
	err := g.expect(skip, want, step)
	g.between = true
	return err
}

// more asks for further bytes for the present step.
func (g *guard) more(want int) error {
	g.want = want
	return nil
}

// startsLike says whether a magic begins as head does.
func startsLike(head []byte, magics ...string) bool {
	for _, m := range magics {
		if bytes.HasPrefix([]byte(m), head) {
			return true
		}
	}
	return len(head) > 0 && head[0]&0xF0 == 0x50 && bytes.HasPrefix([]byte("\x2a\x4d\x18"), head[1:]) // a skippable frame
}

// frame reads a magic. What has none of the frames' is a skippable frame: those of zstd
// and of lz4 are the same (RFC 8878, section 3.1.2).
func (g *guard) frame() error {
	if next := g.frames[string(g.head)]; next != nil {
		return next()
	}
	return g.expect(0, 4, func() error {
		return g.ended(int64(binary.LittleEndian.Uint32(g.head)), 4, g.frame)
	})
}

// zstdGuard follows the frames and blocks of zstd (RFC 8878, section 3.1.1).
type zstdGuard struct {
	guard
	checksum int64 // length of the frame's
}

func newZstdGuard(r io.Reader) *zstdGuard {
	g := &zstdGuard{guard: guard{r: r, begins: func(head []byte) bool { return startsLike(head, magicZstd) }}}
	g.frames = map[string]func() error{magicZstd: func() error { return g.expect(0, 1, g.descriptor) }}
	g.expect(0, len(magicZstd), g.frame)
	return g
}

// descriptor reads what a frame's header has.
func (g *zstdGuard) descriptor() error {
	d := g.head[0]
	single := int64(d >> 5 & 1)
	size := 1 - single + [...]int64{0, 1, 2, 4}[d&3] + [...]int64{single, 2, 4, 8}[d>>6]
	g.checksum = int64(d>>2&1) * 4
	return g.expect(size, 3, g.block)
}

func (g *zstdGuard) block() error {
	h := int64(g.head[0]) | int64(g.head[1])<<8 | int64(g.head[2])<<16
	size := h >> 3
	const repeated, reserved = 1, 3
	switch h >> 1 & 3 {
	case repeated:
		size = 1
	case reserved: // the decompressor says so
		size = math.MaxInt64 / 2
	}
	if last := h&1 != 0; last {
		return g.ended(size+g.checksum, len(magicZstd), g.frame)
	}
	return g.expect(size, 3, g.block)
}

// lz4Guard follows the frames and blocks of lz4 (the LZ4 frame format 1.6.3).
type lz4Guard struct {
	guard
	blockSum, contentSum int64 // lengths of the checksums
}

func newLZ4Guard(r io.Reader) *lz4Guard {
	g := &lz4Guard{guard: guard{r: r, begins: func(head []byte) bool { return startsLike(head, magicLZ4, magicLegacyLZ4) }}}
	g.frames = map[string]func() error{
		magicLZ4:       func() error { return g.expect(0, 2, g.flags) },
		magicLegacyLZ4: func() error { return g.expect(0, 4, g.legacy) },
	}
	g.expect(0, len(magicLZ4), g.frame)
	return g
}

func (g *lz4Guard) flags() error {
	f := g.head[0]
	bit := func(n int) int64 { return int64(f >> n & 1) }
	g.blockSum, g.contentSum = 4*bit(4), 4*bit(2)
	return g.expect(8*bit(3)+4*bit(0)+1, 4, g.block)
}

func (g *lz4Guard) block() error {
	size := binary.LittleEndian.Uint32(g.head)
	if size == 0 {
		return g.ended(g.contentSum, len(magicLZ4), g.frame)
	}
	return g.expect(int64(size&0x7FFFFFFF)+g.blockSum, 4, g.block)
}

// legacy reads the size of a block, or the magic of another frame: only that ends
// one of the legacy form.
func (g *lz4Guard) legacy() error {
	if startsLike(g.head, magicLZ4, magicLegacyLZ4) {
		return g.frame()
	}
	return g.expect(int64(binary.LittleEndian.Uint32(g.head)), 4, g.legacy)
}

// bzip2End begins the end of a stream of bzip2, at any bit. Its checksum of four
// bytes follows; bzip2Tail is how many bytes both take at most.
const (
	bzip2End  = 0x177245385090
	bzip2Tail = 6 + 4 + 1
)

// endsBzip2 says whether a stream of bzip2 ends after these bytes, the first eight of
// bzip2Tail, and three more.
func endsBzip2(window uint64) bool {
	// The magic is 80 bits before the end, or up to 7 more where bits fill it up.
	for fill := range 8 {
		if window>>(8+fill)&(1<<48-1) == bzip2End {
			return true
		}
	}
	return false
}
