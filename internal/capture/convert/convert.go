// Package convert presents captures of other formats as pcapng: event traces of Windows
// (.etl) and captures of Network Monitor (.cap).
//
// It promises that every packet of the chosen layers is there with its bytes, its stamp,
// its direction and in its order, and that the same file gives the same bytes whenever
// it is read. Packets keep the numbers that they have in the file they come from. What
// is in such a file and is no packet becomes a fact (File.Snapshot) or is counted
// (File.Notes). Damage costs what is damaged, and is listed.
package convert

import (
	"io"
	"net/netip"
	"slices"
	"time"

	"github.com/mendcap/mendcap/internal/capture/etl"
	"github.com/mendcap/mendcap/internal/capture/etw"
	"github.com/mendcap/mendcap/internal/capture/netmon"
)

// Options choose what of a file is converted, and how.
type Options struct {
	AllLayers bool          // packets of all layers that recorded them, not of one a network interface
	Zone      time.Duration // east of Greenwich, of local times whose zone is not stated
	// MaxUnpacked is how many bytes a trace's compressed buffers may decompress to, all
	// together; 0 = any number. One that is larger is a capture.ErrUnpacked.
	MaxUnpacked int64
	// Presume is from how many bytes on a trace is not gone through before its packets are
	// read, but for its beginning: see File.Presumed. 0 = none.
	Presume int64
}

// Damage is a place of a file that could not be read.
type Damage struct {
	Frame  int64 // the last packet before it; 0 = none, -1 = not known: buffers of a trace are not in the order of frames, nor are the tables of Network Monitor
	Offset int64 // in the file, bytes
	Length int64 // bytes
	Mended bool  // nothing of a packet was lost
	Err    error // what is wrong there
}

// origin is a file of another format, of which all is known but the packets.
type origin interface {
	format() string
	system() string // that recorded it, "" where it isn't stated
	interfaces() []iface
	notes() []string
	damages() []Damage
	lost() uint64 // events or packets that the recorder says it has lost
	connections() []etw.Connection
	ends() ([]etw.Row, []etw.GroupFlow) // of connections that events tell of
	rawPackets() []etw.RawPacket
	dropped() ([]Dropped, []Dropper)
	last() int64
	segments() []etw.LoggedSegment
	addresses() []netip.Addr // of the recording host
	packets() (source, error)
	presumed() bool
	settle() bool
}

// source gives packets in their order, and io.EOF after the last one. What a packet
// refers to is valid until the next one.
type source interface {
	next(*packet) error
}

// iface is what an interface description says.
type iface struct {
	linkType          uint16
	name, description string // "" where there is none
}

// packet is what an enhanced packet block says.
type packet struct {
	number    int64 // in the file, from 1
	iface     int
	time      int64  // FILETIME: 100 ns since the year 1601
	direction uint32 // of epb_flags: 0 unknown, 1 inbound, 2 outbound
	id        uint64 // epb_packetid
	hasID     bool
	data      []byte
	original  int // length on the wire, bytes
	comments  []string
	before    string // the comment that an event gave last
}

// File is a capture of another format. Its methods but Settle only read, and may be called
// by several goroutines.
type File struct{ origin }

// Presumed reports whether only the beginning of the file was gone through: then that tells
// of no connection, and of no packet that was dropped, and what the rest tells is presumed
// to be as little. A Reader that comes to the end finds out: one at a time may read.
func (f *File) Presumed() bool { return f.presumed() }

// Settle lets a File that was presumed tell what all of it does, after one of its Readers
// has come to the end. It reports whether that is what was presumed, but for Notes,
// Damages and Last; otherwise what was read is not what is to be read of the file.
func (f *File) Settle() bool { return f.settle() }

// HeadLen is how much of the beginning of a file tells what it is, bytes.
const HeadLen = 120

// Recognised reports whether a file that begins with head is of a format that Open reads,
// or refuses by name.
func Recognised(head []byte) bool { return etl.Recognised(head) || netmon.Recognised(head) }

// Open goes through a file of size bytes once, unless it may presume what that tells. It
// keeps r, and reads from it as long as the File is used.
func Open(r io.ReaderAt, size int64, o Options) (*File, error) {
	head := make([]byte, HeadLen)
	n, err := r.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return nil, err
	}
	var from origin
	if netmon.Recognised(head[:n]) {
		from, err = openMonitored(r, size, o)
	} else {
		from, err = openTrace(r, size, o)
	}
	if err != nil {
		return nil, err
	}
	return &File{from}, nil
}

// Format names the format as the report does.
func (f *File) Format() string { return f.format() }

// Notes say in words what was chosen, assumed and left out.
func (f *File) Notes() []string { return f.notes() }

// Last is the number of the last packet of the file, taken or not; of a capture of Network
// Monitor that of the last frame.
func (f *File) Last() int64 { return f.last() }

// Damages are the places that could not be read.
func (f *File) Damages() []Damage { return f.damages() }

// Connections are those that the file tells of, in its order.
func (f *File) Connections() []etw.Connection { return f.connections() }

// RawPackets are those that raw sockets were given, or programs took out of them, while the
// file was recorded, in the order of its events.
func (f *File) RawPackets() []etw.RawPacket { return f.rawPackets() }

// Segments are those that the host's TCP says it has received or sent, in the order of events.
func (f *File) Segments() []etw.LoggedSegment { return f.segments() }

// Addresses are those of the recording host that the file tells of, sorted.
func (f *File) Addresses() []netip.Addr {
	list := f.addresses()
	slices.SortFunc(list, netip.Addr.Compare)
	return slices.Compact(list)
}

// Reader gives the packets of a file as a pcapng file from its beginning.
func (f *File) Reader() *Reader { return &Reader{m: maker{of: f}} }
