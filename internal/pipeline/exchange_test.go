package pipeline_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/internal/pipeline"
	"github.com/mendcap/mendcap/report"
)

// story is a true IPv4 capture in the making: what a host, a peer on its link
// and a server said.
type story struct {
	now     int64 // nanoseconds
	packets []lab.Packet
	seq     uint32 // of the server's next byte
	pairs   [][2]int
}

// host is the one that captures; its packets have the TTL that it sends with.
var (
	host   = []byte{192, 0, 2, 1}
	peer   = []byte{192, 0, 2, 9}
	server = []byte{198, 51, 100, 7}
)

// ipv4 returns a packet with the numbers that identify it, and no checksum.
func ipv4(src, dst []byte, proto byte, upper []byte) []byte {
	ttl := byte(64)
	if !bytes.Equal(src, host) {
		ttl = 57
	}
	b := []byte{0x45, 0, 0, 0, 0, 0, 0x40, 0, ttl, proto, 0, 0}
	b = slices.Concat(b, src, dst, upper)
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
	return b
}

func (s *story) say(src, dst []byte, proto byte, upper []byte) []byte {
	b := ipv4(src, dst, proto, upper)
	s.packets = append(s.packets, lab.Packet{Index: len(s.packets), Stamp: s.now, Data: b})
	return b
}

// pair says that the last packet answers the one before it.
func (s *story) pair() {
	n := len(s.packets)
	s.pairs = append(s.pairs, [2]int{n - 2, n - 1})
	s.now += 1e6
}

// datagram and message begin with 8 bytes of header.
func datagram(sport, dport uint16, payload ...byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, sport)
	b = binary.BigEndian.AppendUint16(b, dport)
	b = binary.BigEndian.AppendUint16(b, uint16(8+len(payload)))
	return append(append(b, 0xAB, 0xCD), payload...)
}

func message(kind, code byte, id, seq uint16, data ...byte) []byte {
	b := binary.BigEndian.AppendUint16([]byte{kind, code, 0, 0}, id)
	return append(binary.BigEndian.AppendUint16(b, seq), data...)
}

// segment of a connection between server and host; the host has said its last
// byte.
func segment(from []byte, seq, ack uint32, bits byte, length int) []byte {
	ports := []byte{0x01, 0xBB, 0xC3, 0x50}
	if bytes.Equal(from, host) {
		ports = []byte{0xC3, 0x50, 0x01, 0xBB}
	}
	b := binary.BigEndian.AppendUint32(ports, seq)
	b = binary.BigEndian.AppendUint32(b, ack)
	b = append(b, 0x50, bits, 0x20, 0, 0, 0, 0, 0)
	return append(b, make([]byte, length)...)
}

// open shakes hands.
func (s *story) open() {
	const syn, ack = 2, 16
	s.say(host, server, 6, segment(host, 99, 0, syn, 0))
	s.now += 20e6
	s.say(server, host, 6, segment(server, 999, 100, syn|ack, 0))
	s.now += 50e3
	s.say(host, server, 6, segment(host, 100, 1000, ack, 0))
	s.now += 1e6
	s.seq = 1000
}

// download is a segment with its ACK.
func (s *story) download() {
	s.say(server, host, 6, segment(server, s.seq, 100, 16, 1000))
	s.seq += 1000
	s.now += 30e3
	s.say(host, server, 6, segment(host, 100, s.seq, 16, 0))
	s.pair()
}

// lookup is a question that the host answers for its peer.
func (s *story) lookup(id uint16) {
	question := []byte{4, 'h', 'o', 's', 't', 0, 0, 1, 0, 1}
	header := func(flags, answers byte) []byte {
		return []byte{byte(id >> 8), byte(id), flags, 0, 0, 1, 0, answers, 0, 0, 0, 0}
	}
	s.say(peer, host, 17, datagram(40000, 53, slices.Concat(header(1, 0), question)...))
	s.now += 40e3
	answer := []byte{0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 192, 0, 2, 1}
	s.say(host, peer, 17, datagram(53, 40000, slices.Concat(header(0x81, 1), question, answer)...))
	s.pair()
}

// ping is an echo that the host answers.
func (s *story) ping(seq uint16) {
	s.say(peer, host, 1, message(8, 0, 7, seq, 'p', 'i', 'n', 'g'))
	s.now += 20e3
	s.say(host, peer, 1, message(0, 0, 7, seq, 'p', 'i', 'n', 'g'))
	s.pair()
}

