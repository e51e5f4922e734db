package windows

// Event is an event as EVENT_HEADER has it.
type Event struct {
	Provider  GUID
	ID        uint16
	Version   uint8
	Keyword   uint64
	PID, TID  uint32
	Processor int
	Time      int64 // FILETIME
	Narrow    bool  // the program that wrote it has pointers of four bytes
	Data      []byte
	Packet    int // position of the packet that it tells of; -1 = none
}

// Types of records, and what marks them as such.
const (
	system64   = 0x02
	compact64  = 0x04
	perfInfo64 = 0x11
	modern32   = 0x12
	modern64   = 0x13
	classic64  = 0x14
	instance64 = 0x15

	isRecord  = 0xC0
	isMessage = 0x90
)

// appendEvent appends the record of an event. Items is how many extended items it has.
func appendEvent(to []byte, e *Event, ticks int64, items int) []byte {
	const (
		headerLen                    = 80
		extended, wide32Bit, is64Bit = 0x01, 0x20, 0x40
	)
	start := len(to)
	kind, flags := byte(modern64), uint16(is64Bit)
	if e.Narrow {
		kind, flags = modern32, wide32Bit
	}
	if items > 0 {
		flags |= extended
	}
	to = append(to, 0, 0, kind, isRecord)
	to = le.AppendUint16(to, flags)
	to = le.AppendUint16(to, 0)
	to = le.AppendUint32(to, e.TID)
	to = le.AppendUint32(to, e.PID)
	to = le.AppendUint64(to, uint64(ticks))
	to = append(to, e.Provider[:]...)
	to = le.AppendUint16(to, e.ID)
	to = append(to, e.Version, 16, 4, 0) // channel, level, opcode
	to = le.AppendUint16(to, e.ID)       // task
	to = le.AppendUint64(to, e.Keyword)
	to = le.AppendUint64(to, 0x1122_3344_5566_7788) // times of the processor
	to = append(to, make([]byte, headerLen-64)...)  // activity
	for i := range items {
		to = appendItem(to, start, i, i+1 < items)
	}
	to = append(to, e.Data...)
	le.PutUint16(to[start:], uint16(len(to)-start))
	return align(to, start)
}

// appendItem appends an extended item: a related activity, or a schema of TraceLogging,
// whose length is no multiple of eight.
func appendItem(to []byte, start, number int, more bool) []byte {
	const relatedActivity, schema = 1, 12
	kind, data := uint16(relatedActivity), make([]byte, 16)
	if number%2 == 1 {
		kind, data = schema, []byte("a schema of 21 bytes.")
	}
	linkage := uint16(0)
	if more {
		linkage = 1
	}
	for _, v := range []uint16{0, kind, linkage, uint16(len(data))} {
		to = le.AppendUint16(to, v)
	}
	return align(append(to, data...), start)
}

// align fills up what began at start to a multiple of eight bytes.
func align(to []byte, start int) []byte {
	for (len(to)-start)%8 != 0 {
		to = append(to, 0)
	}
	return to
}

// otherRecords is how many kinds appendOther knows.
const otherRecords = 7

// appendOther appends a record that is no packet, of the kind that has a number: all
// that real logs have between the events that somebody looks for.
func appendOther(to []byte, number int, ticks int64) []byte {
	start := len(to)
	head := func(kind byte, version uint16, size int, hook uint16) {
		to = le.AppendUint16(to, version)
		to = append(to, kind, isRecord)
		to = le.AppendUint16(to, uint16(size))
		to = le.AppendUint16(to, hook)
	}
	pair := func() { to = le.AppendUint32(le.AppendUint32(to, 904), 4) } // thread, process
	switch number % otherRecords {
	case 0: // a thread is switched, of PerfInfo's group: no process
		head(perfInfo64, 2, 16+13, 0x0F2E)
		to = le.AppendUint64(to, uint64(ticks))
		to = append(to, make([]byte, 13)...)
	case 1: // PerfInfo with two counters of the processor
		head(perfInfo64, 0x0202, 32+4, 0x0F2E)
		to = le.AppendUint64(to, uint64(ticks))
		to = append(to, make([]byte, 20)...)
	case 2:
		head(compact64, 2, 24+8, 0x0524)
		pair()
		to = le.AppendUint64(to, uint64(ticks))
		to = append(to, make([]byte, 8)...)
	case 3:
		head(system64, 3, 32+11, 0x0301)
		pair()
		to = le.AppendUint64(to, uint64(ticks))
		to = append(to, make([]byte, 8+11)...)
	case 4: // a message of software tracing: of this its length alone is known
		to = le.AppendUint16(to, 8+18)
		to = append(to, 0, isMessage, 7, 0, 0x2A, 0)
		to = append(to, make([]byte, 18)...)
	case 5:
		to = appendClassic(to, classic64, 48, ticks)
	case 6:
		to = appendClassic(to, instance64, 72, ticks)
	}
	return align(to, start)
}

// appendClassic appends a classic event with five bytes of data.
func appendClassic(to []byte, kind byte, header int, ticks int64) []byte {
	start := len(to)
	to = le.AppendUint16(to, uint16(header+5))
	to = append(to, kind, isRecord, 10, 4, 2, 0) // type, level, version
	to = le.AppendUint32(le.AppendUint32(to, 904), 4)
	to = le.AppendUint64(to, uint64(ticks))
	to = append(to, kernelTCPIP[:]...)
	return append(to, make([]byte, header+5-(len(to)-start))...)
}

var kernelTCPIP = guid("9a280ac0-c8e0-11d1-84e2-00c04fb998a2")
