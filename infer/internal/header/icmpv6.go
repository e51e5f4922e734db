package header

import (
	"encoding/binary"

	"github.com/mendcap/mendcap/internal/packet"
)

// ICMPv6 types in IANA's list that matter by name here.
const (
	ICMPUnreachable     = 1
	icmpParameter       = 4
	ICMPEchoRequest     = 128
	ICMPEchoReply       = 129
	ICMPMLDQuery        = 130
	ICMPMLDReport       = 131
	ICMPMLDDone         = 132
	ICMPRouterSolicit   = 133
	ICMPRouterAdvert    = 134
	ICMPNeighborSolicit = 135
	ICMPNeighborAdvert  = 136
	ICMPRedirect        = 137
	ICMPMLDv2Report     = 143
	icmpRPL             = 155
)

// icmpShape is what an ICMPv6 message of one type looks like.
type icmpShape struct {
	least    int       // length, bytes; 0 where the type isn't assigned
	codes    uint8     // assigned codes are below it
	options  int       // where neighbor discovery options begin; 0 without any
	dictates Dictation // unless its fields say otherwise: see readICMPv6
	hops     uint8     // the Hop Limit that receivers demand, 0 for none (RFC 4861, section 7.1; RFC 3810, section 5)
}

// icmpShapes are those of the assigned types: RFC 4443, 2710, 3810, 4861,
// 4620, 6275, 3971, 4286, 6550, 6775 and 8335. An error quotes at least an
// IPv6 header.
var icmpShapes = [256]icmpShape{
	ICMPUnreachable:     {least: 48, codes: 9, dictates: ToQuotedSource},
	2:                   {least: 48, codes: 1, dictates: ToQuotedSource},
	3:                   {least: 48, codes: 2, dictates: ToQuotedSource},
	icmpParameter:       {least: 48, codes: 11, dictates: ToQuotedSource},
	ICMPEchoRequest:     {least: 8, codes: 1},
	ICMPEchoReply:       {least: 8, codes: 1},
	ICMPMLDQuery:        {least: 24, codes: 1, dictates: ToAllNodes, hops: 1},
	ICMPMLDReport:       {least: 24, codes: 1, dictates: ToGroup, hops: 1},
	ICMPMLDDone:         {least: 24, codes: 1, dictates: ToAllRouters, hops: 1},
	ICMPRouterSolicit:   {least: 8, codes: 1, options: 8, dictates: ToAllRouters, hops: 255},
	ICMPRouterAdvert:    {least: 16, codes: 1, options: 16, dictates: ToRouterClients, hops: 255},
	ICMPNeighborSolicit: {least: 24, codes: 1, options: 24, dictates: ToSolicited, hops: 255},
	ICMPNeighborAdvert:  {least: 24, codes: 1, options: 24, dictates: ToAllNodes, hops: 255},
	ICMPRedirect:        {least: 40, codes: 1, options: 40, hops: 255},
	139:                 {least: 16, codes: 3}, // node information
	140:                 {least: 16, codes: 3},
	141:                 {least: 8, codes: 1, options: 8}, // inverse neighbor discovery
	142:                 {least: 8, codes: 1, options: 8},
	ICMPMLDv2Report:     {least: 8, codes: 1, dictates: ToMLDv2Routers, hops: 1},
	144:                 {least: 8, codes: 1}, // Mobile IPv6
	145:                 {least: 8, codes: 1},
	146:                 {least: 8, codes: 1},
	147:                 {least: 8, codes: 1},
	148:                 {least: 12, codes: 1}, // SEND
	149:                 {least: 12, codes: 1},
	151:                 {least: 8, codes: 255}, // multicast router discovery: the code is an interval
	152:                 {least: 4, codes: 1},
	153:                 {least: 4, codes: 1},
	icmpRPL:             {least: 4, codes: 0x8B}, // RFC 6550, section 6, and RFC 9009: 0 to 5, with 0x80 secured, and 0x8A
	157:                 {least: 16, codes: 6},   // duplicate address request and confirmation
	158:                 {least: 16, codes: 6},
	160:                 {least: 8, codes: 1}, // extended echo
	161:                 {least: 8, codes: 5},
}

// ICMPBits returns the bits of data that may be ICMPv6 (RFC 4443, section 2.1), 0 where they are none.
func ICMPBits(data []byte) int8 {
	if len(data) < icmpHeader {
		return 0
	}
	shape := &icmpShapes[data[0]]
	if shape.least == 0 || len(data) < shape.least || data[1] >= shape.codes {
		return 0
	}
	switch {
	case data[0] <= icmpParameter:
		if data[8]>>4 != 6 {
			return 0
		}
	case shape.options != 0:
		option := func(b []byte) int { return int(b[1]) * 8 } // RFC 4861, section 4.6
		if !filled(data[shape.options:], true, 4, option) {
			return 0
		}
	case data[0] == ICMPMLDReport || data[0] == ICMPMLDDone:
		if data[8] != 0xFF {
			return 0
		}
	case data[0] == icmpRPL:
		if code := data[1]; code&0x7F > 5 && code != 0x8A {
			return 0
		}
	}
	if data[0] > ICMPMLDv2Report {
		return icmpv6Seldom
	}
	return icmpv6Type
}

// readICMPv6 takes what an ICMPv6 message says of its destination, and of the
// flow of the packet that it quotes.
func (f *Facts) readICMPv6(data []byte) {
	const solicited = 0x40 // RFC 4861, section 4.4
	f.field[AsICMPv6] = binary.BigEndian.Uint16(data[2:])
	f.ICMPType = data[0]
	shape := &icmpShapes[f.ICMPType]
	if len(data) < shape.least {
		return // named by the sniffer, but cut off
	}
	f.Dictation = shape.dictates
	switch f.ICMPType {
	case ICMPEchoRequest, ICMPEchoReply:
		f.ICMPID = binary.BigEndian.Uint16(data[4:])
	case ICMPMLDQuery, ICMPMLDReport, ICMPNeighborSolicit, ICMPNeighborAdvert:
		f.Target = packet.Addr(data[8:24])
	case ICMPUnreachable, 2, 3, icmpParameter:
		f.readQuoted(data[8:])
	}
	switch {
	case f.ICMPType == ICMPMLDQuery && !f.Target.IsUnspecified():
		f.Dictation = ToGroup
	case f.ICMPType == ICMPNeighborAdvert && data[4]&solicited != 0:
		f.Dictation = ToSolicitor
	}
}

// readQuoted takes the addresses and the ports of the packet that an error
// quotes; after extension headers the ports stay unknown.
func (f *Facts) readQuoted(inner []byte) {
	f.Target = packet.Addr(inner[8:24])
	f.Quoted = packet.Addr(inner[24:40])
	f.QuotedProtocol = inner[6]
	if rest := inner[ipv6Header:]; len(rest) >= 4 {
		f.QuotedPorts = Ports(binary.BigEndian.Uint32(rest))
	} else {
		f.QuotedProtocol = packet.NoNextHeaderKnown
	}
}

// HopLimit returns the Hop Limit that receivers demand of the packet, else the usual one.
func (f *Facts) HopLimit(nextHeader uint8) uint8 {
	if hops := icmpShapes[f.ICMPType].hops; nextHeader == packet.ProtoICMPv6 && hops != 0 {
		return hops
	}
	return 64
}
