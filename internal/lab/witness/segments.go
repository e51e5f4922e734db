package witness

import (
	"encoding/binary"
	"slices"

	"github.com/mendcap/mendcap/internal/lab"
)

// connections numbers the connections of a host, by the ends of what it receives.
type connections map[string]int

// ends are both ends of an inbound TCP packet over IPv6: source, destination, ports.
func ends(ip []byte) string { return string(ip[8:40]) + string(ip[40:44]) }

// block stands for a connection in the kernel.
func block(n int) uint64 { return 0xffffad0000000000 + uint64(n)*0x1000 }

// received is the user data of the events that say what TCP was given: the header of a
// segment, and the data in it, nil where there is none. Both are nil of what the host sent.
func (c connections) received(p *lab.Packet) (header, data []byte) {
	ip := p.Data
	if p.Out || ip[6] != 6 || len(ip) < 60 {
		return nil, nil
	}
	key := ends(ip)
	if _, known := c[key]; !known {
		c[key] = len(c) + 1
	}
	const established = 4
	tcp, be := ip[40:], binary.BigEndian
	header = put(nil, block(c[key]), uint32(established), uint32(1), uint64(0xffff9a0000000000),
		be.Uint32(tcp[4:]), be.Uint32(tcp[8:]), tcp[13:14], uint32(0), uint16(0))
	if length := len(tcp) - int(tcp[12]>>4)*4; length > 0 {
		data = put(nil, block(c[key]), uint32(length), be.Uint32(tcp[4:]))
	}
	return header, data
}

// rundown lists the connections: control block, local and remote SOCKADDR_IN6 after their
// lengths, state, process.
func (c connections) rundown() (list [][]byte) {
	keys := make([]string, len(c))
	for key, n := range c {
		keys[n-1] = key
	}
	for i, key := range keys {
		end := func(address, port string) []byte {
			return put(nil, uint32(28), uint16(23), []byte(port), uint32(0), []byte(address), uint32(0))
		}
		list = append(list, slices.Concat(put(nil, block(i+1)), end(key[16:32], key[34:36]), end(key[:16], key[32:34]), put(nil, uint32(4), uint32(4))))
	}
	return list
}
