package packet

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"github.com/mendcap/mendcap/internal/tcp"
)

// records calls f for each record of a pcap file, up to the first that is
// longer than what is left.
func records(t *testing.T, name string, f func(link LinkType, data []byte, wireLen int)) {
	t.Helper()
	dir := os.Getenv("MENDCAP_SAMPLES")
	if dir == "" {
		t.Skip("MENDCAP_SAMPLES is not set")
	}
	file, err := os.ReadFile(filepath.Join(dir, "captures", name))
	if err != nil {
		t.Fatal(err)
	}
	var order binary.ByteOrder = binary.LittleEndian
	if bytes.HasPrefix(file, []byte{0xA1, 0xB2}) {
		order = binary.BigEndian
	}
	link := LinkType(order.Uint32(file[20:]))
	for file = file[24:]; len(file) >= 16; {
		captured, wire := int(order.Uint32(file[8:])), int(order.Uint32(file[12:]))
		if captured > len(file)-16 {
			return
		}
		f(link, file[16:16+captured], wire)
		file = file[16+captured:]
	}
}

// wanted is what the decoder should find, by gopacket's account.
type wanted struct {
	src, dst   Addr
	proto, ttl uint8
	net, upper int
	tcp        *layers.TCP
}

// ask decodes a packet with gopacket alone; ok is false without an IP layer.
func ask(link LinkType, data []byte) (w wanted, ok bool) {
	first := layers.LinkType(link)
	if link == Raw {
		first = layers.LinkTypeRaw
	}
	p := gopacket.NewPacket(data, first, gopacket.NoCopy)
	offset := func(b []byte) int { return cap(data) - cap(b) }
	for _, l := range p.Layers() {
		next := offset(l.LayerPayload())
		switch l := l.(type) {
		case *layers.IPv4:
			if ok {
				return w, ok // what is in a tunnel or an error message
			}
			w = wanted{proto: uint8(l.Protocol), ttl: l.TTL, net: offset(l.Contents)}
			mapIPv4(&w.src, l.SrcIP.To4())
			mapIPv4(&w.dst, l.DstIP.To4())
			ok = true
		case *layers.IPv6:
			if ok {
				return w, ok
			}
			w = wanted{proto: uint8(l.NextHeader), ttl: l.HopLimit, net: offset(l.Contents),
				src: Addr(l.SrcIP), dst: Addr(l.DstIP)}
			ok = true
		case *layers.IPv6HopByHop:
			w.proto = uint8(l.NextHeader)
		case *layers.IPv6Destination:
			w.proto = uint8(l.NextHeader)
		case *layers.IPv6Routing:
			w.proto = uint8(l.NextHeader)
		case *layers.IPv6Fragment:
			w.proto = uint8(l.NextHeader)
		case *layers.IPSecAH:
			w.proto = uint8(l.NextHeader)
		case *layers.TCP:
			w.tcp = l
			return w, ok
		default:
			continue
		}
		w.upper = next
	}
	return w, ok
}

func TestAgreesWithGopacket(t *testing.T) {
	for _, c := range []struct {
		name                string
		packets, tcp, right int // IP packets, TCP segments, right checksums with a pseudo-header
	}{
		{"rawcap-loopback.pcap", 10233, 10233, 10233},
		{"public/http-206.pcap", 672, 672, 672},
		{"public/reddit.pcap", 1942, 1942, 1932},
		{"public/mdns.pcap", 3141, 0, 3141},
		{"public/dccp-v6.pcap", 9, 0, 7},
		{"public/ospfv3-ah.cap", 61, 0, 61},
		{"public/bad-end.pcap", 850, 470, 511},
	} {
		t.Run(c.name, func(t *testing.T) {
			packets, tcp, right := 0, 0, 0
			records(t, c.name, func(link LinkType, data []byte, wireLen int) {
				want, ok := ask(link, data)
				if !ok {
					return
				}
				packets++
				compareView(t, want, link, data, wireLen)
				if want.tcp != nil {
					tcp++
				}
				if sumsUp(link, data) {
					right++
				}
			})
			if packets != c.packets || tcp != c.tcp || right != c.right {
				t.Errorf("got %d packets, %d segments, %d right sums, want %d, %d, %d",
					packets, tcp, right, c.packets, c.tcp, c.right)
			}
		})
	}
}

func compareView(t *testing.T, want wanted, link LinkType, data []byte, wireLen int) {
	t.Helper()
	var v View
	Decode(&v, link, data, wireLen, LayoutAuto)
	got := wanted{src: v.Src, dst: v.Dst, proto: v.Proto, ttl: v.TTL, net: v.Net, upper: v.Upper, tcp: want.tcp}
	if got != want || v.Form != Whole {
		t.Errorf("%x:\n got %+v\nwant %+v", data, v, want)
	}
	if want.tcp != nil {
		compareTCP(t, want.tcp, data[v.Upper:v.End], v.UpperLen)
	}
}

func compareTCP(t *testing.T, want *layers.TCP, seg []byte, wireLen int) {
	t.Helper()
	var got tcp.Segment
	if !ParseTCP(&got, seg, wireLen) {
		t.Errorf("segment %x: got false, want true", seg)
		return
	}
	if src, dst, ok := Ports(seg); !ok || src != uint16(want.SrcPort) || dst != uint16(want.DstPort) {
		t.Errorf("segment %x: got ports %d and %d, want %d and %d", seg, src, dst, want.SrcPort, want.DstPort)
	}
	w := tcp.Segment{Seq: tcp.Seq(want.Seq), Ack: tcp.Seq(want.Ack), Bits: got.Bits, Window: want.Window, Sum: want.Checksum,
		Len: uint32(wireLen - int(want.DataOffset)*4), WindowShift: -1}
	for _, o := range want.Options {
		switch d := o.OptionData; o.OptionType {
		case layers.TCPOptionKindMSS:
			w.MSS = be16(d)
		case layers.TCPOptionKindWindowScale:
			w.WindowShift = int8(d[0])
		case layers.TCPOptionKindSACKPermitted:
			w.SACKPermitted = true
		case layers.TCPOptionKindTimestamps:
			w.HasTS, w.TSval, w.TSecr = true, be32(d), be32(d[4:])
		case layers.TCPOptionKindSACK:
			for ; len(d) > 0; d = d[8:] {
				w.SACK[w.SACKs] = tcp.Range{Left: tcp.Seq(be32(d)), Right: tcp.Seq(be32(d[4:]))}
				w.SACKs++
			}
		}
	}
	if got != w {
		t.Errorf("segment %x:\n got %+v\nwant %+v", seg, got, w)
	}
	for i, set := range []bool{want.FIN, want.SYN, want.RST, want.PSH, want.ACK, want.URG, want.ECE, want.CWR, want.NS} {
		if got.Bits>>i&1 == 1 != set {
			t.Errorf("segment %x: control bit %d: got %v, want %v", seg, i, !set, set)
		}
	}
}

// sumsUp reports whether the upper-layer checksum of a packet is right.
func sumsUp(link LinkType, data []byte) bool {
	var v View
	Decode(&v, link, data, len(data), LayoutAuto)
	return Fold(PseudoHeader(v.Src, v.Dst, uint32(v.UpperLen), v.Proto)+Sum(data[v.Upper:v.End])) == 0xFFFF
}
