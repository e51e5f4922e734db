package capture

import (
	"bytes"
	"encoding/binary"
	"io"
	"testing"
)

var (
	littleEndian binary.ByteOrder = binary.LittleEndian
	bigEndian    binary.ByteOrder = binary.BigEndian
)

// readAll collects copies of all blocks, and the error that ended them, nil
// for a clean end.
func readAll(r io.Reader, opts ReaderOptions) ([]Block, error) {
	rd, err := NewReader(r, opts)
	if err != nil {
		return nil, err
	}
	var blocks []Block
	for {
		b, err := rd.Next()
		if err == io.EOF {
			return blocks, nil
		}
		if err != nil {
			return blocks, err
		}
		for _, block := range b.Blocks {
			block.Raw = bytes.Clone(block.Raw)
			block.Data = bytes.Clone(block.Data)
			block.Options = bytes.Clone(block.Options)
			blocks = append(blocks, block)
		}
		b.Release()
	}
}

// mustRead is readAll of an undamaged file.
func mustRead(t testing.TB, data []byte) []Block {
	t.Helper()
	blocks, err := readAll(bytes.NewReader(data), ReaderOptions{})
	if err != nil {
		t.Fatalf("read: %v", err)
	}
	return blocks
}

// write writes through a Writer and gives what came out.
func write(t testing.TB, do func(w *Writer) error) []byte {
	t.Helper()
	var out bytes.Buffer
	w := NewWriter(&out)
	if err := do(w); err != nil {
		t.Fatalf("write: %v", err)
	}
	if err := w.Flush(); err != nil {
		t.Fatalf("flush: %v", err)
	}
	return out.Bytes()
}

// copyAll writes blocks without an edit.
func copyAll(blocks []Block) func(w *Writer) error {
	return func(w *Writer) error {
		for i := range blocks {
			if err := w.Write(&blocks[i]); err != nil {
				return err
			}
		}
		return nil
	}
}

// packets are the packets among blocks.
func packets(blocks []Block) []Block {
	var found []Block
	for _, b := range blocks {
		if b.Kind == Packet {
			found = append(found, b)
		}
	}
	return found
}
