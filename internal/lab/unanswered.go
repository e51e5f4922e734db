package lab

import (
	"cmp"
	"encoding/binary"
	"net/netip"
	"slices"
)

// Unanswered returns packets, and among them a number of UDP datagrams that the host
// sends and nobody answers, each from a port of its own to an address of its own in
// plan.
func Unanswered(packets []Packet, plan Plan, count int) []Packet {
	var host Packet
	for _, p := range packets {
		if p.Out && len(p.Data) >= 40 && p.Data[0]>>4 == 6 && netip.AddrFrom16([16]byte(p.Data[8:24])).IsGlobalUnicast() {
			host = p
			break
		}
	}
	all := slices.Clone(packets)
	for i := range count {
		p := host
		p.Stamp = packets[i*len(packets)/count].Stamp + 1
		p.Data = unansweredDatagram([16]byte(host.Data[8:24]), plan.Address(plan.Size-1-i).As16(), uint16(10_000+i), 9, 20+i%400)
		all = append(all, p)
	}
	slices.SortStableFunc(all, func(a, b Packet) int { return cmp.Compare(a.Stamp, b.Stamp) })
	for i := range all {
		all[i].Index = i
	}
	return all
}

// unansweredDatagram returns an IPv6 packet with a UDP datagram of size bytes of payload.
func unansweredDatagram(src, dst [16]byte, from, to uint16, size int) []byte {
	data := make([]byte, 48+size)
	data[0], data[6], data[7] = 6<<4, protoUDP, 64
	length := uint16(8 + size)
	binary.BigEndian.PutUint16(data[4:], length)
	copy(data[8:], src[:])
	copy(data[24:], dst[:])
	udp := data[40:]
	binary.BigEndian.PutUint16(udp, from)
	binary.BigEndian.PutUint16(udp[2:], to)
	binary.BigEndian.PutUint16(udp[4:], length)
	for i := range size {
		udp[8+i] = byte(i*i) ^ byte(from)
	}
	sum := sumWords(data[8:40]) + uint32(length) + protoUDP + sumWords(udp)
	if size%2 == 1 {
		sum += uint32(udp[len(udp)-1]) << 8
	}
	value := ^uint16(fold(sum))
	if value == 0 {
		value = 0xFFFF
	}
	binary.BigEndian.PutUint16(udp[6:], value)
	return data
}
