package capture

import (
	"errors"
	"fmt"

	"github.com/mendcap/mendcap/internal/compress"
)

// What can be wrong with a capture. They arrive wrapped in a FormatError.
var (
	ErrEmpty      = errors.New("the file is empty")
	ErrNotCapture = errors.New("not a pcap or pcapng capture")
	ErrVersion    = errors.New("unknown version of the format")
	ErrTruncated  = errors.New("the capture is cut short")
	ErrLength     = errors.New("impossible length")
	ErrTrailer    = errors.New("the lengths of a block disagree")
	ErrOption     = errors.New("an option does not fit its block")
	ErrTooLarge   = compress.ErrTooLarge
	ErrByteOrder  = errors.New("section header without a byte-order magic")
	ErrInterface  = errors.New("a packet's interface is not described")
	ErrCompressed = errors.New("damaged compressed data")
	ErrUnpacked   = errors.New("it decompresses to more than the limit")
)

// Errors of the Writer: what it was asked for cannot be written as pcapng.
var (
	ErrNoSection     = errors.New("write capture: no section header yet")
	ErrSectionLength = errors.New("write capture: edit in a section that states its length")
	ErrForeign       = errors.New("write capture: block or interface of another section")
	ErrOptionLength  = errors.New("write capture: option value longer than 65535 bytes")
)

// FormatError is damage in a capture, and where it is.
type FormatError struct {
	Frame  int64 // the last whole packet before the damage; 0 = none, -1 = not known
	Offset int64 // of the damaged block in the decompressed file, bytes
	Err    error // wraps one of the sentinels above
}

// Error says what is wrong, and where.
func (e *FormatError) Error() string {
	if e.Frame < 0 {
		return fmt.Sprintf("%v (at byte %d)", e.Err, e.Offset)
	}
	return fmt.Sprintf("%v (at byte %d, %s)", e.Err, e.Offset, afterFrame(e.Frame))
}

// afterFrame says after which packet something is; 0 = before all.
func afterFrame(frame int64) string {
	if frame == 0 {
		return "before any frame"
	}
	return fmt.Sprintf("after frame %d", frame)
}

// Unwrap gives the condition to errors.Is.
func (e *FormatError) Unwrap() error { return e.Err }

// tooLarge is the error for a block of more bytes than are believed.
func tooLarge(most int, n uint64) error {
	return fmt.Errorf("%w of %d bytes: block of %d bytes", ErrTooLarge, most, n)
}

// byteCount is a number of bytes: "1 byte", "2 bytes".
func byteCount(n int64) string {
	if n == 1 {
		return "1 byte"
	}
	return fmt.Sprintf("%d bytes", n)
}
