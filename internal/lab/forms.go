package lab

import (
	"encoding/binary"
	"fmt"
	"io"
)

// Form is how a raw-socket sniffer writes a packet down.
type Form string

// The forms.
const (
	WithHeaders     Form = "headers"          // as it was on the wire: the baseline
	Stub            Form = "stub"             // IPv6 after a header that the sniffer made up
	SockaddrWindows Form = "sockaddr-windows" // after the sockaddr that recvfrom gave
	SockaddrLinux   Form = "sockaddr-linux"
	SockaddrBSD     Form = "sockaddr-bsd"
)

// link is the link type of a file of this form.
func (f Form) link() uint16 {
	if f == WithHeaders || f == Stub {
		return LinkRaw
	}
	return LinkUser0
}

// WriteForm writes packets, as Delivered gives them, in their order.
func WriteForm(w io.Writer, packets []Packet, form Form, format FileFormat) error {
	out, err := NewWriter(w, format, form.link())
	if err != nil {
		return err
	}
	var buf []byte
	for _, p := range packets {
		if buf, err = form.append(buf[:0], p.Data); err != nil {
			return err
		}
		if err := out.Write(p.Stamp, buf, NoDirection); err != nil {
			return err
		}
	}
	return out.Flush()
}

// append adds the record for one IP packet to buf.
func (f Form) append(buf, ip []byte) ([]byte, error) {
	v6 := len(ip) >= 40 && ip[0]>>4 == 6
	switch f {
	case WithHeaders:
		return append(buf, ip...), nil
	case Stub:
		return AppendStub(buf, ip), nil
	}
	family, ok := families[f]
	if !ok {
		return nil, fmt.Errorf("unknown form %q", f)
	}
	if v6 {
		return append(appendSockaddr6(buf, ip, family), ip[40:]...), nil
	}
	return append(appendSockaddr4(buf, ip, family), ip...), nil
}

// AppendStub adds the record of Stub for one IP packet: IPv6 gets a header with
// what a raw socket tells, the length of the data and the source.
func AppendStub(buf, ip []byte) []byte {
	if len(ip) < 40 || ip[0]>>4 != 6 {
		return append(buf, ip...)
	}
	buf = append(buf, 0x60, 0, 0, 0)
	buf = binary.BigEndian.AppendUint16(buf, uint16(len(ip)-40))
	buf = append(buf, 255, 0) // next header and hop limit unknown
	buf = append(buf, ip[8:24]...)
	buf = append(buf, make([]byte, 16)...)
	return append(buf, ip[40:]...)
}

// family is how a system begins a sockaddr.
type family struct {
	inet6  byte
	length bool // BSD: a length byte, then the family as one byte
}

var families = map[Form]family{
	SockaddrWindows: {inet6: 23},
	SockaddrLinux:   {inet6: 10},
	SockaddrBSD:     {inet6: 30, length: true},
}

func (f family) append(buf []byte, value, length byte) []byte {
	if f.length {
		return append(buf, length, value)
	}
	return append(buf, value, 0)
}

// snifferInterface is the interface index in the scope of link-local sources.
const snifferInterface = 4

func appendSockaddr6(buf, ip []byte, f family) []byte {
	buf = f.append(buf, f.inet6, 28)
	buf = append(buf, 0, 0, 0, 0, 0, 0) // port, flowinfo
	buf = append(buf, ip[8:24]...)
	scope := uint32(0)
	if ip[8] == 0xFE && ip[9]&0xC0 == 0x80 {
		scope = snifferInterface
	}
	return binary.LittleEndian.AppendUint32(buf, scope)
}

func appendSockaddr4(buf, ip []byte, f family) []byte {
	buf = f.append(buf, 2, 16)
	buf = append(buf, 0, 0)
	buf = append(buf, ip[12:16]...)
	return append(buf, make([]byte, 8)...)
}