// probe goes to a port of the host that nobody listens at.
func (s *story) probe(port uint16) {
	b := s.say(server, host, 17, datagram(50000, port, 1, 2, 3, 4))
	s.now += 20e3
	s.say(host, server, 1, message(3, 3, 0, 0, b[:28]...))
	s.pair()
}

// everything happens some times.
func everything() *story {
	s := &story{now: 1_700_000_000e9}
	s.open()
	for i := range uint16(12) {
		s.download()
		s.lookup(i)
		s.download()
		s.ping(i)
		s.probe(33434 + i)
	}
	return s
}

// responsesFirst puts of each pair the response before its cause, which is
// stamped late.
func (s *story) responsesFirst() []lab.Packet {
	packets := slices.Clone(s.packets)
	for _, p := range s.pairs {
		turn(packets, p[0], p[1])
	}
	return packets
}

// turn puts the packet at position a after the one at b, 50 us late.
func turn(packets []lab.Packet, a, b int) {
	late := packets[a]
	late.Stamp = packets[b].Stamp + 50e3
	copy(packets[a:], packets[a+1:b+1])
	packets[b] = late
}

// mended repairs the packets from file to file and returns the places that they
// had in truth, in their order now.
func mended(t *testing.T, packets []lab.Packet, form lab.Form, tables string) ([]int, report.Report) {
	t.Helper()
	var file bytes.Buffer
	if err := lab.WriteForm(&file, packets, form, lab.Pcap); err != nil {
		t.Fatal(err)
	}
	in := filepath.Join(t.TempDir(), "in.pcap")
	if err := os.WriteFile(in, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	o := pipeline.Options{}
	if tables != "" {
		o.Tables = []string{tables}
	}
	out := filepath.Join(t.TempDir(), "out.pcapng")
	r, err := pipeline.File(context.Background(), in, out, o)
	if err != nil {
		t.Fatal(err)
	}
	rec, err := lab.Load(out)
	if err != nil {
		t.Fatal(err)
	}
	return placesOf(t, packets, rec.Packets), r
}

// placesOf recognises the packets by what is the same in all forms: addresses
// and what comes after the IP header.
func placesOf(t *testing.T, packets, got []lab.Packet) []int {
	t.Helper()
	key := func(p lab.Packet) string {
		if p.Data[0]>>4 == 6 {
			return string(p.Data[8:])
		}
		return string(p.Data)
	}
	known := make(map[string][]int)
	for _, p := range packets {
		known[key(p)] = append(known[key(p)], p.Index)
	}
	places := make([]int, len(got))
	for i, p := range got {
		same := known[key(p)]
		if len(same) == 0 {
			t.Fatalf("packet %d of the output: got %x, want one of the input's", i, p.Data)
		}
		places[i], known[key(p)] = same[0], same[1:]
	}
	return places
}

func wantLaw(t *testing.T, r report.Report, law report.LawName, moved int) {
	t.Helper()
	if got := r.Order.ByLaw[law].Moved; got != int64(moved) {
		t.Errorf("moved by %s: got %d, want %d", law, got, moved)
	}
}

func TestCausesGoBeforeResponses(t *testing.T) {
	s := everything()
	places, r := mended(t, s.responsesFirst(), lab.WithHeaders, "")
	for i, place := range places {
		if place != i {
			t.Errorf("place %d: got packet %d", i, place)
		}
	}
	for law, moved := range map[report.LawName]int{"ack": 24, "dns": 12, "echo": 12, "quote": 12} {
		wantLaw(t, r, law, moved)
	}
}

func TestStoryInOrderStays(t *testing.T) {
	_, r := mended(t, everything().packets, lab.WithHeaders, "")
	if r.Order.Moved != 0 || r.Order.Unrepaired != 0 {
		t.Errorf("true order: got %d moved and %d unrepaired, want none", r.Order.Moved, r.Order.Unrepaired)
	}
}

// Questions that the capture dropped leave answers that prove nothing.
func TestDroppedQuestionsMoveNothing(t *testing.T) {
	s := everything()
	var dropped []int
	for _, p := range s.pairs {
		if s.packets[p[0]].Data[9] != 6 {
			dropped = append(dropped, p[0])
		}
	}
	isDropped := func(i int) bool { return slices.Contains(dropped, i) }
	kept := slices.DeleteFunc(slices.Clone(s.packets), func(p lab.Packet) bool { return isDropped(p.Index) })
	_, r := mended(t, kept, lab.WithHeaders, "")
	if r.Order.Moved != 0 || r.Order.Unrepaired != 0 {
		t.Errorf("without questions: got %d moved and %d unrepaired, want none", r.Order.Moved, r.Order.Unrepaired)
	}
	// Nor do they where the rest of the capture is disordered.
	kept = slices.DeleteFunc(s.responsesFirst(), func(p lab.Packet) bool { return isDropped(p.Index) })
	places, r := mended(t, kept, lab.WithHeaders, "")
	if !slices.IsSorted(places) {
		t.Errorf("order after repair: got %v, want that of the truth", places)
	}
	wantLaw(t, r, "ack", 24)
	if r.Order.Moved != 24 {
		t.Errorf("moved: got %d, want the 24 segments alone", r.Order.Moved)
	}
}

// exchangesOf finds the questions of DNS and the echo requests of a recording
// with their answers, as indices.
func exchangesOf(packets []lab.Packet) (pairs [][2]int) {
	asked := make(map[string]int)
	for i, p := range packets {
		upper, proto := p.Data[20:], p.Data[9]
		if p.Data[0]>>4 == 6 {
			upper, proto = p.Data[40:], p.Data[6]
		}
		var id string
		var answer bool
		switch {
		case proto == 17 && upper[3] == 53 && upper[2] == 0:
			id = "dns" + string(upper[:2]) + string(upper[8:10])
		case proto == 17 && upper[1] == 53 && upper[0] == 0:
			id, answer = "dns"+string(upper[2:4])+string(upper[8:10]), true
		case proto == 58 && upper[0] == 128, proto == 1 && upper[0] == 8:
			id = "echo" + string(upper[4:8])
		case proto == 58 && upper[0] == 129, proto == 1 && upper[0] == 0:
			id, answer = "echo"+string(upper[4:8]), true
		default:
			continue
		}
		if q, ok := asked[id]; ok && answer {
			pairs = append(pairs, [2]int{q, i})
			delete(asked, id)
		} else if !answer {
			asked[id] = i
		}
	}
	return pairs
}

// Recorded exchanges, as if a resolver on the host's link had answered: each
// answer straight after its question in truth, and before it in the capture.
func TestRecordedExchanges(t *testing.T) {
	for _, c := range []struct {
		name string
		form lab.Form
	}{{"v4-many-flows", lab.WithHeaders}, {"many-flows", lab.WithHeaders}, {"many-flows", lab.Stub}} {
		t.Run(c.name+" "+string(c.form), func(t *testing.T) {
			rec, err := lab.Load(filepath.Join("..", "..", "testdata", "recordings", c.name+".pcapng.gz"))
			if err != nil {
				t.Fatal(err)
			}
			packets := lab.Delivered(rec.Packets)
			answers := make(map[int]int)
			for _, p := range exchangesOf(packets) {
				answers[p[0]] = p[1]
			}
			if len(answers) < 100 {
				t.Fatalf("exchanges in the recording: got %d, want at least 100", len(answers))
			}
			degraded := answersFirst(packets, answers)
			tables := filepath.Join(t.TempDir(), "tables")
			if err := lab.WriteTables(tables, lab.SnapshotOf(packets), lab.Own); err != nil {
				t.Fatal(err)
			}
			places, r := mended(t, degraded, c.form, tables)
			if !slices.IsSorted(places) {
				t.Error("order after repair: got another than that of the truth")
			}
			if moved := r.Order.ByLaw["dns"].Moved + r.Order.ByLaw["echo"].Moved; moved != int64(len(answers)) || r.Order.Moved != moved {
				t.Errorf("moved: got %d, %d of them by dns and echo, want the %d questions", r.Order.Moved, moved, len(answers))
			}
		})
	}
}

// answersFirst takes each answer before its question; the indices say what
// order was true.
func answersFirst(packets []lab.Packet, answers map[int]int) (degraded []lab.Packet) {
	early := make(map[int]bool)
	for _, a := range answers {
		early[a] = true
	}
	index := 0
	for i, p := range packets {
		if early[i] {
			continue
		}
		p.Index = index
		index++
		if a, ok := answers[i]; ok {
			answer := packets[a]
			answer.Index = index
			index++
			answer.Stamp = p.Stamp
			degraded = append(degraded, answer)
			p.Stamp += 2e3
		}
		degraded = append(degraded, p)
	}
	return degraded
}
