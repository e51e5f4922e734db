// Package capture reads and writes capture files block by block: pcap in all
// its variants and pcapng, plain or compressed.
//
// It promises that nothing is lost: every block is delivered with the bytes
// that it has in the file, what it does not understand too, and a block that
// is written without an edit leaves as the bytes that came. It checks every
// length before it believes it and allocates nothing that is sized by an
// unchecked field. It knows nothing of what packets hold.
package capture

import "encoding/binary"

// Kind says what a block is for.
type Kind uint8

// The kinds. Packet is an EPB, an SPB, the obsolete PB or a pcap record.
const (
	Other   Kind = iota // statistics, custom and unknown blocks: carried as they are
	Packet              // has a Frame number
	Section             // section header
	Iface               // interface description
	Names               // name resolution
	Secrets             // decryption secrets
)

// Block types of the pcapng specification (draft-ietf-opsawg-pcapng, section 4
// and 10.1).
const (
	TypeSection   = 0x0A0D0D0A
	TypeInterface = 0x00000001
	TypePB        = 0x00000002 // obsolete Packet Block
	TypeSPB       = 0x00000003
	TypeNames     = 0x00000004
	TypeStats     = 0x00000005
	TypeEPB       = 0x00000006
	TypeSecrets   = 0x0000000A
	TypeCustom    = 0x00000BAD
	TypeCustomNC  = 0x40000BAD // custom block that must not be copied when the file is changed
)

// Block is one block of a pcapng file, or one record of a pcap file. Its
// slices alias the Batch that it came in and are valid until that is released.
type Block struct {
	Raw    []byte // the whole block as it is in the file, headers and trailer included
	Offset int64  // of Raw in the (decompressed) file, bytes
	Order  binary.ByteOrder
	Type   uint32 // block type of pcapng, any value; 0 in a pcap file
	Kind   Kind
	Pcap   bool // it comes from a pcap file: a record, or what its header says
	Made   bool // not in the file: it was made up

	HasStamp bool // of a packet: false for an SPB
	Odd      Oddity

	// OrigLen and what comes after Interface are of packets only.
	OrigLen uint32 // length on the wire, bytes

	// Interface is that of a Packet; of an Iface block the one it describes;
	// nil otherwise, and for a packet whose interface was never described.
	Interface *Interface

	Frame   int64  // number of the packet in the file, from 1; otherwise 0
	Ticks   uint64 // time as recorded, in the interface's own ticks
	Data    []byte // captured bytes
	Options []byte // raw options of an EPB or PB, nil elsewhere
	codes   optionCodes
}

// Move appends the bytes of a packet's block to buf, which must have room for them,
// and lets the block alias them there: it needs its batch no more.
func (b *Block) Move(buf []byte) []byte {
	at := len(buf)
	buf = append(buf, b.Raw...)
	raw := buf[at:len(buf):len(buf)]
	_, from := FixedPart(b.Type)
	if b.Pcap {
		from = len(raw) - len(b.Data)
	}
	end := from + len(b.Data)
	b.Raw, b.Data = raw, raw[from:end:end]
	if b.Options != nil {
		b.Options = raw[from+Padded(len(b.Data)) : len(raw)-TrailerLen]
	}
	return buf
}

// Interface is what an interface description block, or the header of a pcap
// file, says of one interface. It is valid for as long as anyone holds it.
type Interface struct {
	Section  int    // number of its section in the file, from 0
	ID       uint32 // number within its section, from 0
	LinkType uint16
	SnapLen  uint32 // bytes; 0 = no limit
	Resol    uint8  // if_tsresol as on the wire: 10^-n, or 2^-n with the high bit set
	Offset   int64  // if_tsoffset, seconds
	Name     string // if_name, not sanitised; "" without one

	order   binary.ByteOrder // of options
	options []byte           // as they are in its block; for a pcap file as they would be
	added   bool             // by a Writer: ID is that of the output
}
