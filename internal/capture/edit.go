package capture

import (
	"fmt"
	"math"
)

// PacketEdit says what to change of a packet. The zero value changes nothing.
type PacketEdit struct {
	Interface *Interface // the interface to put it on, of this section; nil = its own
	Data      []byte     // the captured bytes, valid during the call; nil = as they came
	Rest      []byte     // more of them, behind Data if that is not nil
	OrigLen   uint32     // length on the wire, bytes; goes with Data
	HasTicks  bool
	Ticks     uint64   // the stamp, in the ticks of the interface it is put on
	Comments  []string // to add behind those that it has
}

// none says whether nothing is to be changed.
func (e *PacketEdit) none() bool {
	return e == nil || e.Interface == nil && e.Data == nil && !e.HasTicks && len(e.Comments) == 0
}

// WritePacket writes a packet with an edit, as an enhanced packet block
// whatever it was. Its options stay as they are, in their order, but for the
// hash where the data changed and those marked not to be copied. A packet
// that has no stamp (a simple packet block) and gets none is stamped 0. A block
// that is no packet is written as it came.
func (w *Writer) WritePacket(b *Block, e *PacketEdit) error {
	switch {
	case e.none() || b.Kind != Packet:
		return w.Write(b)
	case w.order == nil:
		return ErrNoSection
	case w.stated:
		return ErrSectionLength
	case !b.Pcap && b.Order != w.order:
		return ErrForeign
	}
	return w.enhanced(b, e)
}

// enhanced writes an enhanced packet block (section 4.3).
func (w *Writer) enhanced(b *Block, e *PacketEdit) error {
	id, err := w.interfaceOf(b, e)
	if err != nil {
		return err
	}
	size, err := w.measureOptions(b, e)
	if err != nil {
		return err
	}
	data, rest, length := b.Data, []byte(nil), b.OrigLen
	if e.Data != nil {
		data, rest, length = e.Data, e.Rest, e.OrigLen
	}
	captured := len(data) + len(rest)
	if uint64(captured) > math.MaxUint32 {
		return fmt.Errorf("write packet of %d bytes: %w", captured, ErrTooLarge)
	}
	total, err := w.open(TypeEPB, enhancedFixed+padded(captured)+size+trailerLen)
	if err != nil {
		return err
	}
	ticks := e.stamp(b)
	w.order.PutUint32(w.head[8:], id)
	w.order.PutUint32(w.head[12:], uint32(ticks>>32))
	w.order.PutUint32(w.head[16:], uint32(ticks))
	w.order.PutUint32(w.head[20:], uint32(captured))
	w.order.PutUint32(w.head[24:], length)
	w.out.Write(w.head[:enhancedFixed])
	w.out.Write(data)
	w.out.Write(rest)
	w.out.WriteString(padding(captured))
	if size > 0 {
		w.writeOptions(b, e)
	}
	return w.close(total)
}

// stamp gives the ticks to write.
func (e *PacketEdit) stamp(b *Block) uint64 {
	switch {
	case e.HasTicks:
		return e.Ticks
	case e.Interface != nil && b.Interface != nil && b.HasStamp:
		return e.Interface.Rebase(b.Ticks, b.Interface)
	}
	return b.Ticks
}

// keeps says whether an option stays when a packet is edited.
func (e *PacketEdit) keeps(code uint16) bool {
	return !doNotCopy(code) && (code != optHash || e.Data == nil)
}

// measureOptions gives the length of the options that writeOptions will write,
// bytes, and counts those that it will not.
func (w *Writer) measureOptions(b *Block, e *PacketEdit) (int, error) {
	size := 0
	for list := b.Options; ; {
		o, rest, ok, _ := nextOption(list, w.order)
		if !ok {
			break
		}
		list = rest
		switch {
		case e.keeps(o.code):
			size += len(o.raw)
		case doNotCopy(o.code):
			w.dropped++
		}
	}
	if _, ok := obsoleteDrops(b); ok {
		size += 4 + 8
	}
	for _, c := range e.Comments {
		if len(c) > maxOption {
			return 0, ErrOptionLength
		}
		size += 4 + padded(len(c))
	}
	if size > 0 {
		size += 4 // opt_endofopt
	}
	return size, nil
}

