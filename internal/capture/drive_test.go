package capture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"testing"

	"github.com/mendcap/mendcap/internal/lab/handmade"
)

// resuming is a driver that goes on at known offsets where a Reader would end.
type resuming struct {
	*Reader
	known  []int64
	broken []int64 // where blocks could not be read
}

func (d *resuming) Step(ended bool) (need int, err error) {
	for {
		need, err = (*strict)(d.Reader).Step(ended)
		var broken *FormatError
		if !errors.As(err, &broken) || len(d.known) == 0 {
			return need, err
		}
		past := int(d.known[0] - broken.Offset)
		if past > len(d.Rest()) {
			return past, nil
		}
		d.broken, d.known = append(d.broken, broken.Offset), d.known[1:]
		d.Skip(past)
	}
}

func (d *resuming) Ended(err error) error { return d.End(0, err) }

// A Reader says where a chain of blocks breaks, and goes on wherever its driver asks
// it to, with frames that count on.
func TestDriverResumes(t *testing.T) {
	const junk = "garbage, garbage, garbage, and more of it: "
	for _, format := range []string{"pcap", "pcapng"} {
		for _, order := range []binary.ByteOrder{littleEndian, bigEndian} {
			whole := (&handmade.File{}).Section(order).Iface(101, 0).Buf
			var parts [][]byte // of a packet each
			if format == "pcap" {
				whole = handmade.PcapOf(order)
			}
			for i := range 40 {
				data := handmade.IPv4(100+i, byte(i))
				part := (&handmade.File{Order: order}).EPBOf(0, uint64(i), data).Buf
				if format == "pcap" {
					part = handmade.PcapOf(order, handmade.RecordOf(1, uint32(i), data))[PcapHeaderLen:]
				}
				parts = append(parts, part)
			}
			var known, broken []int64
			for i, part := range parts {
				if i%7 == 3 {
					broken = append(broken, int64(len(whole)))
					whole = append(whole, junk...)
					known = append(known, int64(len(whole)))
				}
				whole = append(whole, part...)
			}
			for _, size := range []int{0, MinBatchSize} {
				r, err := NewReader(bytes.NewReader(whole), ReaderOptions{BatchSize: size})
				if err != nil {
					t.Fatal(err)
				}
				d := &resuming{Reader: r, known: slices.Clone(known)}
				var got int64
				for {
					b, err := r.Drive(d)
					if err != nil {
						if err != io.EOF {
							t.Errorf("%s, %v: got %v, want the end of the file", format, order, err)
						}
						break
					}
					for _, p := range packets(b.Blocks) {
						if got++; p.Frame != got || !bytes.Equal(p.Raw, parts[got-1]) {
							t.Fatalf("%s, %v: frame %d is not packet %d", format, order, p.Frame, got)
						}
					}
					b.Release()
				}
				if got != int64(len(parts)) || !slices.Equal(d.broken, broken) || r.Consumed() != int64(len(whole)) {
					t.Errorf("%s, %v: got %d packets, broken at %v, consumed %d, want %d, %v and %d", format, order,
						got, d.broken, r.Consumed(), len(parts), broken, len(whole))
				}
			}
		}
	}
}
