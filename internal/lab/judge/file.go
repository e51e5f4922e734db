package judge

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"

	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/lab"
)

// identity is what stays of a packet whatever is done to its header.
type identity [sha256.Size]byte

// File is a capture as the judge sees it, in file order.
type File struct {
	rows   []Row
	ids    []identity
	flows  []lab.Flow
	stamps []int64 // nanoseconds
}

// Open reads a capture. Its packets are IP packets, or records of a sockaddr
// and what followed the IPv6 header.
func Open(ctx context.Context, path string) (*File, error) {
	rows, err := Dissect(ctx, path)
	if err != nil {
		return nil, err
	}
	f := &File{rows: rows}
	if err := f.readPackets(path); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if len(f.ids) != len(rows) {
		return nil, fmt.Errorf("%s: %d packets, but tshark sees %d", path, len(f.ids), len(rows))
	}
	return f, nil
}

func (f *File) readPackets(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	return lab.EachPacket(file, f.add)
}

// add takes a packet in; tshark's length has to agree, so that the rows are
// known to be of the same packets.
func (f *File) add(b *capture.Block) error {
	n := len(f.ids)
	if n >= len(f.rows) || f.rows[n].Len != len(b.Data) {
		return fmt.Errorf("packet %d: tshark sees another length than %d", n+1, len(b.Data))
	}
	f.ids = append(f.ids, identify(b.Interface.LinkType, b.Data))
	f.flows = append(f.flows, lab.FlowOf(b.Data))
	f.stamps = append(f.stamps, b.Interface.Nanos(b.Ticks))
	return nil
}

func identify(link uint16, data []byte) identity {
	switch {
	case link == lab.LinkUser0 && len(data) >= 28 && data[0] != 2 && data[1] != 2:
		return digest(data[8:24], data[28:])
	case link == lab.LinkUser0 && len(data) >= 16:
		return digest(nil, data[16:])
	case len(data) >= 40 && data[0]>>4 == 6:
		return digest(data[8:24], data[40:])
	}
	return digest(nil, data)
}

func digest(source, rest []byte) (id identity) {
	h := sha256.New()
	h.Write([]byte{byte(len(source))})
	h.Write(source)
	h.Write(rest)
	h.Sum(id[:0])
	return id
}

// match finds for each packet of f its place in the truth, -1 for none, and
// counts the packets of the truth that f lacks. Packets that nothing tells
// apart (many pure ACKs) are matched in the order in which they appear; the
// destination decides first, where identity leaves a choice.
func (f *File) match(truth *File) (places []int, missing int) {
	open := map[identity][]int{}
	for place, id := range truth.ids {
		open[id] = append(open[id], place)
	}
	places = make([]int, len(f.ids))
	for i, id := range f.ids {
		places[i] = take(open, id, func(place int) bool { return truth.rows[place].Dst == f.rows[i].Dst })
	}
	missing = len(truth.ids)
	for i, id := range f.ids {
		if places[i] < 0 {
			places[i] = take(open, id, func(int) bool { return true })
		}
		if places[i] >= 0 {
			missing--
		}
	}
	return places, missing
}

// take removes the first open place of an identity that fits and returns it.
func take(open map[identity][]int, id identity, fits func(int) bool) int {
	for i, place := range open[id] {
		if fits(place) {
			open[id] = append(open[id][:i:i], open[id][i+1:]...)
			return place
		}
	}
	return -1
}
