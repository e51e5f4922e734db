package flood

// Field is one numeric field.
type Field struct {
	Name  string
	forms []Form // in which it is varied alone
	bits  int
	set   func(p *packet, v uint64)
}

var (
	both = []Form{IPv4, NoHeader}
	old  = []Form{IPv4}
	new6 = []Form{IPv6}
)

// Fields lists the fields that are varied.
func Fields() []Field {
	return []Field{
		{"pcapng.interface", old, 2, func(p *packet, v uint64) { p.iface = uint32(v) }},
		{"pcapng.time", both, 50, func(p *packet, v uint64) { p.time = v }},
		{"pcapng.jitter", both, 32, func(p *packet, v uint64) { p.time += v % 50_000 }},
		{"pcapng.origlen", both, 32, func(p *packet, v uint64) { p.orig = uint32(v) }},
		{"pcapng.direction", old, 2, func(p *packet, v uint64) { p.direction = uint32(v) }},
		{"pcapng.simple", old, 1, func(p *packet, v uint64) { p.simple = v == 1 }},
		{"pcapng.dropcount", old, 63, func(p *packet, v uint64) { p.dropped = v }},
		{"ip.tos", old, 8, func(p *packet, v uint64) { p.class = uint8(v) }},
		{"ip.len", old, 16, func(p *packet, v uint64) { p.length = uint16(v) }},
		{"ip.offload", both, 1, func(p *packet, v uint64) { p.offload = v == 0 }},
		{"ip.id", old, 16, func(p *packet, v uint64) { p.id = uint16(v) }},
		{"ip.fragment", old, 16, func(p *packet, v uint64) { p.fragment = uint16(v) }},
		{"ip.ttl", old, 8, func(p *packet, v uint64) { p.ttl = uint8(v) }},
		{"ip.proto", old, 8, func(p *packet, v uint64) { p.proto = uint8(v) }},
		{"ip.src", both, 24, func(p *packet, v uint64) { p.src = v }},
		{"ip.dst", both, 24, func(p *packet, v uint64) { p.dst = v }},
		{"ipv6.flowlabel", new6, 20, func(p *packet, v uint64) { p.label = uint32(v) }},
		{"ipv6.nexthdr", new6, 8, func(p *packet, v uint64) { p.proto = uint8(v) }},
		{"ipv6.plen", new6, 16, func(p *packet, v uint64) { p.length = uint16(v) }},
		{"ipv6.hlim", new6, 8, func(p *packet, v uint64) { p.ttl = uint8(v) }},
		{"tcp.srcport", both, 16, func(p *packet, v uint64) { p.srcport = uint16(v) }},
		{"tcp.dstport", both, 16, func(p *packet, v uint64) { p.dstport = uint16(v) }},
		{"tcp.seq", both, 32, func(p *packet, v uint64) { p.seq = uint32(v) }},
		{"tcp.ack", both, 32, func(p *packet, v uint64) { p.ack = uint32(v) }},
		{"tcp.hdrlen", old, 4, func(p *packet, v uint64) { p.extra = int(v) - 5 }},
		{"tcp.flags", both, 8, func(p *packet, v uint64) { p.flags = uint8(v) }},
		{"tcp.window", old, 16, func(p *packet, v uint64) { p.window = uint16(v) }},
		{"tcp.checksum", both, 16, func(p *packet, v uint64) { p.sum, p.wrongSum = uint16(v), true }},
		{"tcp.urgent", old, 16, func(p *packet, v uint64) { p.urgent, p.flags = uint16(v), p.flags|32 }},
		{"tcp.mss", old, 16, func(p *packet, v uint64) { p.mss, p.hasMSS, p.flags = uint16(v), true, syn }},
		{"tcp.wscale", old, 8, func(p *packet, v uint64) { p.scale, p.hasScale, p.flags = uint8(v), true, syn|ack }},
		{"tcp.tsval", both, 32, func(p *packet, v uint64) { p.tsval = uint32(v) }},
		{"tcp.tsecr", old, 32, func(p *packet, v uint64) { p.tsecr = uint32(v) }},
		{"tcp.sack", both, 32, func(p *packet, v uint64) {
			p.blocks = 3
			for k := range p.sacks {
				p.sacks[k] = uint32(v) + uint32(k)*uint32(v>>16) // near each other, or far apart
			}
		}},
		{"tcp.sack.near", old, 16, func(p *packet, v uint64) {
			p.blocks = 3
			for k := range p.sacks {
				p.sacks[k] = p.ack + uint32(v)*4 + uint32(k)*3
			}
		}},
		{"tcp.seq.near", old, 16, func(p *packet, v uint64) { p.seq += uint32(v) * 3 }},
		{"tcp.ack.near", old, 16, func(p *packet, v uint64) { p.ack += uint32(v) * 3 }},
		{"ip.src.crowd", nil, 22, func(p *packet, v uint64) { p.src = v<<16 | (0xFFFF - v&0xFFFF) }}, // of 64 sums
		{"tcp.len", both, 11, func(p *packet, v uint64) { p.size = int(v) % 1400 }},
	}
}
