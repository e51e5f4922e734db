package capture

// optionList gives the options of a block that this package understands: of
// sections, interfaces and packets.
func (b *Block) optionList() []byte {
	switch b.Type {
	case TypeEPB, TypePB:
		return b.Options
	case TypeSection, TypeInterface:
		if _, fixed := FixedPart(b.Type); len(b.Raw) >= fixed+TrailerLen {
			return b.Raw[fixed : len(b.Raw)-TrailerLen]
		}
	}
	return nil
}

// Comments gives the opt_comment options of a section, an interface or a
// packet, in their order. They are not sanitised.
func (b *Block) Comments() []string {
	var comments []string
	for o := range options(b.optionList(), b.Order) {
		if o.code == optComment {
			comments = append(comments, string(o.value))
		}
	}
	return comments
}

// Application gives the shb_userappl of a section header, "" without one. It
// is not sanitised.
func (b *Block) Application() string {
	if b.Type != TypeSection {
		return ""
	}
	v, _ := findOption(b.optionList(), b.Order, optApplication)
	return string(v)
}

// Flags gives the epb_flags of a packet (section 4.3.1), and whether it has
// any.
func (b *Block) Flags() (uint32, bool) {
	if b.codes == 0 {
		return 0, false // nearly every packet
	}
	return b.flags()
}

// flags is Flags of a packet that has options.
func (b *Block) flags() (uint32, bool) {
	v, ok := findOption(b.Options, b.Order, OptFlags)
	if !ok || len(v) != 4 {
		return 0, false
	}
	return b.Order.Uint32(v), true
}

// Statistics is what an interface statistics block counts (section 4.6). Counts
// are since the capture began, so the last block of an interface counts.
type Statistics struct {
	Interface            uint32 // within its section
	IfDrop, OSDrop       uint64 // isb_ifdrop, isb_osdrop: packets
	HasIfDrop, HasOSDrop bool
}

// Statistics reads an interface statistics block; ok is false of another block,
// and of one too short to be one.
func (b *Block) Statistics() (s Statistics, ok bool) {
	if b.Pcap || b.Type != TypeStats || len(b.Raw) < statsFixed+TrailerLen {
		return s, false
	}
	s.Interface = b.Order.Uint32(b.Raw[8:])
	list := b.Raw[statsFixed : len(b.Raw)-TrailerLen]
	s.IfDrop, s.HasIfDrop = findNumber(list, b.Order, optIfDrop)
	s.OSDrop, s.HasOSDrop = findNumber(list, b.Order, optOSDrop)
	return s, true
}

// unknownDrops is the drop count of an obsolete packet block whose writer did
// not know it.
const unknownDrops = 0xFFFF

// DropCount gives how many packets the capture lost between this packet and
// the one before it on its interface, and whether the file says so.
func (b *Block) DropCount() (uint64, bool) {
	switch {
	case b.Type == TypePB && len(b.Raw) >= EnhancedFixed:
		n := b.Order.Uint16(b.Raw[10:])
		return uint64(n), n != unknownDrops
	case b.Type == TypeEPB && b.codes.has(OptDropCount):
		return findNumber(b.Options, b.Order, OptDropCount)
	}
	return 0, false
}
