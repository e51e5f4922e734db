package witness

import (
	"encoding/binary"
	"slices"

	"github.com/mendcap/mendcap/internal/lab"
)

// connections are those of a host, by the ends of what it receives.
type connections map[string]*connection

type connection struct {
	number int
	sent   uint32 // the first sequence number that was not sent yet
	sends  bool   // it has sent data
}

// ends are both ends of a TCP packet over IPv6: the peer's address, the host's, ports.
func ends(ip []byte, out bool) string {
	if out {
		return string(ip[24:40]) + string(ip[8:24]) + string(ip[42:44]) + string(ip[40:42])
	}
	return string(ip[8:40]) + string(ip[40:44])
}

// block stands for a connection in the kernel.
func (c *connection) block() uint64 { return 0xffffad0000000000 + uint64(c.number)*0x1000 }

// of is the connection of a packet, nil of what isn't TCP.
func (c connections) of(p *lab.Packet) *connection {
	ip := p.Data
	if ip[6] != 6 || len(ip) < 60 || p.Local {
		return nil
	}
	key := ends(ip, p.Out)
	if c[key] == nil {
		c[key] = &connection{number: len(c) + 1}
	}
	return c[key]
}

// logged are the events by which TCP logs a segment: of one received its header, and the
// data in it; of one sent the data, where it is sent first.
func (c connections) logged(p *lab.Packet) (list []entry) {
	of := c.of(p)
	if of == nil {
		return nil
	}
	tcp, be := p.Data[40:], binary.BigEndian
	seq, length := be.Uint32(tcp[4:]), uint32(max(0, len(tcp)-int(tcp[12]>>4)*4))
	tcb := field{name: "Tcb", kind: pointerType, value: of.block()}
	number := func(name string, n uint32) field { return field{name: name, kind: int32Type, value: n} }
	if p.Out {
		again := of.sends && int32(seq+length-of.sent) <= 0
		if length == 0 || again {
			return nil
		}
		of.sent, of.sends = seq+length, true
		return []entry{{kind{tcpip, dataSend}, []field{tcb, number("Cwnd", 14600), number("SndWnd", 65535), number("BytesSent", length), number("SeqNo", seq),
			number("SRtt", 20), number("RttVar", 5), number("RTO", 300)}}}
	}
	const established = 4
	list = append(list, entry{kind{tcpip, headerReceive}, []field{tcb, number("State", established), number("FastPath", 1),
		{name: "Nbl", kind: pointerType, value: uint64(0xffff9a0000000000)}, number("ThSeq", seq), number("ThAck", be.Uint32(tcp[8:])),
		{name: "ThFlags", kind: int8Type, value: tcp[13]}, number("Rsc", 0), {name: "CoalescedSegCount", kind: int16Type, value: uint16(0)}}})
	if length > 0 {
		list = append(list, entry{kind{tcpip, dataReceive}, []field{tcb, number("NumBytes", length), number("SeqNo", seq)}})
	}
	return list
}

// rundown lists the connections: control block, local and remote SOCKADDR_IN6 after their
// lengths, state, process.
func (c connections) rundown() (list [][]byte) {
	keys := make([]string, len(c))
	for key, of := range c {
		keys[of.number-1] = key
	}
	for _, key := range keys {
		end := func(address, port string) []byte {
			return put(nil, uint32(28), uint16(23), []byte(port), uint32(0), []byte(address), uint32(0))
		}
		list = append(list, slices.Concat(put(nil, c[key].block()), end(key[16:32], key[34:36]), end(key[:16], key[32:34]), put(nil, uint32(4), uint32(4))))
	}
	return list
}
