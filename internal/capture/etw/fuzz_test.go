package etw

import (
	"encoding/binary"
	"os"
	"slices"
	"testing"
)

// pack puts events into bytes for FuzzEvents, which takes them apart: a byte that names
// the provider, the event's id, its keyword, thread and processor, and the user data after
// their length.
func pack(events []Event) (b []byte) {
	for i := range events {
		e := &events[i]
		who := slices.Index(packetProviders, e.Provider)
		if who < 0 {
			who = len(packetProviders)
		}
		b = append(b, byte(who)<<1)
		if e.Narrow {
			b[len(b)-1] |= 1
		}
		b = binary.LittleEndian.AppendUint16(b, e.ID)
		b = binary.LittleEndian.AppendUint64(b, e.Keyword)
		b = append(b, byte(e.TID), byte(e.CPU))
		b = binary.LittleEndian.AppendUint16(b, uint16(len(e.Data)))
		b = append(b, e.Data...)
	}
	return b
}

var packetProviders = []GUID{NDISPacketCapture, RasNdisWan, PktMon, WFP, TCPIP, WinsockAFD, KernelNetwork, classTCP, classUDP, eventMetadata}

func unpack(b []byte) (events []Event) {
	c := cursor{rest: b}
	for len(c.rest) > 0 {
		who := c.u8()
		e := Event{ID: c.u16(), Keyword: c.u64(), TID: uint32(c.u8()), CPU: uint16(c.u8()), Time: int64(len(events))}
		if n := int(who >> 1); n < len(packetProviders) {
			e.Provider = packetProviders[n]
		}
		e.Narrow = who&1 != 0
		e.Classic = e.Provider == classTCP || e.Provider == classUDP || e.Provider == eventMetadata
		e.Opcode, e.Version = uint8(e.ID), uint8(e.Keyword)
		e.Data = c.take(min(int(c.u16()), len(c.rest)))
		events = append(events, e)
	}
	return events
}

// Whatever events hold, both passes see the same packets, numbers go up, lengths hold
// together, what is chosen is of all, and the events stay as they were.
func FuzzEvents(f *testing.F) {
	frame := ethernet(recorded(f, "many-flows", 1)[0].data)
	wifi := wifiFrame(recorded(f, "v4-many-flows", 1)[0].data, true)
	_, wfp, _ := wfpData(recorded(f, "v4-many-flows", 1)[0].data, true)
	f.Add(pack([]Event{
		ndisEvent(ndisFragment, keywordStart, fragment(3, 4, frame[:20])),
		ndisEvent(ndisFragment, keywordEnd, fragment(3, 4, frame[20:])),
		ndisEvent(ndisMetadata, keyword80211|whole, fragment(3, 3, make([]byte, 48))),
		ndisEvent(ndisFragment, keyword80211|whole|keywordTruncated, fragment(3, 3, wifi)),
		ndisEvent(ndisSwitch, whole, switched(frame, 2, 7, true)),
		{Provider: RasNdisWan, ID: rasSend, Data: fields("{}", "u", uint32(len(frame)), frame)},
	}))
	f.Add(pack([]Event{
		{Provider: WFP, ID: wfpFlowPacket4, Keyword: keywordSend, Data: wfp},
		{Provider: WFP, ID: wfpFlowPacket4, Keyword: keywordReceive, Data: wfp},
		{Provider: WFP, ID: wfpPiece, Keyword: keywordStart, Data: fields(uint16(wfpFlowPacket4), uint32(1), uint32(30), wfp[:30])},
		{Provider: WFP, ID: wfpPiece, Keyword: keywordEnd, Data: fields(uint16(wfpFlowPacket4), uint32(1), uint32(len(wfp)-30), wfp[30:])},
		{Provider: WFP, ID: wfpDiscard, Data: make([]byte, 13)},
		{Provider: WFP, ID: wfpConnection6, Data: make([]byte, 80)},
	}))
	f.Add(pack([]Event{
		{Provider: PktMon, ID: pktmonPacket, Data: pktmonFrame(frame, payloadEthernet, 10, 1)},
		{Provider: PktMon, ID: pktmonSameDrop, Data: pktmonFrame(wifi, payloadWiFi, 11, 2)},
		{Provider: PktMon, ID: pktmonData6, Data: append(make([]byte, 55), 1, 0, 1, 0, 0)},
		{Provider: PktMon, ID: pktmonComponent, Data: fields(uint16(10), uint16(2), "a.sys", "A")},
		{Provider: PktMon, ID: pktmonNumber, Data: fields(uint16(10), uint16(propIfIndex), uint32(5))},
		{Provider: PktMon, ID: pktmonFlowCounters, Data: fields(uint16(10), "Upper", uint16(1), make([]byte, 36))},
		{Provider: PktMon, ID: pktmonAddress6, Data: fields(uint16(10), uint16(13), make([]byte, 16))},
	}))
	ends := fields(uint32(28), sockaddr6("2001:db8::1", 700), uint32(28), sockaddr6("2001:db8::2", 900))
	f.Add(pack([]Event{
		{Provider: TCPIP, ID: 1529, Data: fields(uint64(1), uint32(58), uint32(1), uint32(64), ends)},
		{Provider: TCPIP, ID: 1477, Data: fields(make([]byte, 192), ends)},
		{Provider: WinsockAFD, ID: 1030, Data: fields(uint32(1), uint32(1), uint64(2), uint64(3), uint32(0), ends[:32])},
		{Provider: KernelNetwork, ID: 59, Data: make([]byte, 56)},
		{Provider: classUDP, ID: 26, Keyword: 2, Data: make([]byte, 56)},
		{Provider: eventMetadata, ID: metadataEvent, Data: eventInfo(TCPIP, 1529, 0, []property{{"Length", 8, "", nil}, {"LocalSockAddr", 14, "Length", nil}})},
	}))
	if os.Getenv("MENDCAP_SAMPLES") != "" {
		for _, name := range []string{"pktmon.etl", "windows/pktmon-19042.etl", "windows/ndis-ccrod1.etl", "windows/ndis-vsod32-1.etl", "windows/ndis-fasod2-1903.etl"} {
			f.Add(pack(specimens(sampleEvents(f, name))))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		before := slices.Clone(b)
		events := unpack(b)
		all := readAny(t, events, Options{AllLayers: true})
		for _, p := range readAny(t, events, Options{}) {
			if q := all[p.Number]; q.at != p.at || !slices.Equal(p.Data, q.Data) {
				t.Errorf("packet %d is another among all layers", p.Number)
			}
		}
		if !slices.Equal(b, before) {
			t.Error("the events were changed")
		}
	})
}