// writeOptions writes the options of an edited packet. The buffer keeps the errors.
func (w *Writer) writeOptions(b *Block, e *PacketEdit) {
	for list := b.Options; ; {
		o, rest, ok, _ := nextOption(list, w.order)
		if !ok {
			break
		}
		list = rest
		if e.keeps(o.code) {
			w.out.Write(o.raw)
		}
	}
	if drops, ok := obsoleteDrops(b); ok {
		w.optionHead(optDropCount, 8)
		w.order.PutUint64(w.head[:], drops)
		w.out.Write(w.head[:8])
	}
	for _, c := range e.Comments {
		w.optionHead(optComment, len(c))
		w.out.WriteString(c)
		w.out.WriteString(padding(len(c)))
	}
	w.optionHead(optEnd, 0)
}

// optionHead writes code and length of an option.
func (w *Writer) optionHead(code uint16, length int) {
	w.order.PutUint16(w.head[:], code)
	w.order.PutUint16(w.head[2:], uint16(length))
	w.out.Write(w.head[:4])
}

// obsoleteDrops gives the drop count that an obsolete packet block has in its
// header, where an enhanced one has no place for it.
func obsoleteDrops(b *Block) (uint64, bool) {
	if b.Type != TypePB {
		return 0, false
	}
	return b.DropCount()
}

// interfaceOf gives the number that the packet's interface has in the output.
func (w *Writer) interfaceOf(b *Block, e *PacketEdit) (uint32, error) {
	i := e.Interface
	switch {
	case i != nil && i.Section != w.section:
		return 0, ErrForeign
	case i != nil && i.added:
		return i.ID, nil
	case i != nil:
		return w.newID(i.ID), nil
	}
	return w.newID(ownID(b)), nil
}

// ownID gives the number of the packet's interface in the file that it came
// from, described or not.
func ownID(b *Block) uint32 {
	switch {
	case b.Type == TypeEPB && len(b.Raw) >= enhancedFixed:
		return b.Order.Uint32(b.Raw[8:])
	case b.Type == TypePB && len(b.Raw) >= enhancedFixed:
		return uint32(b.Order.Uint16(b.Raw[8:]))
	}
	return 0 // simple packet blocks and pcap records know one interface only
}

// newID gives the number that an interface has in the output. One that was not
// described moves up by what was added, so that it does not become described.
func (w *Writer) newID(id uint32) uint32 {
	if uint64(id) < uint64(len(w.ids)) {
		return w.ids[id]
	}
	return uint32(min(uint64(id)+uint64(w.added), math.MaxUint32))
}

// renumbered writes a block of pcapng as it came, but for the number of its
// interface where that has moved.
func (w *Writer) renumbered(b *Block) error {
	if w.added == 0 || len(b.Raw) < blockMin+4 {
		return w.bytes(b.Raw)
	}
	idLen := 4
	switch b.Type {
	case TypeEPB, TypeStats:
		w.order.PutUint32(w.head[:], w.newID(w.order.Uint32(b.Raw[8:])))
	case TypePB:
		old := uint32(w.order.Uint16(b.Raw[8:]))
		id := w.newID(old)
		if id > math.MaxUint16 && uint64(old) < uint64(len(w.ids)) {
			return fmt.Errorf("write packet block on interface %d: %w", id, ErrTooLarge)
		}
		w.order.PutUint16(w.head[:], uint16(min(id, math.MaxUint16)))
		idLen = 2
	default:
		return w.bytes(b.Raw)
	}
	w.out.Write(b.Raw[:8])
	w.out.Write(w.head[:idLen])
	return w.bytes(b.Raw[8+idLen:])
}
