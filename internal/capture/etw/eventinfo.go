package etw

import (
	"encoding/binary"
	"errors"
)

// eventMetadata is the provider of records that say how events lie, which are written
// into traces so that they can be read elsewhere.
var eventMetadata = newGUID(0xbbccf6c1, 0x6cd1, 0x48c4, 0x80ff839482e37671)

// metadataEvent is the opcode of a record with TRACE_EVENT_INFO.
const metadataEvent = 32

// TRACE_EVENT_INFO and EVENT_PROPERTY_INFO of tdh.h.
const (
	infoDescriptor = 32  // EVENT_DESCRIPTOR
	infoCount      = 104 // of properties that are in no structure
	infoProperties = 112
	propertyLength = 24

	propertyStruct      = 0x1
	propertyLengthField = 0x2  // the length is another property's number
	propertyCountField  = 0x4  // and so is how many there are
	propertyFixedLength = 0x10 // the length is stated though the type could say it
	propertyFixedCount  = 0x20

	maxFields = 128 // of an event; of those of TCPIP and AFD none has half as many
)

var errEventInfo = errors.New("the description of an event can't be read")

// parseEventInfo reads TRACE_EVENT_INFO: which events it is of, and their layout.
func parseEventInfo(b []byte) (key layoutKey, made layout, err error) {
	le := binary.LittleEndian
	if len(b) < infoProperties {
		return key, nil, errEventInfo
	}
	key = layoutKey{GUID(b[:16]), le.Uint16(b[infoDescriptor:]), b[infoDescriptor+2]}
	count := le.Uint32(b[infoCount:])
	if count > maxFields || len(b) < infoProperties+int(count)*propertyLength {
		return key, nil, errEventInfo
	}
	for i := range int(count) {
		made = append(made, propertyField(b, b[infoProperties+i*propertyLength:], i))
	}
	return key, made, nil
}

// propertyField reads EVENT_PROPERTY_INFO of the i-th property.
func propertyField(info, b []byte, i int) (f field) {
	le := binary.LittleEndian
	flags, count, length := le.Uint32(b), le.Uint16(b[16:]), le.Uint16(b[18:])
	f.role = roleOf(nameAt(info, le.Uint32(b[4:])))
	if flags&(propertyStruct|propertyCountField) != 0 || flags&propertyFixedCount != 0 && count != 1 || count > 1 {
		return f
	}
	f.form, f.length = formOf(le.Uint16(b[8:]))
	switch {
	case flags&propertyLengthField != 0:
		if int(length) >= i {
			return field{role: f.role} // it isn't known when it is needed
		}
		f.form, f.by = formCounted, int(length)
	case f.form == formUnknown && f.length == 0 && length > 0 && le.Uint16(b[8:]) == inBinary,
		flags&propertyFixedLength != 0:
		f.form, f.length = formFixed, int(length)
	}
	return f
}

// inBinary is TDH_INTYPE_BINARY.
const inBinary = 14

// formOf is how a type of tdh.h is stored (TDH_INTYPE_*).
func formOf(in uint16) (form, int) {
	switch in {
	case 1: // UNICODESTRING
		return formWide, 0
	case 2: // ANSISTRING
		return formNarrow, 0
	case 3, 4: // INT8, UINT8
		return formFixed, 1
	case 5, 6: // INT16, UINT16
		return formFixed, 2
	case 7, 8, 11, 13, 20: // INT32, UINT32, FLOAT, BOOLEAN, HEXINT32
		return formFixed, 4
	case 9, 10, 12, 17, 21: // INT64, UINT64, DOUBLE, FILETIME, HEXINT64
		return formFixed, 8
	case 15, 18: // GUID, SYSTEMTIME
		return formFixed, 16
	case 16: // POINTER
		return formPointer, 0
	}
	return formUnknown, 0
}

// nameAt is the UTF-16 text at an offset, of which no more than names of fields need.
func nameAt(info []byte, offset uint32) string {
	if int64(offset) >= int64(len(info)) {
		return ""
	}
	const longest = 2 * 64
	c := cursor{rest: info[offset:min(len(info), int(offset)+longest)]}
	return decodeText(c.utf16z())
}
