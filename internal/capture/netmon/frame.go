package netmon

import "fmt"

// Frame is one frame of a capture.
type Frame struct {
	// Number is the place of the frame in the frame table, from 1 on, as Wireshark
	// counts: what it passes over (media 0xFFFC, 0xFFFD and 0xFFFE) has none, and 0
	// here. Where the table is damaged, a frame that can't be found has a number
	// nevertheless.
	Number int64
	Offset int64 // of its record in the file, bytes

	Media       uint16
	LinkType    uint16 // of pcap, if it has one
	HasLinkType bool   // its data are a packet of that link type

	Time     int64  // FILETIME: 100 ns since the year 1601, UTC
	Original int    // length of the packet, bytes, as recorded
	Data     []byte // of the packet, without Metadata; valid until the next call to Next
	Metadata []byte // what was before an 802.11 packet; Original does not count it

	Process  int // index into File.Processes; -1 = none
	Comments []Comment
}

// Included is the length of what the record holds, bytes.
func (fr *Frame) Included() int { return len(fr.Metadata) + len(fr.Data) }

// fill makes a frame of a record, whose bytes raw are.
func (s *Frames) fill(r *record, raw []byte) error {
	f := s.file
	fr := &s.frame
	*fr = Frame{
		Offset:   r.offset,
		Media:    r.media,
		Original: int(r.original),
		Data:     raw[recordLen : recordLen+r.included],
		Process:  -1,
	}
	if r.process >= 0 && int(r.process) < len(f.Processes) {
		fr.Process = int(r.process)
	}
	fr.LinkType, fr.HasLinkType = linkType(r.media)
	if fr.Media == MediaWiFi {
		s.cutMetadata()
	}
	fr.Time = s.time(r)
	if !unnumbered(r.media) {
		s.number++
		fr.Number = s.number
	}
	s.media[r.media]++
	var err error
	fr.Comments, err = f.commentsOf(r.offset)
	s.commented += len(fr.Comments)
	return err
}

// cutMetadata takes off what is before an 802.11 packet.
func (s *Frames) cutMetadata() {
	fr := &s.frame
	n, ok := wifiLen(fr.Data)
	if !ok {
		fr.LinkType, fr.HasLinkType = 0, false
		s.damage(fr.Offset, int64(len(fr.Data)), false, fmt.Errorf("%w: metadata of %d bytes before an 802.11 packet, of %d in all", ErrRecord, n, len(fr.Data)))
		return
	}
	fr.Metadata, fr.Data = fr.Data[:n:n], fr.Data[n:]
	fr.Original = max(0, fr.Original-n)
}

// time gives the time of a record, as FILETIME.
func (s *Frames) time(r *record) int64 {
	if s.file.Minor == 3 && r.stamp >= toUnix*perSecond {
		return r.stamp
	}
	start := s.file.Start
	if s.base.exact {
		start = s.base.start
	}
	t, ok := after(start, r.delta)
	if !ok || s.file.Minor == 3 {
		s.damage(r.offset, s.file.end(r)-r.offset, false, fmt.Errorf("%w: %d us after the start, stamp %d", ErrStamp, r.delta, r.stamp))
	}
	return t
}
