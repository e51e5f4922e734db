package capture

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/mendcap/mendcap/internal/lab/handmade"
)

// benchFile is a pcapng file of about so many bytes with packets of one size.
func benchFile(size, total int) (data []byte, n int) {
	one := (&handmade.File{Order: littleEndian}).EPB(0, 1<<50, strings.Repeat("x", size)).Buf
	head := (&handmade.File{}).Section(littleEndian).Iface(1, 0).Buf
	n = total / len(one)
	return append(head, bytes.Repeat(one, n)...), n
}

func BenchmarkReader(b *testing.B) {
	for _, size := range []int{60, 1500} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			data, n := benchFile(size, 64<<20)
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if got := drain(b, bytes.NewReader(data), func(*Block) error { return nil }); got != n {
					b.Fatalf("got %d packets, want %d", got, n)
				}
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "packets/s")
		})
	}
}

func BenchmarkWriter(b *testing.B) {
	edits := map[string]*PacketEdit{
		"copied":    nil,
		"stamped":   {HasTicks: true, Ticks: 7},
		"commented": {HasTicks: true, Ticks: 7, Comments: [][]byte{[]byte("mendcap: moved by the law ack")}},
	}
	for _, name := range []string{"copied", "stamped", "commented"} {
		b.Run(name, func(b *testing.B) {
			data, n := benchFile(1500, 4<<20)
			blocks := mustRead(b, data)
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				w := NewWriter(io.Discard)
				for i := range blocks {
					block := &blocks[i]
					err := error(nil)
					if block.Kind == Packet {
						err = w.WritePacket(block, edits[name])
					} else {
						err = w.Write(block)
					}
					if err != nil {
						b.Fatal(err)
					}
				}
				if err := w.Flush(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "packets/s")
		})
	}
}

// drain reads a file to its end, hands over each packet and counts them.
func drain(b *testing.B, r io.Reader, each func(*Block) error) (n int) {
	rd, err := NewReader(r, ReaderOptions{})
	if err != nil {
		b.Fatal(err)
	}
	for {
		batch, err := rd.Next()
		if err == io.EOF {
			return n
		}
		if err != nil {
			b.Fatal(err)
		}
		for i := range batch.Blocks {
			if batch.Blocks[i].Kind == Packet {
				n++
				if err := each(&batch.Blocks[i]); err != nil {
					b.Fatal(err)
				}
			}
		}
		batch.Release()
	}
}
