package capture

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
)

// benchFile is a pcapng file of about so many bytes with packets of one size.
func benchFile(size, total int) (data []byte, n int) {
	one := (&file{order: littleEndian}).epb(0, 1<<50, strings.Repeat("x", size)).buf
	head := (&file{}).section(littleEndian).iface(1, 0).buf
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

// Salvage looks at every block of a good file, too.
func BenchmarkReaderSalvaging(b *testing.B) {
	for _, size := range []int{60, 1500} {
		ng, _ := benchFile(size, 64<<20)
		for name, data := range map[string][]byte{"pcapng": ng, "pcap": benchPcap(size, 64<<20)} {
			for mode, salvage := range map[string]Salvage{"off": SalvageNone, "on": SalvageOn} {
				b.Run(fmt.Sprintf("%s-%d-%s", name, size, mode), func(b *testing.B) {
					b.SetBytes(int64(len(data)))
					b.ReportAllocs()
					var n int64
					for b.Loop() {
						r, err := NewReader(bytes.NewReader(data), ReaderOptions{Salvage: salvage})
						if err != nil {
							b.Fatal(err)
						}
						for batch, err := r.Next(); err != io.EOF; batch, err = r.Next() {
							if err != nil {
								b.Fatal(err)
							}
							batch.Release()
						}
						if d := r.Damage(); d.Total != 0 {
							b.Fatalf("damage in a good file: %+v", d)
						}
						n = r.frame
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
		r, err := NewReader(bytes.NewReader(data), ReaderOptions{Salvage: SalvageOn})
		if err != nil {
			b.Fatal(err)
		}
		for batch, err := r.Next(); err != io.EOF; batch, err = r.Next() {
			if err != nil {
				b.Fatal(err)
			}
			batch.Release()
		}
		if r.frame != n {
			b.Fatalf("got %d packets, want %d", r.frame, n)
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "packets/s")
}

// benchPcap is a pcap file of about so many bytes with packets of one size.
func benchPcap(size, total int) []byte {
	data := pcapFile(littleEndian, magicMicro, 1)
	f := &file{order: littleEndian}
	for i := uint32(0); len(data) < total; i++ {
		data = append(data, slices.Concat(f.u32(1700000000+i/1000), f.u32(i%1000), f.u32(uint32(size)), f.u32(uint32(size)))...)
		data = append(data, bytes.Repeat([]byte{'x'}, size)...)
	}
	return data
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
