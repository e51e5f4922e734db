package repair

import (
	"unsafe"

	"github.com/mendcap/mendcap/internal/capture"
)

// maxWindow is how many bytes of the capture may be kept for packets, and for the
// blocks between them, that wait for their place. Beyond it they get it early.
const maxWindow = 64 << 20

// recordSize is what a block takes in memory beside its bytes.
const recordSize = int(unsafe.Sizeof(unit{}) + unsafe.Sizeof(capture.Block{}))

// weight is how many bytes are kept for a block: its share of what its chunk
// keeps. The records of packets don't count, as the number of packets that wait is
// bounded; those of other blocks do.
func (u *unit) weight() int {
	if u.block.Kind == capture.Packet {
		return u.chunk.share
	}
	return u.chunk.share + recordSize
}

// What is on its way between two goroutines at a time, at most, but for one block:
// the bytes that are kept for it, and blocks.
const (
	pieceSize   = 1 << 20
	pieceBlocks = 4096
)

// piece is how many of the units, from the first, make up one piece.
func piece(units []*unit) int {
	size := 0
	for n, u := range units {
		if size += u.chunk.share; n == pieceBlocks || n > 0 && size > pieceSize {
			return n
		}
	}
	return len(units)
}
