package witness

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"slices"

	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/repair"
	"github.com/mendcap/mendcap/report"
)

// experimental is a protocol of which nobody knows a checksum (RFC 3692).
const experimental = 253

// Strange replaces the data of every tenth packet that the host sent by what no protocol
// that is known has, and which no checksum can tell of. With alike such packets of a
// source have one length, and each is a burst of up to eight.
func Strange(packets []lab.Packet, alike bool) []lab.Packet {
	rng := rand.New(rand.NewPCG(4, 4))
	packets = slices.Clone(packets)
	burst := 0
	for i := range packets {
		p := &packets[i]
		if p.Data[0]>>4 != 6 || !p.Out {
			continue
		}
		if burst--; burst < 0 && rng.IntN(10) > 0 {
			continue
		}
		length := 9 + rng.IntN(1000)
		if alike {
			length = 9
			if burst < 0 {
				burst = rng.IntN(8)
			}
		}
		p.Data = slices.Clone(p.Data[:40+min(len(p.Data)-40, length)])
		p.Data[6] = experimental
		p.Data[4], p.Data[5] = byte((len(p.Data)-40)>>8), byte(len(p.Data)-40)
		for j := 40; j < len(p.Data); j++ {
			p.Data[j] = 0x70 | byte(rng.Uint32())
		}
	}
	return packets
}

// Answers are how many packets of a capture have a header after its repair, and how many
// a wrong one.
type Answers struct {
	Packets, Answered, Wrong int
	ByEvent                  int // as the report counts them
	Unchecked                int // packets that no checksum tells of

	// Packets without an answer: those whose events were lost; those whose events are there
	// and tell, and those whose events are there and might be others'.
	Lost, Owed, Ambiguous int
}

// Add adds up.
func (a *Answers) Add(o Answers) {
	a.Packets, a.Answered, a.Wrong, a.ByEvent, a.Unchecked = a.Packets+o.Packets, a.Answered+o.Answered, a.Wrong+o.Wrong, a.ByEvent+o.ByEvent, a.Unchecked+o.Unchecked
	a.Lost, a.Owed, a.Ambiguous = a.Lost+o.Lost, a.Owed+o.Owed, a.Ambiguous+o.Ambiguous
}

// Sent is what the host has sent of packets: nothing else in a capture of them alone names
// destinations.
func Sent(packets []lab.Packet) []lab.Packet {
	return slices.DeleteFunc(slices.Clone(packets), func(p lab.Packet) bool { return !p.Out })
}

// Answer repairs what a sniffer wrote of truth in dir, which is empty, with the trace of a
// trouble beside it or, where that is nil, without.
func Answer(ctx context.Context, dir string, truth, written []lab.Packet, trouble *Trouble) (Answers, report.Report, error) {
	in, out := filepath.Join(dir, "in.pcapng"), filepath.Join(dir, "out.pcapng")
	err := writeForm(in, written, lab.SockaddrWindows)
	var missing map[int]bool
	if trouble != nil {
		var trace []byte
		trace, missing = Trace(truth, *trouble)
		err = errors.Join(err, os.WriteFile(filepath.Join(dir, "in.etl"), trace, 0o600))
	}
	if err != nil {
		return Answers{}, report.Report{}, err
	}
	r, err := repair.File(ctx, in, out, repair.Options{})
	if err != nil {
		return Answers{}, r, err
	}
	a, err := Compare(out, written, missing, ambiguous(truth, written, missing))
	a.ByEvent = int(r.Inference.ByEvidence["raw-endpoint-event"] + r.Inference.LikelyByEvidence["raw-endpoint-event"])
	return a, r, err
}

// asked is what is known of packets that look alike once they lack their header.
type asked struct {
	headers          map[identity]int // and how many packets have them
	missing, unclear bool             // the event of one of them
}

// identity is what is inferred of a packet: next header and destination.
type identity [17]byte

func identityOf(ip []byte) (h identity) {
	h[0] = ip[6]
	copy(h[1:], ip[24:40])
	return h
}

// alike is what a packet without header is known by: the source, and the data, which the
// repair leaves alone.
func alike(ip []byte) string { return string(ip[8:24]) + string(ip[40:]) }

// Compare sets the packets of a file beside those that it was made of. Events are missing of
// some, and those of others are unclear.
func Compare(path string, written []lab.Packet, missing, unclear map[int]bool) (a Answers, err error) {
	truth := map[string]*asked{}
	for _, p := range written {
		if p.Data[0]>>4 == 6 {
			key := alike(p.Data)
			if truth[key] == nil {
				truth[key] = &asked{headers: map[identity]int{}}
			}
			of := truth[key]
			of.headers[identityOf(p.Data)]++
			if p.Data[6] == experimental {
				a.Unchecked++
			}
			of.missing, of.unclear = of.missing || missing[p.Index], of.unclear || unclear[p.Index]
		}
	}
	f, err := os.Open(path)
	if err != nil {
		return a, err
	}
	defer f.Close()
	return a, lab.EachPacket(f, func(b *capture.Block) error {
		ip := b.Data
		if b.Interface.LinkType == lab.LinkEthernet {
			ip = ip[14:]
		}
		if ip[0]>>4 == 6 {
			a.count(ip, truth[alike(ip)])
		}
		return nil
	})
}

// count counts a packet that was written, whatever its header is.
func (a *Answers) count(ip []byte, of *asked) {
	a.Packets++
	switch h := identityOf(ip); {
	case h[0] != 255 && !netip.AddrFrom16([16]byte(h[1:])).IsUnspecified():
		a.Answered++
		if of.headers[h]--; of.headers[h] < 0 {
			a.Wrong++
		}
	case of.missing:
		a.Lost++
	case of.unclear:
		a.Ambiguous++
	default:
		a.Owed++
	}
}
