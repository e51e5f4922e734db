package capture

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"strings"
)

// UnstatedLength is the section length of a section that does not state it.
const UnstatedLength = math.MaxUint64

// Writer writes a pcapng capture block by block: the blocks of one Reader, in
// any order in which every packet follows its interface. Blocks without an
// edit leave as the bytes that came; those of a pcap file become their
// counterparts in pcapng, little-endian. One goroutine may use it at a time,
// and it keeps nothing of a block beyond the call.
type Writer struct {
	out     buffer
	dropped int64

	// The section that is being written.
	order   binary.ByteOrder // nil before the first
	big     bool             // it is big-endian
	section int              // its number, from 0
	stated  bool             // it states its length, hence may not change
	ids     []uint32         // of the interfaces that came: what each has become
	added   uint32           // interfaces that AddInterface wrote

	head [EnhancedFixed]byte // the block header that is being made
	list []byte              // the options that are being made
}

// NewWriter returns a Writer to w. Flush must be called in the end.
func NewWriter(w io.Writer) *Writer {
	return &Writer{out: newBuffer(w), section: -1}
}

// Flush writes what is still buffered. It returns the first error that w gave.
func (w *Writer) Flush() error { return w.out.Flush() }

// Dropped is how many options were left out of edited blocks because they are
// marked not to be copied.
func (w *Writer) Dropped() int64 { return w.dropped }

// Write writes a block as it came. Only the number of its interface changes,
// where AddInterface moved that.
func (w *Writer) Write(b *Block) error {
	switch {
	case b.Kind == Section && b.Pcap:
		return w.WriteSection(b, "", "")
	case b.Kind == Section:
		w.startSection(b.Order, b.Order.Uint64(b.Raw[16:]) != UnstatedLength)
		return w.out.put(b.Raw)
	case w.order == nil:
		return ErrNoSection
	case !b.Pcap && b.Order != w.order:
		return ErrForeign
	case b.Kind == Iface:
		return w.describe(b)
	case b.Pcap:
		return w.enhanced(b, &PacketEdit{})
	}
	return w.renumbered(b)
}

// WriteSection writes a section header that names the application in
// shb_userappl, beside what is there and unless its name (all before the
// first space) is there already, and that has one comment more if that is not
// "". Its section length is left open, so that the section may be edited.
func (w *Writer) WriteSection(b *Block, application, comment string) error {
	if b.Kind != Section {
		return ErrNoSection
	}
	if len(comment) > maxOption {
		return ErrOptionLength
	}
	order, version, stated := binary.ByteOrder(binary.LittleEndian), []byte{1, 0, 0, 0}, true
	if !b.Pcap {
		order, version = b.Order, b.Raw[12:16]
		stated = order.Uint64(b.Raw[16:]) != UnstatedLength
	}
	w.startSection(order, false)
	named := b.Application()
	all := nameApplication(named, application)
	if all == named {
		all = ""
	}
	if !stated && all == "" && comment == "" {
		return w.out.put(b.Raw)
	}
	w.list = w.sectionOptions(w.list[:0], b.optionList(), all)
	if comment != "" {
		w.list = AppendOption(w.list, order, optComment, comment)
	}
	order.PutUint32(w.head[8:], ByteOrderMagic)
	copy(w.head[12:16], version)
	order.PutUint64(w.head[16:], UnstatedLength)
	return w.described(TypeSection, SectionFixed)
}

// sectionOptions copies the options of a section header with the applications
// that it names now, unless they are "", in the place where they were.
func (w *Writer) sectionOptions(to, list []byte, applications string) []byte {
	to = w.keepOptions(to, list, func(o option) []byte {
		if o.code != optApplication || applications == "" {
			return o.raw
		}
		named := AppendOption(nil, w.order, optApplication, applications)
		applications = ""
		return named
	})
	if applications != "" {
		to = AppendOption(to, w.order, optApplication, applications)
	}
	return to
}

// nameApplication adds an application to those that a section names, if it is
// not among them.
func nameApplication(named, application string) string {
	if application == "" || named == "" {
		return named + application
	}
	name, _, _ := strings.Cut(application, " ")
	for part := range strings.SplitSeq(named, "; ") {
		if first, _, _ := strings.Cut(part, " "); first == name {
			return named
		}
	}
	if all := named + "; " + application; len(all) <= maxOption {
		return all
	}
	return named
}

// AddInterface writes another interface description into the current section:
// as that of like, which must be of this section, with its resolution, offset,
// name and other options, but another link type and addSnap bytes more of snap
// length (no limit stays no limit). Interfaces that follow move up by one.
func (w *Writer) AddInterface(like *Interface, linkType uint16, addSnap uint32) (*Interface, error) {
	switch {
	case w.order == nil:
		return nil, ErrNoSection
	case w.stated:
		return nil, ErrSectionLength
	case len(w.ids) == 0 || like.Section != w.section || like.order != w.order:
		return nil, ErrForeign
	}
	i := *like
	i.ID, i.added = w.nextID(), true
	i.LinkType = linkType
	if i.SnapLen != 0 {
		i.SnapLen = uint32(min(uint64(i.SnapLen)+uint64(addSnap), math.MaxUint32))
	}
	i.options = w.keepOptions(nil, like.options, func(o option) []byte { return o.raw })
	if err := w.writeInterface(&i); err != nil {
		return nil, err
	}
	w.added++
	return &i, nil
}

// startSection forgets the section before.
func (w *Writer) startSection(order binary.ByteOrder, stated bool) {
	w.order, w.big, w.stated = order, order == binary.BigEndian, stated
	w.section++
	w.ids, w.added = w.ids[:0], 0
}

// nextID is the number of the next interface that is written.
func (w *Writer) nextID() uint32 { return uint32(len(w.ids)) + w.added }

// describe writes an interface that came with the capture.
func (w *Writer) describe(b *Block) error {
	w.ids = append(w.ids, w.nextID())
	if !b.Pcap {
		return w.out.put(b.Raw)
	}
	return w.writeInterface(b.Interface)
}

// writeInterface writes an interface description block.
func (w *Writer) writeInterface(i *Interface) error {
	w.list = append(w.list[:0], i.options...)
	w.order.PutUint16(w.head[8:], i.LinkType)
	w.order.PutUint16(w.head[10:], 0)
	w.order.PutUint32(w.head[12:], i.SnapLen)
	return w.described(TypeInterface, InterfaceFixed)
}

// described writes a block of w.head, whose first 8 bytes it fills in, and the
// options of w.list.
func (w *Writer) described(typ uint32, fixed int) error {
	if len(w.list) > 0 {
		w.list = append(w.list, 0, 0, 0, 0) // opt_endofopt
	}
	size := fixed + len(w.list) + TrailerLen
	if uint64(size) > math.MaxUint32 {
		return fmt.Errorf("write block of %d bytes: %w", size, ErrTooLarge)
	}
	w.order.PutUint32(w.head[:], typ)
	w.order.PutUint32(w.head[4:], uint32(size))
	w.list = appendU32(w.list, uint32(size), w.big)
	w.out.put(w.head[:fixed])
	return w.out.put(w.list)
}

// keepOptions copies options, each as keep gives it, without those that may
// not be copied into a changed block, which it counts.
func (w *Writer) keepOptions(to, list []byte, keep func(option) []byte) []byte {
	for o := range options(list, w.order) {
		if o.code == optCustomTextNC || o.code == optCustomNC { // section 3.5.1
			w.dropped++
			continue
		}
		to = append(to, keep(o)...)
	}
	return to
}
