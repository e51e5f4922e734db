package pipeline

import (
	"github.com/mendcap/mendcap/infer"
	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/comment"
	"github.com/mendcap/mendcap/internal/packet"
	"github.com/mendcap/mendcap/report"
)

// writer is the last stage: it writes blocks, and edits what was inferred or moved. In:
// blocks in repaired order; out: the file. It changes nothing of a unit, and releases it.
type writer struct {
	w        *capture.Writer
	section  string           // the comment on a section that was put in order
	clocks   *interfaceClocks // of interfaces, for comments
	edits    bool             // blocks may be edited; else every block leaves as it came
	raw      map[*capture.Interface]*capture.Interface
	buf      []byte   // the header that is being made
	text     []byte   // the comments that are being made
	comments [][]byte // parts of it, or phrases
	phrases  phrases
	said     *spoken // of the packet, where its header is inferred

	edited  int64
	moved   int64
	skipped int64 // blocks left out because they must not be copied
}

func newWriter(w *capture.Writer, f *facts) *writer {
	return &writer{
		w: w, section: sectionComment(&f.profile), clocks: &f.clocks, edits: f.expectsEdits(),
		phrases: newPhrases(), raw: make(map[*capture.Interface]*capture.Interface),
	}
}

// all writes batches of units until there are no more.
func (w *writer) all(batches <-chan []*unit) error {
	for units := range batches {
		if err := w.units(units); err != nil {
			return err
		}
	}
	return w.flush()
}

func (w *writer) units(units []*unit) error {
	done := 0 // units of the same chunk, which are released together
	for i, u := range units {
		if err := w.unit(u); err != nil {
			return ioError("write the output", err)
		}
		done++
		if c := u.chunk; i+1 == len(units) || units[i+1].chunk != c {
			c.release(done)
			done = 0
		}
	}
	return nil
}

func (w *writer) flush() error { return ioError("write the output", w.w.Flush()) }

func (w *writer) unit(u *unit) error {
	b := u.block
	switch {
	case b.Kind == capture.Packet:
		return w.packet(u)
	case w.edits && b.Kind == capture.Section:
		return w.w.WriteSection(b, application, w.section)
	case w.edits && b.Type == capture.TypeCustomNC:
		w.skipped++
		return nil
	}
	return w.w.Write(b)
}

func (w *writer) packet(u *unit) error {
	if u.view.Form.Headerless() {
		w.said = w.phrases.take(u)
	}
	var e capture.PacketEdit
	changed, err := w.edit(u, &e)
	if err != nil {
		return err
	}
	if u.placed.moved {
		w.moved++
	}
	if !changed {
		return w.w.Write(u.block)
	}
	w.edited++
	return w.w.WritePacket(u.block, &e)
}

// edit works out how the packet differs from what was captured.
func (w *writer) edit(u *unit, e *capture.PacketEdit) (changed bool, err error) {
	if !w.edits {
		return false, nil
	}
	w.text, w.comments = w.text[:0], w.comments[:0]
	switch u.view.Form {
	case packet.Stub, packet.Sockaddr6:
		if !u.mended() {
			err = w.header(u, e)
		}
	case packet.Sockaddr4:
		err = w.unwrap(u, e)
	}
	if u.aligned.corrected {
		e.HasTicks, e.Ticks = true, u.aligned.ticks
		w.remark(append(w.text, w.clocks.comment(u)...))
	}
	if u.placed.byLaw {
		w.remark(appendMove(w.text, u))
	}
	if u.placed.timed {
		e.HasTicks, e.Ticks = true, u.placed.ticks
	}
	e.Comments = w.comments
	return len(e.Comments) > 0 || e.Data != nil || e.HasTicks, err
}

// remark adds a comment to those of the packet: what text has beyond w.text.
func (w *writer) remark(text []byte) {
	w.comments = append(w.comments, text[len(w.text):])
	w.text = text
}

// maxPayload is the longest upper-layer data that an IPv6 header can announce
// without a jumbo payload option (RFC 8200, section 3).
const maxPayload = 0xFFFF

