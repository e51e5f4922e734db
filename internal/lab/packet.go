package lab

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/lab/strict"
)

// Packet is one IP packet as it was at the capturing host.
type Packet struct {
	Index int   // position in the true capture, from 0
	Stamp int64 // nanoseconds since 1970
	Data  []byte
	Out   bool // sent by the capturing host, to another
	Local bool // sent by the capturing host to itself
}

// Recording is a true capture.
type Recording struct {
	Name    string // without folder and suffix
	Packets []Packet
	Events  []Event // what the network did on purpose, where the recorder says it
}

// Load reads a recording: one interface of LINKTYPE_RAW or Ethernet, with the
// directions in epb_flags. What is not IP (ARP) is left out; the packets keep
// their index.
func Load(path string) (Recording, error) {
	rec := Recording{Name: strings.TrimSuffix(strings.TrimSuffix(filepath.Base(path), ".gz"), ".pcapng")}
	var err error
	if rec.Events, err = LoadEvents(path); err != nil {
		return rec, err
	}
	file, err := os.Open(path)
	if err != nil {
		return rec, err
	}
	defer file.Close()
	err = EachPacket(file, func(b *capture.Block) error {
		data, err := stripLink(b.Interface.LinkType, b.Data)
		if err != nil || data == nil {
			return err
		}
		flags, _ := b.Flags()
		h, ok := parseIP(data)
		rec.Packets = append(rec.Packets, Packet{Index: int(b.Frame - 1), Stamp: b.Interface.Nanos(b.Ticks),
			Data: slices.Clone(data), Out: flags&3 == Outbound, Local: ok && h.src == h.dst})
		return nil
	})
	if err != nil {
		return rec, fmt.Errorf("load %s: %w", path, err)
	}
	return rec, nil
}

// FindHost sets the directions of a capture that doesn't tell them, by the address
// of each IP version that is an end of the most packets: the capturing host's.
func FindHost(packets []Packet) {
	ends := map[netip.Addr]int{}
	host := map[int]netip.Addr{}
	for i := range packets {
		if h, ok := parseIP(packets[i].Data); ok {
			for _, a := range [...]netip.Addr{h.src, h.dst} {
				if ends[a]++; ends[a] > ends[host[h.version]] {
					host[h.version] = a
				}
			}
		}
	}
	for i := range packets {
		h, ok := parseIP(packets[i].Data)
		packets[i].Out = ok && h.src == host[h.version]
	}
}

// EachPacket calls f for each packet of a capture whose interface is described,
// until f fails; the block is valid until f returns.
func EachPacket(r io.Reader, f func(*capture.Block) error) error {
	in, err := strict.NewReader(r, capture.ReaderOptions{})
	if err != nil {
		return err
	}
	for {
		batch, err := in.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		for i := range batch.Blocks {
			if b := &batch.Blocks[i]; b.Kind == capture.Packet && b.Interface != nil {
				if err := f(b); err != nil {
					return err
				}
			}
		}
		batch.Release()
	}
}

// stripLink returns the IP packet, or nil for another protocol.
func stripLink(link uint16, data []byte) ([]byte, error) {
	switch link {
	case LinkRaw:
		return data, nil
	case LinkEthernet:
		if len(data) < 14 {
			return nil, nil
		}
		if kind := binary.BigEndian.Uint16(data[12:]); kind != 0x0800 && kind != 0x86DD {
			return nil, nil
		}
		return trim(data[14:]), nil
	}
	return nil, fmt.Errorf("link type %d is not one of the lab's", link)
}

// trim takes Ethernet's padding off. A length of 0 is a segmentation-offload
// record: all of it is the packet.
func trim(ip []byte) []byte {
	h, ok := parseIP(ip)
	if !ok || h.length == 0 || h.length > len(ip) {
		return ip
	}
	return ip[:h.length]
}

