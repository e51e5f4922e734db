package pipeline

import (
	"unsafe"

	"github.com/mendcap/mendcap/infer"
	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/packet"
	"github.com/mendcap/mendcap/reorder"
)

// maxWindow is how many bytes of the capture may be kept for what waits for its
// place: packets, and blocks between them. Beyond it they get it early. maxBetween is
// how many of them blocks may take that are no packets, with their records, and
// maxRecords how many the records of packets may take: about 48,000 of them, 43,000
// where they lack their header, so that small packets take no more than large ones.
const (
	maxWindow  = 64 << 20
	maxBetween = 16 << 20
	maxRecords = 39 << 20
)

// recordSize is what a block takes in memory beside its bytes, and packetSize what a
// packet does, with what order keeps of it; answerSize is what one takes besides that
// lacks its header, and innerSize one in a tunnel.
const (
	recordSize = int(unsafe.Sizeof(unit{}) + unsafe.Sizeof(capture.Block{}))
	packetSize = recordSize + reorder.HeldSize
	answerSize = int(unsafe.Sizeof(infer.Answer{}))
	innerSize  = int(unsafe.Sizeof(packet.View{}))
)

// The stages in which units wait.
const (
	inSequencer = iota
	inAligner

	stages
)

// weights count what is kept for the blocks that wait in a stage, bytes: of the
// bytes that a block's chunk keeps its share.
type weights struct {
	all, between, records int

	stage  int
	chunks int // what the chunks keep that have such blocks
	own    int // what of that is theirs
	bound  int // the least of chunks since sparse ones were looked for
}

// add takes in a block that waits from now on, or with -1 one that waits no longer.
func (w *weights) add(u *unit, sign int) {
	c := u.chunk
	if sign < 0 {
		c.waiting[w.stage]--
	}
	if c.waiting[w.stage] == 0 {
		w.chunks += sign * c.size
		w.bound = min(w.bound, w.chunks)
	}
	if sign > 0 {
		c.waiting[w.stage]++
	}
	share := sign * c.share
	w.all += share
	w.own += share + sign*recordSize
	if u.block.Kind != capture.Packet {
		w.between += share + sign*recordSize
		return
	}
	w.records += sign * packetSize
	if u.answer != nil {
		w.records += sign * answerSize
		w.own += sign * answerSize
	}
	if u.inner != nil {
		w.records += sign * innerSize
		w.own += sign * innerSize
	}
}

// over reports whether more waits than one n-th of what may.
func (w *weights) over(n int) bool {
	return w.all > maxWindow/n || w.between > maxBetween/n || w.records > maxRecords/n
}

// What is on its way between two goroutines at a time, at most, but for one block:
// the bytes that are kept for it, and blocks.
const (
	pieceSize   = 1 << 20
	pieceBlocks = 1024
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
