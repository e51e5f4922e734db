package main

import "encoding/binary"

// late returns a capture of a small download over IPv4 without link header: in
// every third exchange, the host's ACK is recorded before the data that it
// acknowledges, as a raw socket has it.
func late() []byte {
	const host, peer = 10, 1
	var records [][]byte
	stamp := uint32(0) // microseconds
	add := func(from, to byte, flags byte, seq, ack, payload uint32) {
		ip := segment(from, to, flags, seq, ack, payload)
		r := record(uint32(len(ip)), uint32(len(ip)))
		binary.LittleEndian.PutUint32(r[4:], stamp)
		records = append(records, append(r, ip...))
		stamp += 100
	}
	add(host, peer, 0x02, 999, 0, 0)
	add(peer, host, 0x12, 49_999, 1000, 0)
	add(host, peer, 0x10, 1000, 50_000, 0)
	add(host, peer, 0x18, 1000, 50_000, 20)
	for i := range uint32(6) {
		add(peer, host, 0x18, 50_000+100*i, 1020, 100)
		add(host, peer, 0x10, 1020, 50_100+100*i, 0)
		if n := len(records); i%3 == 2 { // the stamps stay where they are
			a, b := records[n-2], records[n-1]
			for k := 4; k < 8; k++ {
				a[k], b[k] = b[k], a[k]
			}
			records[n-2], records[n-1] = b, a
		}
	}
	all := pcap(0)
	for _, r := range records {
		all = append(all, r...)
	}
	return all
}

// segment returns an IPv4 packet with a TCP segment between two hosts of
// 192.0.2.0/24; what the host 10 sends still has the TTL that it began with.
func segment(from, to byte, flags byte, seq, ack, payload uint32) []byte {
	ttl, sport, dport := byte(64), uint16(49152), uint16(80)
	if from != 10 {
		ttl, sport, dport = 55, dport, sport
	}
	ip := []byte{0x45, 0, 0, 0, 0, 0, 0x40, 0, ttl, 6, 0, 0, 192, 0, 2, from, 192, 0, 2, to}
	binary.BigEndian.PutUint16(ip[2:], uint16(40+payload))
	ip = binary.BigEndian.AppendUint16(ip, sport)
	ip = binary.BigEndian.AppendUint16(ip, dport)
	ip = binary.BigEndian.AppendUint32(ip, seq)
	ip = binary.BigEndian.AppendUint32(ip, ack)
	ip = append(ip, 0x50, flags, 0x20, 0, 0, 0, 0, 0)
	return append(ip, make([]byte, payload)...)
}
