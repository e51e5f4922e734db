package packet

import (
	"encoding/binary"
	"math/bits"
)

// Exchange says what a packet asks, answers and quotes, as names: hashes of
// addresses, ports and ids that are equal where packets belong together, and
// never 0, which is none. An answer's Effect equals the Cause of what it
// answers; an error's Quoted equals the SelfName of the packet that it quotes.
type Exchange struct {
	Cause, Effect, Quoted uint64
	Kind                  ExchangeKind // of Cause and Effect
}

// ExchangeKind is a protocol whose answers can be told from its requests.
type ExchangeKind uint8

// The kinds of exchanges.
const (
	NoExchange ExchangeKind = iota
	DNS                     // over UDP: RFC 1035, section 4.1
	Echo                    // RFC 792; RFC 4443, section 4
	NTP                     // RFC 5905, section 7.3
	DHCPv6                  // RFC 8415, section 8; between client and server, no relays
	STUN                    // RFC 8489, section 5; over UDP
	Neighbor                // RFC 4861, section 7.2; no duplicate address detection
)

// role is what a message does in its exchange.
type role uint8

const (
	noRole role = iota
	asks
	answers
	fails      // an error, with what it is about
	solicits   // asks for a neighbor
	advertises // may answer that
)

// udpLen is the length of a UDP header (RFC 768).
const udpLen = 8

// ReadExchange fills x from the captured bytes upper of the upper-layer
// protocol proto of the packet that v views. Names are made only where all
// bytes for them were captured, and where both addresses are known. It
// allocates nothing.
func ReadExchange(x *Exchange, v *View, proto uint8, upper []byte) {
	*x = Exchange{}
	if !nameable(v) {
		return
	}
	switch proto {
	case ProtoUDP:
		if len(upper) >= udpLen {
			x.readUDP(v, upper)
		}
	case ProtoICMP, ProtoICMPv6:
		x.readICMP(v, proto, upper)
	}
}

// nameable reports whether the packet begins with an upper-layer header and
// both of its addresses are known: the unspecified one names nobody.
func nameable(v *View) bool {
	return v.Form != NoIP && !v.Fragment && v.Src != (Addr{}) && v.Dst != (Addr{})
}

// asks and answers name one direction of an exchange. The names are equal for
// the same numbers where one's sender is the other's receiver.
func (x *Exchange) asks(kind ExchangeKind, v *View, sport, dport uint16, numbers ...uint64) {
	x.Kind = kind
	x.Cause = exchangeName(kind, &v.Src, &v.Dst, sport, dport, numbers)
}

func (x *Exchange) answers(kind ExchangeKind, v *View, sport, dport uint16, numbers ...uint64) {
	x.Kind = kind
	x.Effect = exchangeName(kind, &v.Dst, &v.Src, dport, sport, numbers)
}

func exchangeName(kind ExchangeKind, asker, answerer *Addr, askerPort, answererPort uint16, numbers []uint64) uint64 {
	d := begin(kind).addr(asker).addr(answerer).add(uint64(askerPort)<<16 | uint64(answererPort))
	for _, n := range numbers {
		d = d.add(n)
	}
	return d.name()
}

// digest is a hash in the making. It is no defence against those who want to
// make names collide: they could as well send the packets themselves.
type digest uint64

// begin separates the kinds: the same numbers in another protocol are another
// name.
func begin(kind ExchangeKind) digest { return digest(0xA0761D6478BD642F).add(uint64(kind)) }

// add mixes in one number: the two halves of a product, as in wyhash.
func (d digest) add(n uint64) digest {
	hi, lo := bits.Mul64(uint64(d)^n^0x8EBC6AF09C88C6E3, 0xE7037ED1A0B428DB)
	return digest(hi ^ lo)
}

func (d digest) addr(a *Addr) digest { return d.add(be64(a[:8])).add(be64(a[8:])) }

// name ends the hash; 0 is no name.
func (d digest) name() uint64 { return max(uint64(d), 1) }

func be64(b []byte) uint64 { return binary.BigEndian.Uint64(b) }
