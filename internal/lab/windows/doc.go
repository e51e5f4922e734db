// Package windows writes what Windows records captures into: event traces (.etl), and
// captures of Network Monitor (.cap). It makes them of packets whose truth is known, so
// that what reads them can be held to it.
//
// The layouts are written down here a second time, from their documentation, and share
// no code with the readers: a mistake in one is not repeated in the other. [Log] says how
// a trace is stored, the functions that are named for a provider make its events, and
// [Capture] says how a .cap file is.
package windows

import (
	"encoding/binary"
	"encoding/hex"
	"strings"
	"unicode/utf16"
)

var (
	le = binary.LittleEndian
	be = binary.BigEndian
)

// GUID is the identifier of a provider as it is stored.
type GUID [16]byte

// guid reads the form that Windows' tools print.
func guid(s string) (g GUID) {
	b, err := hex.DecodeString(strings.ReplaceAll(s, "-", ""))
	if err != nil || len(b) != len(g) {
		panic("windows: not a GUID: " + s)
	}
	le.PutUint32(g[:], be.Uint32(b))
	le.PutUint16(g[4:], be.Uint16(b[4:]))
	le.PutUint16(g[6:], be.Uint16(b[6:]))
	copy(g[8:], b[8:])
	return g
}

// text is UTF-16 with a zero after it.
func text(s string) []byte { return append(wide(s), 0, 0) }

// wide is UTF-16.
func wide(s string) (b []byte) {
	for _, u := range utf16.Encode([]rune(s)) {
		b = le.AppendUint16(b, u)
	}
	return b
}

// epoch is the beginning of 1970 as a FILETIME.
const epoch = 116_444_736_000_000_000

// FileTime is a time in nanoseconds since 1970 as a FILETIME, cut to 100 ns.
func FileTime(nanoseconds int64) int64 { return epoch + nanoseconds/100 }
