package lab

import "encoding/binary"

// Fragment divides an IP packet without extension headers as a router does, into
// fragments of size bytes of payload, a multiple of 8. One that is no longer than that
// stays whole.
func Fragment(ip []byte, size int, id uint32) (fragments [][]byte) {
	h, ok := parseIP(ip)
	if !ok || h.length == 0 || h.length > len(ip) || h.length-h.upper <= size || h.more || h.offset > 0 {
		return [][]byte{ip}
	}
	for begin := h.upper; begin < h.length; begin += size {
		end := min(begin+size, h.length)
		fragments = append(fragments, fragmentOf(ip, h, begin, end, id))
	}
	return fragments
}

// fragmentOf is the fragment that carries ip[begin:end].
func fragmentOf(ip []byte, h ipHeader, begin, end int, id uint32) []byte {
	be := binary.BigEndian
	more := uint16(0)
	if end < h.length {
		more = 1
	}
	offset := uint16(begin - h.upper)
	header := append([]byte{}, ip[:h.upper]...)
	if h.version == 6 {
		header = append(header, h.proto, 0)
		header = be.AppendUint32(be.AppendUint16(header, offset|more), id)
		header[6] = protoFragment
		be.PutUint16(header[4:], uint16(len(header)-40+end-begin))
		return append(header, ip[begin:end]...)
	}
	be.PutUint16(header[2:], uint16(h.upper+end-begin))
	be.PutUint16(header[4:], uint16(id))
	be.PutUint16(header[6:], offset/8|more<<13)
	be.PutUint16(header[10:], 0)
	be.PutUint16(header[10:], ^uint16(fold(sumWords(header))))
	return append(header, ip[begin:end]...)
}
