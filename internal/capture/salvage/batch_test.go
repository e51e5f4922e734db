package salvage

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"testing"

	"github.com/mendcap/mendcap/internal/capture"
)

// smallBlocks is a pcapng capture with so many blocks of twelve bytes.
func smallBlocks(blocks int) []byte {
	small := binary.LittleEndian.AppendUint32(nil, 0x77)
	small = binary.LittleEndian.AppendUint32(small, 12)
	small = binary.LittleEndian.AppendUint32(small, 12)
	return append(madeSection(binary.LittleEndian), bytes.Repeat(small, blocks)...)
}

// A batch of small blocks has no more of them than maxBlocks, and nothing is lost
// between batches: neither blocks nor the damage at the end.
func TestBatchesHaveFewBlocks(t *testing.T) {
	const blocks = 5 * capture.MaxBlocks
	whole := smallBlocks(blocks)
	for _, salvage := range []mode{off, on} {
		for name, content := range map[string][]byte{"whole": whole, "cut": whole[:len(whole)-5]} {
			r, err := salvage.open(bytes.NewReader(content), capture.ReaderOptions{})
			if err != nil {
				t.Fatal(err)
			}
			met, offset := 0, int64(0)
			for {
				var b *capture.Batch
				if b, err = r.Next(); err != nil {
					break
				}
				if len(b.Blocks) > capture.MaxBlocks {
					t.Fatalf("%s, salvage %d: a batch of %d blocks, want at most %d", name, salvage, len(b.Blocks), capture.MaxBlocks)
				}
				for i := range b.Blocks {
					if b.Blocks[i].Offset != offset {
						t.Fatalf("%s, salvage %d: block %d at byte %d, want %d", name, salvage, met, b.Blocks[i].Offset, offset)
					}
					offset += int64(len(b.Blocks[i].Raw))
					met++
				}
				b.Release()
			}
			want := blocks + 1
			if name == "cut" {
				want--
			}
			if met != want {
				t.Errorf("%s, salvage %d: got %d blocks, want %d", name, salvage, met, want)
			}
			var broken *capture.FormatError
			switch cut := name == "cut"; {
			case salvage == off && errors.As(err, &broken) != cut, !cut && err != io.EOF:
				t.Errorf("%s, salvage %d: got error %v", name, salvage, err)
			case salvage == on && (damage(r).Total > 0) != cut:
				t.Errorf("%s, salvage %d: got damage %+v", name, salvage, damage(r))
			}
		}
	}
}
