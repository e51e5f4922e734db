package salvage

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/lab/handmade"
)

// benchFile is a pcapng file of about so many bytes with packets of one size.
func benchFile(size, total int) (data []byte, n int) {
	one := (&handmade.File{Order: littleEndian}).EPB(0, 1<<50, strings.Repeat("x", size)).Buf
	head := (&handmade.File{}).Section(littleEndian).Iface(1, 0).Buf
	n = total / len(one)
	return append(head, bytes.Repeat(one, n)...), n
}

// Salvage looks at every block of a good file, too.
func BenchmarkReaderSalvaging(b *testing.B) {
	for _, size := range []int{60, 1500} {
		ng, _ := benchFile(size, 64<<20)
		for name, data := range map[string][]byte{"pcapng": ng, "pcap": benchPcap(size, 64<<20)} {
			for mode, salvage := range map[string]mode{"off": off, "on": on} {
				b.Run(fmt.Sprintf("%s-%d-%s", name, size, mode), func(b *testing.B) {
					b.SetBytes(int64(len(data)))
					b.ReportAllocs()
					var n int64
					for b.Loop() {
						r, err := salvage.open(bytes.NewReader(data), capture.ReaderOptions{})
						if err != nil {
							b.Fatal(err)
						}
						for batch, err := r.Next(); err != io.EOF; batch, err = r.Next() {
							if err != nil {
								b.Fatal(err)
							}
							if last := batch.Blocks[len(batch.Blocks)-1]; last.Frame > 0 {
								n = last.Frame
							}
							batch.Release()
						}
						if d := damage(r); d.Total != 0 {
							b.Fatalf("damage in a good file: %+v", d)
						}
					}
					b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "packets/s")
				})
			}
		}
	}
}

// The most that salvage has to do is with a block that is damage of its own.
func BenchmarkReaderInterfaces(b *testing.B) {
	const n = 1_000_000
	data := manyInterfaces(n)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		r, err := NewReader(bytes.NewReader(data), Options{})
		if err != nil {
			b.Fatal(err)
		}
		for batch, err := r.Next(); err != io.EOF; batch, err = r.Next() {
			if err != nil {
				b.Fatal(err)
			}
			batch.Release()
		}
		if r.in.Frame() != n {
			b.Fatalf("got %d packets, want %d", r.in.Frame(), n)
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "packets/s")
}

// benchPcap is a pcap file of about so many bytes with packets of one size.
func benchPcap(size, total int) []byte {
	data := handmade.Pcap(littleEndian, magicMicro, 1)
	f := &handmade.File{Order: littleEndian}
	for i := uint32(0); len(data) < total; i++ {
		data = append(data, slices.Concat(f.U32(1700000000+i/1000), f.U32(i%1000), f.U32(uint32(size)), f.U32(uint32(size)))...)
		data = append(data, bytes.Repeat([]byte{'x'}, size)...)
	}
	return data
}