// specimens are short events of a trace, some for each provider, number and version: a
// fuzzer does little with what is long.
func specimens(events []Event) (some []Event) {
	const each, longest, room = 4, 256, 2048 // events of a kind, and bytes of data of one and of all
	type kind struct {
		provider GUID
		id       uint16
		version  uint8
	}
	met, length := map[kind]int{}, 0
	for _, e := range events {
		k := kind{e.Provider, e.ID, e.Version}
		if met[k] == each || len(e.Data) > longest || length+len(e.Data) > room {
			continue
		}
		met[k]++
		length += len(e.Data)
		some = append(some, e)
	}
	return some
}

// readAny makes both passes over events that may be damaged.
func readAny(t *testing.T, events []Event, opts Options) map[int64]Packet {
	s := NewSurvey()
	for i := range events {
		s.Add(&events[i])
	}
	c := s.Choose(opts)
	packets := make(map[int64]Packet)
	var last int64
	r := NewPackets(c)
	for i := range events {
		p, err := r.Read(&events[i])
		if p == nil {
			continue
		}
		if err != nil || p.Number <= last || p.Number > s.Packets() || p.Interface >= len(c.Interfaces) ||
			p.Original < len(p.Data) || len(p.Data) > maxPacket+ipv6Header+udpHeader || c.Interfaces[p.Interface].LinkType != p.at.link {
			t.Errorf("packet %d after %d of %d at %d: %d of %d bytes (%v)", p.Number, last, s.Packets(), p.Interface, len(p.Data), p.Original, err)
		}
		last = p.Number
		packets[p.Number] = clonePacket(p)
	}
	if opts.AllLayers && int64(len(packets)) != s.Packets() {
		t.Errorf("packets: got %d, the first pass saw %d", len(packets), s.Packets())
	}
	readWitness(t, s, events)
	f := s.Facts()
	if got := s.Choose(opts); !slices.EqualFunc(got.Words, c.Words, func(a, b string) bool { return a == b }) || len(f.Counters) > maxCounters {
		t.Errorf("the choice is not the same each time: %q, %q", got.Words, c.Words)
	}
	return packets
}

// readWitness reads events that may be damaged as a witness.
func readWitness(t *testing.T, s *Survey, events []Event) {
	w := NewWitness(s.Layouts())
	for i := range events {
		w.Add(&events[i])
	}
	rows, _, _ := w.Rows()
	for _, r := range rows {
		if r.First > r.Last || r.Protocol != protocolTCP && r.Protocol != protocolUDP {
			t.Errorf("a row of no connection: %+v", r)
		}
	}
	for _, p := range w.Raw() {
		if !p.Source.IsValid() || !p.Destination.IsValid() {
			t.Errorf("a packet without an end: %+v", p)
		}
	}
}
