// Package netmon reads captures of Microsoft Network Monitor and Message Analyzer,
// versions 2.0 to 2.3 of the format ("GMBU"): their frames, and what the file knows
// beside them.
//
// It reads
//
//   - frames in the order of the frame table, wherever they are in the file, with
//     the stamps that each version has (microseconds from the start of the capture
//     before 2.3, FILETIME in 2.3);
//   - the media types 0 and 1 (Ethernet), 2 (Token Ring), 3 (FDDI), 6 (802.11, without
//     the metadata that Network Monitor puts before it), 7, 8 and 9 (raw IP), and
//     0xE000 with a pcap link type. Frames of the Windows Filtering Platform (0xE083
//     to 0xE088) are handed on as they are: their data are the user data of WFP's
//     events;
//   - event frames (0xFFE0) as events of package etw;
//   - comments, whose descriptions are RTF, as plain text;
//   - the process table, which is a table of connections as well;
//   - adapters and their addresses (frames 0xFFFB).
//
// Frames of all other media types are delivered without a link type: among them 4
// (ATM), 5 (IEEE 1394), 0xE081, 0xE082, 0xE089 and 0xE08A, for which Wireshark has no
// dissector either, and what describes the capture and is no packet (0xFFFC to
// 0xFFFF).
//
// It refuses version 1.x ("RTSS") by ErrVersion1 and any version above 2.3 by
// ErrVersion.
//
// A broken file is read as far as that can be: where the frame table is missing, cut
// or does not lead to records, these are looked for in all parts of the file that
// nothing was read from, and each such place is in Damages. A record carries much to know
// it by: two lengths, a media type, and in 2.3 its time twice, by which each record is
// known by itself. Before that it takes others next to it. A frame that was deleted from
// the table, and not from the file, comes back where the table is broken.
//
// Memory is bounded by the limits that are named constants here, not by the file.
//
// The layout is in Microsoft's "Network Monitor 2 capture file header" and in the help
// of Network Monitor 3.4; what they leave out was taken from Wireshark's
// wiretap/netmon.c, packet-netmon.c and packet-ieee80211-netmon.c, and counted in
// recorded files.
package netmon

import (
	"errors"
	"fmt"
	"io"
	"time"
)

// What can be wrong with a file as a whole. Open's errors wrap one of them.
var (
	ErrNotNetmon = errors.New("not a Network Monitor capture")
	ErrVersion1  = errors.New("a capture of Network Monitor 1.x (RTSS), which is not supported")
	ErrVersion   = errors.New("unknown version of the Network Monitor format")
	ErrTruncated = errors.New("the file ends within the header of a Network Monitor capture")
)

// Options say what the file doesn't.
type Options struct {
	// Zone is what the local time of files before version 2.3 means; nil = UTC.
	// A file of version 2.3 states UTC.
	Zone *time.Location
}

// File is a capture, and what it says before its frames are read. It may be used by
// several goroutines at a time.
type File struct {
	Minor int // of version 2: 0 to 3

	// Local is when the capture began, in the local time of the machine that made
	// it (as if that were UTC), to the millisecond; the zero time where that is
	// damaged.
	Local time.Time
	// Start is when the capture began, as FILETIME (100 ns since the year 1601,
	// UTC): as the file states it, or Local in the zone of Options.
	Start int64
	// ZoneStated says that the stamps don't depend on Options.Zone: the file states
	// them in UTC.
	ZoneStated bool

	Processes []Process // by their index in frames
	Damages   Damages   // of everything but the frames

	r           io.ReaderAt
	size        int64
	head        header
	startStated bool // Start is from ExtendedInfo
	comments    commentIndex
	read        cover // what was read of the file, and is no frame
}

// Open reads what is before and after the frames of a capture of size bytes. It
// keeps r, and reads from it as long as the File is used.
func Open(r io.ReaderAt, size int64, o Options) (*File, error) {
	f := &File{r: r, size: size}
	if err := f.readHeader(o); err != nil {
		return nil, fmt.Errorf("read Network Monitor capture: %w", err)
	}
	if f.Minor >= 2 {
		if err := f.readComments(); err != nil {
			return nil, fmt.Errorf("read comments of Network Monitor capture: %w", err)
		}
		if err := f.readProcesses(); err != nil {
			return nil, fmt.Errorf("read process table of Network Monitor capture: %w", err)
		}
	}
	return f, nil
}

// Frames gives the frames of the file from the first on. Each call gives the same.
func (f *File) Frames() *Frames { return newFrames(f) }
