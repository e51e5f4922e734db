package netmon

const (
	recordLen = 16 // of the part before the data: delta, original and included length

	// maxRecord is the longest data of a record that are believed, bytes, where the
	// frame table leads to it.
	maxRecord = 16 << 20

	// maxSought is likewise, where it is looked for; Wireshark reads no more anywhere.
	// maxPacket is, where the record isn't sure: an IP packet with a link header.
	maxSought = 256 << 10
	maxPacket = 64<<10 + 256

	maxOriginal = 1 << 20 // of the original length of a record that is looked for
)

// trailerLen is the length of what follows the data of a record, by minor version,
// bytes.
var trailerLen = [...]int64{0, 2, 6, 15}

// record is what a record says beside its data.
type record struct {
	offset   int64 // of the record in the file, bytes
	delta    int64 // of its time from the start of the capture, microseconds
	original uint32
	included int64 // length of its data, bytes

	media   uint16
	process int32 // index into the process table; -1 = none
	stamp   int64 // FILETIME; 0 before version 2.3

	stated int64 // included length as the record states it
}

// end is where the record ends in a file.
func (f *File) end(r *record) int64 { return f.endOf(r.offset, r.included) }

// endOf is where a record at an offset with so many bytes of data ends.
func (f *File) endOf(offset, included int64) int64 {
	return offset + recordLen + included + trailerLen[f.Minor]
}

// parseHead reads the part of a record before its data.
func (f *File) parseHead(p []byte, offset int64) record {
	included := int64(le.Uint32(p[12:]))
	return record{
		offset:   offset,
		delta:    int64(le.Uint64(p)),
		original: le.Uint32(p[8:]),
		included: included,
		stated:   included,
		media:    f.head.media,
		process:  -1,
	}
}

// parseTrailer reads the part of a record after its data.
func (f *File) parseTrailer(r *record, p []byte) {
	r.media = le.Uint16(p)
	if f.Minor >= 2 {
		r.process = int32(le.Uint32(p[2:]))
	}
	if f.Minor >= 3 {
		r.stamp = int64(le.Uint64(p[6:]))
	}
}
