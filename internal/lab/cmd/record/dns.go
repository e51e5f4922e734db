//go:build linux

package record

import (
	"encoding/binary"
	"errors"
	"net"
	"strings"
)

// Record types and class of RFC 1035 and RFC 3596.
const (
	typeA    = 1
	typeAAAA = 28
	classIN  = 1
)

// dnsQuery builds a query for one name (RFC 1035, section 4).
func dnsQuery(id uint16, name string, kind uint16) []byte {
	be := binary.BigEndian
	msg := be.AppendUint16(nil, id)
	msg = be.AppendUint16(msg, 0x0100) // recursion desired
	msg = append(msg, 0, 1, 0, 0, 0, 0, 0, 0)
	for label := range strings.SplitSeq(name, ".") {
		msg = append(append(msg, byte(len(label))), label...)
	}
	msg = append(msg, 0)
	msg = be.AppendUint16(msg, kind)
	return be.AppendUint16(msg, classIN)
}

// dnsName reads the first question's name and the offset after it.
func dnsName(msg []byte) (string, int, error) {
	var labels []string
	for at := 12; at < len(msg); {
		n := int(msg[at])
		at++
		if n == 0 {
			return strings.Join(labels, "."), at, nil
		}
		if n > 63 || at+n > len(msg) {
			break
		}
		labels = append(labels, string(msg[at:at+n]))
		at += n
	}
	return "", 0, errors.New("malformed name")
}

// dnsAnswer answers a query with one address.
func dnsAnswer(query []byte, pick func(name string, v4 bool) net.IP) ([]byte, error) {
	name, end, err := dnsName(query)
	if err != nil || end+4 > len(query) {
		return nil, errors.New("malformed query")
	}
	be := binary.BigEndian
	kind := be.Uint16(query[end:])
	address := pick(name, kind == typeA)
	msg := append([]byte(nil), query[:end+4]...)
	be.PutUint16(msg[2:], 0x8180) // response, recursion available
	be.PutUint16(msg[6:], 1)
	msg = append(msg, 0xC0, 12) // the question's name
	msg = be.AppendUint16(msg, kind)
	msg = be.AppendUint16(msg, classIN)
	msg = be.AppendUint32(msg, 300)
	msg = be.AppendUint16(msg, uint16(len(address)))
	return append(msg, address...), nil
}

// dnsAddress reads the address that dnsAnswer put at the end.
func dnsAddress(answer []byte, v4 bool) net.IP {
	size := net.IPv6len
	if v4 {
		size = net.IPv4len
	}
	return net.IP(answer[max(0, len(answer)-size):])
}