// header gives a header-less packet its IPv6 header.
func (w *writer) header(u *unit, e *capture.PacketEdit) error {
	v, data := &u.view, u.block.Data
	if v.Form == packet.Sockaddr6 && v.UpperLen > maxPayload {
		w.remark(append(w.text, comment.Mark+comment.Left+" without IPv6 header: more than 65,535 bytes"...))
		return nil
	}
	w.buf = w.buf[:0]
	if v.Form == packet.Stub {
		hop := v.TTL
		if hop == 0 {
			hop = u.answer.HopLimit
		}
		w.buf = append(w.buf, data[:v.Net]...)
		w.buf = packet.AppendFilled(w.buf, data, v, u.answer.NextHeader, hop, v.Dst)
		e.OrigLen = u.block.OrigLen
	} else {
		w.buf = packet.AppendIPv6(w.buf, packet.IPv6Header{
			PayloadLength: uint16(v.UpperLen), NextHeader: u.answer.NextHeader, HopLimit: u.answer.HopLimit,
			Src: v.Src, Dst: v.Dst,
		})
		e.OrigLen = u.block.OrigLen + uint32(len(w.buf)-v.Upper)
		if err := w.toRaw(u, e); err != nil {
			return err
		}
	}
	e.Data, e.Rest = w.buf, data[v.Upper:]
	w.comments = append(w.comments, w.said.of(u))
	return nil
}

// sockaddrGrowth is by how much the longest header is longer than the sockaddr
// that it takes the place of.
const sockaddrGrowth = 40 - 28

// unwrap takes the sockaddr from in front of a whole IPv4 packet.
func (w *writer) unwrap(u *unit, e *capture.PacketEdit) error {
	data := u.block.Data
	at := ipOf(&u.view)
	e.Data, e.OrigLen = data[at:], u.block.OrigLen-uint32(at)
	w.remark(append(w.text, comment.Mark+comment.Sockaddr+" taken from in front of the IPv4 header"...))
	return w.toRaw(u, e)
}

// ipOf is where the IPv4 header of a Sockaddr4 record begins.
func ipOf(v *packet.View) int { return v.Net + 16 }

// toRaw puts the packet on an interface of LINKTYPE_RAW.
func (w *writer) toRaw(u *unit, e *capture.PacketEdit) error {
	own := u.block.Interface
	raw, ok := w.raw[own]
	if !ok {
		var err error
		if raw, err = w.w.AddInterface(own, uint16(packet.Raw), sockaddrGrowth); err != nil {
			return err
		}
		w.raw[own] = raw
	}
	e.Interface = raw
	return nil
}

// inferred counts what became of header-less packets.
type inferred struct {
	report.Inference // but for what the origins tell
	nextHeader       [infer.Origins]int64
	destination      [infer.Origins]int64
}

func newInferred() inferred {
	return inferred{Inference: report.Inference{ByEvidence: make(map[string]int64), LikelyByEvidence: make(map[string]int64)}}
}

// add counts packets of which k is said.
func (c *inferred) add(k *phrase, packets int64) {
	c.Packets += packets
	c.nextHeader[k.nextHeaderBy] += packets
	c.destination[k.dstBy] += packets
	if k.dstBy == infer.NotKnown && k.nextHeader == packet.ProtoTCP {
		c.Unanalysed += packets
	}
	switch {
	case k.evidence == infer.ByNone:
	case k.dstBy == infer.Likely, k.dstBy != infer.Inferred && k.nextHeaderBy == infer.Likely:
		c.LikelyByEvidence[string(k.evidence)] += packets
	default:
		c.ByEvidence[string(k.evidence)] += packets
	}
}

// result is what the report says of them.
func (c *inferred) result() report.Inference {
	proof := func(n [infer.Origins]int64) report.Proof {
		return report.Proof{Proved: n[infer.Inferred], Likely: n[infer.Likely], AsCaptured: n[infer.AsCaptured] + n[infer.AsStated], Unknown: n[infer.NotKnown]}
	}
	c.NextHeader, c.Destination = proof(c.nextHeader), proof(c.destination)
	return c.Inference
}
