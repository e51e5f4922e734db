package capture

import (
	"encoding/binary"
	"fmt"
	"math"
)

// PacketEdit says what to change of a packet. The zero value changes nothing.
type PacketEdit struct {
	Interface *Interface // the interface to put it on, of this section; nil = its own
	Data      []byte     // the captured bytes, valid during the call; nil = as they came
	Rest      []byte     // more of them, after Data if that is not nil
	OrigLen   uint32     // length on the wire, bytes; goes with Data
	HasTicks  bool
	Ticks     uint64   // the stamp, in the ticks of the interface it is put on
	Comments  [][]byte // to add after those that it has, valid during the call
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
	data, rest, length := b.Data, []byte(nil), b.OrigLen
	if e.Data != nil {
		data, rest, length = e.Data, e.Rest, e.OrigLen
	}
	captured := len(data) + len(rest)
	options, err := w.packetOptions(b, e)
	if err != nil {
		return err
	}
	total := EnhancedFixed + Padded(captured) + options + TrailerLen
	if uint64(total) > math.MaxUint32 {
		return fmt.Errorf("write packet of %d bytes: %w", captured, ErrTooLarge)
	}
	ticks, big := e.stamp(b), w.big
	to := w.out.begin(EnhancedFixed)
	to = appendU32(appendU32(appendU32(to, TypeEPB, big), uint32(total), big), id, big)
	to = appendU32(appendU32(to, uint32(ticks>>32), big), uint32(ticks), big)
	w.out.end(appendU32(appendU32(to, uint32(captured), big), length, big))
	w.out.put(data)
	w.out.put(rest)
	to = w.out.begin(total - EnhancedFixed - captured)
	to = append(append(to, padding(captured)...), w.list...)
	for _, c := range e.Comments {
		to = AppendOption(to, w.order, optComment, c)
	}
	if options > 0 {
		to = appendU32(to, optEnd, big)
	}
	return w.out.end(appendU32(to, uint32(total), big))
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

// packetOptions makes w.list the options of an edited packet, but for its new comments,
// and returns how long they are with these and with their end, bytes.
func (w *Writer) packetOptions(b *Block, e *PacketEdit) (int, error) {
	w.list = w.list[:0]
	if len(b.Options) > 0 {
		w.list = w.keepOptions(w.list, b.Options, func(o option) []byte {
			if o.code == optHash && e.Data != nil {
				return nil
			}
			return o.raw
		})
	}
	if b.Type == TypePB { // an enhanced packet block has no place for it in its header
		if drops, ok := b.DropCount(); ok {
			w.order.PutUint64(w.head[:], drops)
			w.list = AppendOption(w.list, w.order, OptDropCount, w.head[:8])
		}
	}
	const header, end = 4, 4
	size := len(w.list)
	for _, c := range e.Comments {
		if len(c) > maxOption {
			return 0, ErrOptionLength
		}
		size += header + Padded(len(c))
	}
	if size > 0 {
		size += end
	}
	return size, nil
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
	case b.Interface != nil:
		return w.newID(b.Interface.ID), nil
	}
	return w.newID(InterfaceOf(b.Raw, b.Order)), nil
}

// InterfaceOf gives the number of a packet block's interface, described or not.
func InterfaceOf(raw []byte, order binary.ByteOrder) uint32 {
	switch order.Uint32(raw) {
	case TypeEPB:
		return order.Uint32(raw[8:])
	case TypePB:
		return uint32(order.Uint16(raw[8:]))
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
	if w.added == 0 || len(b.Raw) < BlockMin+4 {
		return w.out.put(b.Raw)
	}
	head := w.head[:copy(w.head[:BlockMin], b.Raw)]
	switch b.Type {
	case TypeEPB, TypeStats:
		w.order.PutUint32(head[8:], w.newID(w.order.Uint32(head[8:])))
	case TypePB:
		old := uint32(w.order.Uint16(head[8:]))
		id := w.newID(old)
		if id > math.MaxUint16 && uint64(old) < uint64(len(w.ids)) {
			return fmt.Errorf("write packet block on interface %d: %w", id, ErrTooLarge)
		}
		w.order.PutUint16(head[8:], uint16(min(id, math.MaxUint16)))
	}
	w.out.put(head)
	return w.out.put(b.Raw[len(head):])
}
