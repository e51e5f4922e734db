package etw

import (
	"encoding/binary"
	"strings"
)

// form is how a field of an event is stored.
type form uint8

const (
	formUnknown form = iota // it and all fields after it can't be found
	formFixed               // of a length that is known
	formPointer             // 4 or 8 bytes: Event.Narrow
	formCounted             // as long as an earlier field says, bytes
	formWide                // UTF-16 text with a zero at its end
	formNarrow              // text of bytes with a zero at its end
)

// field is one field of an event.
type field struct {
	form   form
	length int // of formFixed, bytes
	by     int // of formCounted: the field with the length
	role   role
}

// layout is the fields of an event in their order.
type layout []field

// role is what a field says, whatever name it has.
type role uint8

const (
	roleNone role = iota
	roleConnection
	roleEndpoint
	roleLocal
	roleRemote
	roleAddress
	rolePID
	roleProtocol
	roleBytes
	roleMessages
	roleSequence
	roleAck
	roleEnter // 0 where a call begins, 1 where it has ended
	roleLocation
	roleStatus
	roleSocketType
	roleToAddress
	roleFromAddress
	roleToPort
	roleFromPort

	roles
)

// roleNames has the names that manifests give fields, in small letters.
var roleNames = map[string]role{
	"tcb":      roleConnection,
	"endpoint": roleEndpoint, "udpendpoint": roleEndpoint, "rawendpoint": roleEndpoint,
	"localaddress": roleLocal, "localsockaddr": roleLocal, "localsocketaddress": roleLocal,
	"remoteaddress": roleRemote, "remotesockaddr": roleRemote, "remotesocketaddress": roleRemote,
	"address":   roleAddress,
	"processid": rolePID, "pid": rolePID,
	"protocol": roleProtocol, "ipprotocol": roleProtocol, "iptransportprotocol": roleProtocol, "transportprotocol": roleProtocol,
	"numbytes": roleBytes, "bytes": roleBytes, "bufferlength": roleBytes, "bytessent": roleBytes, "size": roleBytes,
	"nummessages": roleMessages, "messages": roleMessages,
	"seqno": roleSequence, "thseq": roleSequence, "thack": roleAck,
	"enterexit": roleEnter, "location": roleLocation, "status": roleStatus,
	"sockettype": roleSocketType,
	"daddr":      roleToAddress, "saddr": roleFromAddress, "dport": roleToPort, "sport": roleFromPort,
}

func roleOf(name string) role { return roleNames[strings.ToLower(name)] }

// layoutKey names the events that have one layout.
type layoutKey struct {
	provider GUID
	id       uint16
	version  uint8
}

// maxLayouts bounds the layouts that are taken from one trace.
const maxLayouts = 1 << 14

// Layouts are how the fields of events lie: as the trace itself says, else as the
// manifests that Windows comes with do.
type Layouts struct {
	stated map[layoutKey]layout
}

// Add takes the layout that a record of the trace's metadata holds, if e is one.
func (l *Layouts) Add(e *Event) error {
	if e.Provider != eventMetadata || e.Opcode != metadataEvent {
		return nil
	}
	key, made, err := parseEventInfo(e.Data)
	if err != nil {
		return err
	}
	if !isWitness(key.provider) || len(l.stated) >= maxLayouts {
		return nil
	}
	if l.stated == nil {
		l.stated = make(map[layoutKey]layout)
	}
	l.stated[key] = made
	return nil
}

// of gives the layout of an event; nil where none is known. A version that no manifest has
// is read as the last one before it that one has: newer versions append fields.
func (l *Layouts) of(e *Event) layout {
	key := layoutKey{e.Provider, e.ID, e.Version}
	if made, ok := l.stated[key]; ok {
		return made
	}
	for {
		if made, ok := published()[key]; ok {
			return made
		}
		if key.version == 0 {
			return nil
		}
		key.version--
	}
}

// values are the fields of one event, by what they say. One that is not there is nil.
type values [roles][]byte

// read finds the fields of an event. It fails where the event ends before one of them that
// has a role does.
func (v *values) read(l layout, e *Event) error {
	*v = values{}
	var lengths [maxFields]int
	c := cursor{rest: e.Data}
	for i := range l {
		at := &l[i]
		var value []byte
		switch at.form {
		case formFixed:
			value = c.take(at.length)
		case formPointer:
			value = c.take(e.pointer())
		case formCounted:
			value = c.take(lengths[at.by])
		case formWide:
			value = c.utf16z()
		case formNarrow:
			value = c.bytesz()
		default:
			return nil
		}
		if c.short {
			if l[i:].says() {
				return errShort
			}
			return nil
		}
		lengths[i] = int(min(number(value), 1<<16))
		if at.role != roleNone && v[at.role] == nil {
			v[at.role] = value
		}
	}
	return nil
}

// says reports whether some field has a role.
func (l layout) says() bool {
	for i := range l {
		if l[i].role != roleNone {
			return true
		}
	}
	return false
}

// pointer is how long an event's pointers are, bytes.
func (e *Event) pointer() int {
	if e.Narrow {
		return 4
	}
	return 8
}

// number is a field as one; 0 where it is of no length that numbers have.
func number(b []byte) uint64 {
	switch len(b) {
	case 1:
		return uint64(b[0])
	case 2:
		return uint64(binary.LittleEndian.Uint16(b))
	case 4:
		return uint64(binary.LittleEndian.Uint32(b))
	case 8:
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// bytesz gives the bytes before a zero, and goes past that.
func (c *cursor) bytesz() []byte {
	for i, b := range c.rest {
		if b == 0 {
			text := c.take(i)
			c.take(1)
			return text
		}
	}
	c.rest, c.short = nil, true
	return nil
}
