//go:build linux

package record

import (
	"encoding/binary"
	"fmt"
	"io"
)

// eventLog writes what the network did, one event a line, separated by tabs:
// frame, direction seen from the host, event, packet. The frame is the
// packet's own in the recording; for an inbound packet that never arrived it
// is the last one recorded before the network took it.
type eventLog struct{ w io.Writer }

func (l *eventLog) add(frame int, inbound bool, event string, data []byte) error {
	direction := "out"
	if inbound {
		direction = "in"
	}
	_, err := fmt.Fprintf(l.w, "%d\t%s\t%s\t%s\n", frame, direction, event, describe(data))
	return err
}

// describe names a packet by its addresses, protocol and, for TCP, numbers.
func describe(data []byte) string {
	src, dst, ok := addresses(data)
	if !ok {
		return "?"
	}
	proto, upper := data[6], data[40:]
	if src.Is4() {
		header := int(data[0]&15) * 4
		if header < 20 || header > len(data) {
			return "?"
		}
		proto, upper = data[9], data[header:]
	}
	if proto != 6 || len(upper) < 20 {
		return fmt.Sprintf("%s > %s proto %d", src, dst, proto)
	}
	be := binary.BigEndian
	return fmt.Sprintf("%s.%d > %s.%d seq %d ack %d len %d", src, be.Uint16(upper), dst,
		be.Uint16(upper[2:]), be.Uint32(upper[4:]), be.Uint32(upper[8:]), len(upper)-int(upper[12]>>4)*4)
}
