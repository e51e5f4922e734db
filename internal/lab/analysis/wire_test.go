package analysis

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/mendcap/mendcap/internal/tcp"
)

// encode makes an IPv4 packet with s's TCP header and no payload captured, and
// says how long the whole was on the wire. Its ports come from s.Flow.
func encode(s *tcp.Segment) (b []byte, wireLen uint32) {
	o := options(s)
	wireLen = uint32(40+len(o)) + s.Len
	b = make([]byte, 40, 40+len(o))
	b[0], b[8], b[9] = 0x45, 64, 6
	if wireLen <= 0xFFFF { // else 0, as segmentation offload records it
		binary.BigEndian.PutUint16(b[2:], uint16(wireLen))
	}
	ends := [2][4]byte{{192, 0, 2, 1}, {192, 0, 2, 2}}
	ports := [2]uint16{uint16(1024 + s.Flow), 80}
	copy(b[12:], ends[s.Dir][:])
	copy(b[16:], ends[s.Dir^1][:])
	t := b[20:]
	binary.BigEndian.PutUint16(t, ports[s.Dir])
	binary.BigEndian.PutUint16(t[2:], ports[s.Dir^1])
	binary.BigEndian.PutUint32(t[4:], uint32(s.Seq))
	binary.BigEndian.PutUint32(t[8:], uint32(s.Ack))
	t[12], t[13] = byte((20+len(o))/4<<4), byte(s.Bits)
	binary.BigEndian.PutUint16(t[14:], s.Window)
	return append(b, o...), wireLen
}

// options encodes the TCP options that may matter, padded with NOPs.
func options(s *tcp.Segment) (o []byte) {
	if s.WindowShift >= 0 {
		o = append(o, 1, 3, 3, byte(s.WindowShift))
	}
	if s.SACKs > 0 {
		o = append(o, 1, 1, 5, 2+8*s.SACKs)
		for _, block := range s.SACK[:s.SACKs] {
			o = binary.BigEndian.AppendUint32(o, uint32(block.Left))
			o = binary.BigEndian.AppendUint32(o, uint32(block.Right))
		}
	}
	return o
}

// write makes a capture of segments, in their order: a pcap with nanoseconds,
// LINKTYPE_IPV4.
func write(t *testing.T, segments []tcp.Segment) (path string) {
	t.Helper()
	le := binary.LittleEndian
	b := le.AppendUint32(nil, 0xA1B23C4D)
	b = append(b, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0, 228, 0, 0, 0)
	for i := range segments {
		data, wireLen := encode(&segments[i])
		b = le.AppendUint32(b, uint32(segments[i].Stamp/1e9))
		b = le.AppendUint32(b, uint32(segments[i].Stamp%1e9))
		b = le.AppendUint32(b, uint32(len(data)))
		b = le.AppendUint32(b, wireLen)
		b = append(b, data...)
	}
	path = filepath.Join(t.TempDir(), "made.pcap")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