// Upper-layer protocols and extension headers by their IANA numbers.
const (
	protoHopByHop = 0
	protoICMP     = 1
	protoTCP      = 6
	protoUDP      = 17
	protoRouting  = 43
	protoFragment = 44
	protoICMPv6   = 58
	protoDestOpts = 60
)

// ipHeader is what the lab needs of an IP header with its extensions.
type ipHeader struct {
	version  int
	length   int // of the whole packet by its header; 0 where that says 0
	src, dst netip.Addr
	proto    byte // of the upper layer
	upper    int  // offset after all headers
	fragment bool // IPv6: there is a fragment header
	offset   int  // of the fragment, bytes
	more     bool
	id       uint32 // IPv6: of the fragments
}

func parseIP(data []byte) (ipHeader, bool) {
	if len(data) >= 40 && data[0]>>4 == 6 {
		return parseIPv6(data)
	}
	if len(data) < 20 || data[0]>>4 != 4 {
		return ipHeader{}, false
	}
	be := binary.BigEndian
	frag := be.Uint16(data[6:])
	h := ipHeader{version: 4, length: int(be.Uint16(data[2:])), proto: data[9], upper: int(data[0]&15) * 4,
		src: netip.AddrFrom4([4]byte(data[12:16])), dst: netip.AddrFrom4([4]byte(data[16:20])),
		offset: int(frag&0x1FFF) * 8, more: frag&0x2000 != 0}
	return h, h.upper >= 20 && h.upper <= len(data)
}

func parseIPv6(data []byte) (ipHeader, bool) {
	be := binary.BigEndian
	h := ipHeader{version: 6, length: int(be.Uint16(data[4:])), proto: data[6], upper: 40,
		src: netip.AddrFrom16([16]byte(data[8:24])), dst: netip.AddrFrom16([16]byte(data[24:40]))}
	if h.length > 0 {
		h.length += 40
	}
	for {
		rest := data[h.upper:]
		switch h.proto {
		case protoHopByHop, protoRouting, protoDestOpts:
			if len(rest) < 8 || len(rest) < int(rest[1])*8+8 {
				return h, false
			}
			h.proto, h.upper = rest[0], h.upper+int(rest[1])*8+8
		case protoFragment:
			if len(rest) < 8 || h.fragment {
				return h, false
			}
			field := be.Uint16(rest[2:])
			h.fragment, h.offset, h.more = true, int(field&^7), field&1 != 0
			h.id = be.Uint32(rest[4:])
			h.proto, h.upper = rest[0], h.upper+8
			if h.offset > 0 {
				return h, true // no header of the upper layer here
			}
		default:
			return h, true
		}
	}
}

// Flow names the TCP or UDP flow that a packet belongs to, the same in both
// directions; other packets are flows by addresses and protocol.
type Flow struct {
	low, high netip.AddrPort
	proto     byte
}

// FlowOf returns the flow of an IP packet, the zero Flow if it is none.
func FlowOf(data []byte) Flow {
	flow, _ := flowFrom(data)
	return flow
}

// flowFrom returns the flow of an IP packet and its sender.
func flowFrom(data []byte) (flow Flow, from netip.AddrPort) {
	h, ok := parseIP(data)
	if !ok {
		return flow, from
	}
	var sport, dport uint16
	if (h.proto == protoTCP || h.proto == protoUDP) && h.offset == 0 && len(data) >= h.upper+4 {
		sport, dport = binary.BigEndian.Uint16(data[h.upper:]), binary.BigEndian.Uint16(data[h.upper+2:])
	}
	from, to := netip.AddrPortFrom(h.src, sport), netip.AddrPortFrom(h.dst, dport)
	if to.Compare(from) < 0 {
		return Flow{to, from, h.proto}, from
	}
	return Flow{from, to, h.proto}, from
}

// answers reports whether p goes the other way in the flow that q belongs to.
func answers(p, q []byte) bool {
	flow, from := flowFrom(p)
	same, to := flowFrom(q)
	return flow == same && from != to
}
