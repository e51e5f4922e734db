package infer

import (
	"encoding/binary"
	"math"
	"net/netip"
	"slices"

	"github.com/mendcap/mendcap/infer/internal/header"
	"github.com/mendcap/mendcap/internal/packet"
)

// MentionKind says how a payload names an address.
type MentionKind uint8

// The kinds of mentions.
const (
	Resolved   MentionKind = iota // an AAAA record of a DNS, mDNS or LLMNR answer
	Joined                        // a group that a Multicast Listener Report names
	Neighbored                    // a target of neighbor discovery or a redirect
)

// Mention is an address that the payload of a packet names.
type Mention struct {
	Address netip.Addr
	Kind    MentionKind
}

// maxMentions bounds the addresses that one packet may name.
const maxMentions = 64

// AppendMentions appends the addresses that a packet names to dst and returns
// the extended slice. data are the captured bytes after the IP header,
// protocol is Unknown where that is. It allocates only where there are some.
func AppendMentions(dst []Mention, protocol uint8, data []byte) []Mention {
	if (protocol == packet.ProtoUDP || protocol == Unknown) && len(data) >= header.UdpHeader {
		switch binary.BigEndian.Uint16(data) {
		case 53, 5353, 5355:
			dst = appendResolved(dst, data[header.UdpHeader:])
		}
	}
	if (protocol == packet.ProtoICMPv6 || protocol == Unknown) && header.ICMPBits(data) != 0 {
		dst = appendDiscovered(dst, data)
	}
	return dst
}

func appendMention(dst []Mention, kind MentionKind, a []byte) []Mention {
	return append(dst, Mention{Address: netip.AddrFrom16([16]byte(a)), Kind: kind})
}

// appendResolved takes the AAAA records (RFC 3596) of a DNS message (RFC 1035,
// section 4.1); mDNS has a flag in their class (RFC 6762, section 10.2).
func appendResolved(dst []Mention, msg []byte) []Mention {
	const header, response, aaaa, internet = 12, 0x80, 28, 1
	if len(msg) < header || msg[2]&response == 0 {
		return dst
	}
	be := binary.BigEndian
	questions := int(be.Uint16(msg[4:]))
	records := int(be.Uint16(msg[6:])) + int(be.Uint16(msg[8:])) + int(be.Uint16(msg[10:]))
	rest := msg[header:]
	for range min(questions, maxMentions) {
		if rest = skipName(rest); len(rest) < 4 {
			return dst
		}
		rest = rest[4:]
	}
	for range min(records, maxMentions) {
		if rest = skipName(rest); len(rest) < 10 {
			return dst
		}
		kind, class, size := be.Uint16(rest), be.Uint16(rest[2:])&0x7FFF, int(be.Uint16(rest[8:]))
		if rest = rest[10:]; size > len(rest) {
			return dst
		}
		if kind == aaaa && class == internet && size == 16 {
			dst = appendMention(dst, Resolved, rest)
		}
		rest = rest[size:]
	}
	return dst
}

// skipName returns what follows the name that b begins with, nil where
// that isn't there.
func skipName(b []byte) []byte {
	for len(b) > 0 {
		switch size := int(b[0]); {
		case size == 0:
			return b[1:]
		case size >= 0xC0: // a pointer ends it
			if len(b) < 2 {
				return nil
			}
			return b[2:]
		case size > 63 || size >= len(b):
			return nil
		default:
			b = b[1+size:]
		}
	}
	return nil
}

// appendDiscovered takes what neighbor discovery (RFC 4861) and Multicast
// Listener Reports (RFC 2710 and 3810) name.
func appendDiscovered(dst []Mention, data []byte) []Mention {
	switch data[0] {
	case header.ICMPNeighborSolicit, header.ICMPNeighborAdvert:
		return appendMention(dst, Neighbored, data[8:])
	case header.ICMPRedirect:
		return appendMention(appendMention(dst, Neighbored, data[8:]), Neighbored, data[24:])
	case header.ICMPMLDReport:
		return appendMention(dst, Joined, data[8:])
	case header.ICMPMLDv2Report:
		const fixed = 20
		rest := data[8:]
		for range min(int(binary.BigEndian.Uint16(data[6:])), maxMentions) {
			if len(rest) < fixed {
				return dst
			}
			dst = appendMention(dst, Joined, rest[4:])
			size := fixed + 16*int(binary.BigEndian.Uint16(rest[2:])) + 4*int(rest[1])
			if size > len(rest) {
				return dst
			}
			rest = rest[size:]
		}
	}
	return dst
}

// ObserveMention takes in an address that a packet names; zone is the index of
// the interface of a link-local one where the capture has it, stamp the packet's
// time in nanoseconds since 1970, 0 where unknown.
func (e *Engine) ObserveMention(m Mention, zone uint32, stamp int64) {
	a := packet.AddrOf(m.Address)
	switch {
	case m.Kind == Joined:
		if a.IsMulticast() {
			e.candidates.add(a, zone, isJoined)
		}
	case a.IsMulticast():
	case m.Kind == Resolved:
		e.candidates.add(a, zone, isResolved)
		if stamp != 0 {
			e.resolved.note(a, stamp)
		}
	default:
		e.candidates.add(a, zone, isSeen)
	}
}

// maxResolved is how many candidates there can be for no other reason than that the
// capture file names them.
const maxResolved = 1 << 18

// ObserveName takes in an address that the capture file names, as in a name
// resolution block.
func (e *Engine) ObserveName(a netip.Addr) {
	if e.byName >= maxResolved {
		e.candidates.left++
		return
	}
	before := e.candidates.list.len()
	e.seedAddresses(0, inNeighbor, a)
	e.byName += e.candidates.list.len() - before
}

// ObserveLocal takes in an address of the host that the capture file states, as
// of an interface.
func (e *Engine) ObserveLocal(a netip.Addr) { e.seedOwn(a, 0) }

// resolutions are the times at which DNS gave addresses: of each the first and
// the latest few.
type resolutions struct {
	max    int
	at     map[packet.Addr]*[4]int64
	stamps []int64 // of them all, as far as there is room; sorted by Conclude
}

// note keeps a time. The first one stays; of the others the latest do.
func (r *resolutions) note(a packet.Addr, stamp int64) {
	if len(r.stamps) < r.max {
		r.stamps = append(r.stamps, stamp)
	}
	times, ok := r.at[a]
	if !ok {
		if len(r.at) < r.max {
			r.at[a] = &[4]int64{stamp, stamp, stamp, stamp}
		}
		return
	}
	times[1], times[2], times[3] = times[2], times[3], stamp
}

// before reports whether DNS gave a just before a flow began, and among how many
// addresses that is as good as one: the fewer it gave since, the sooner it is the
// one, the nth latest with a share of 1/n. An answer may have been recorded a
// little after what it led to.
func (r *resolutions) before(a packet.Addr, begun int64) (among float64, ok bool) {
	const just, late = 10e9, 1e8 // nanoseconds
	times, ok := r.at[a]
	if !ok || begun == 0 {
		return 0, false
	}
	latest := int64(math.MinInt64)
	for _, t := range times {
		if t <= begun+late && begun <= t+just {
			latest = max(latest, t)
		}
	}
	if latest == math.MinInt64 {
		return 0, false
	}
	first, _ := slices.BinarySearch(r.stamps, begun-just)
	from, _ := slices.BinarySearch(r.stamps, latest)
	to, _ := slices.BinarySearch(r.stamps, begun+late+1)
	return max(1, float64(to-from)*(1+math.Log(float64(max(1, to-first))))), true
}
