package salvage

import (
	"bytes"
	"io"
	"testing"

	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/lab/handmade"
)

// reads counts how often it is read from.
type reads struct {
	r io.Reader
	n int
}

func (c *reads) Read(p []byte) (int, error) {
	c.n++
	return c.r.Read(p)
}

// manyInterfaces is a section of so many interfaces, each with a packet.
func manyInterfaces(n int) []byte {
	f := (&handmade.File{}).Section(littleEndian)
	data, head := f.Buf, len(f.Buf)
	f.Iface(linkRaw, 0).EPBOf(0, 1700000000000000, handmade.IPv4(40, 1))
	pair := f.Buf[head:]
	number := pair[capture.InterfaceFixed+capture.TrailerLen+8:]
	for i := range uint32(n) {
		littleEndian.PutUint32(number, i)
		data = append(data, pair...)
	}
	return data
}

// Beyond the limit of interfaces each block is damage of its own, and is decided
// by what is far after it. That is read once, not for each block anew.
func TestManyInterfaces(t *testing.T) {
	const n, limit = 30_000, 64 << 10
	data := manyInterfaces(n)
	src := &reads{r: bytes.NewReader(data)}
	r, err := NewReader(src, Options{ReaderOptions: capture.ReaderOptions{MaxBlock: limit}})
	if err != nil {
		t.Fatal(err)
	}
	packets, first := 0, 0
	for {
		b, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range b.Blocks {
			if block.Kind == capture.Packet {
				packets++
				if block.Interface.ID == 0 {
					first++
				}
			}
		}
		b.Release()
	}
	// An interface takes 256 bytes and twice its block.
	known := limit / (256 + 2*(capture.InterfaceFixed+capture.TrailerLen))
	d := r.Damage()
	if packets != n || first != n-known+1 || d.Total != int64(2*(n-known)) {
		t.Errorf("got %d packets, %d of them on the first interface, and %d places of damage; want %d, %d and %d",
			packets, first, d.Total, n, n-known+1, 2*(n-known))
	}
	if most := 4 * (len(data)/defaultBatchSize + 1); src.n > most {
		t.Errorf("the file was read in %d parts, want %d at most", src.n, most)
	}
}

// Interfaces that differ leave it open which of them a packet belongs to that is
// on none.
func TestManyInterfacesThatDiffer(t *testing.T) {
	for name, other := range map[string]func(*handmade.File){
		"alike":      func(f *handmade.File) { f.Iface(linkRaw, 0) },
		"link type":  func(f *handmade.File) { f.Iface(1, 0) },
		"resolution": func(f *handmade.File) { f.Iface(linkRaw, 0, f.Option(capture.OptResol, []byte{9}), f.End()) },
		"offset":     func(f *handmade.File) { f.Iface(linkRaw, 0, f.Option(capture.OptOffset, f.U64(5)), f.End()) },
	} {
		f := (&handmade.File{}).Section(littleEndian).Iface(1, 0) // of another section
		f.Section(littleEndian).Iface(linkRaw, 0).Iface(linkRaw, 0)
		other(f)
		f.EPBOf(9999, 1700000000000000, handmade.IPv4(40, 1)).EPBOf(0, 1700000000000000, handmade.IPv4(40, 1))
		want := 1
		if name == "alike" {
			want = 2
		}
		got := salvage(t, f.Buf, capture.ReaderOptions{})
		if n := len(packets(got.blocks)); n != want || got.damages.Total != 1 {
			t.Errorf("%s: got %d packets, %+v; want %d and one place of damage", name, n, got.damages, want)
		}
	}
}
