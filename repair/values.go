package repair

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mendcap/mendcap/internal/naming"
	"github.com/mendcap/mendcap/internal/packet"
	"github.com/mendcap/mendcap/internal/pipeline"
)

// Protocol is the IANA number of an upper-layer protocol, from 1 to 254. The zero
// value means that none is stated; its text is empty.
type Protocol uint8

// String returns the name of the protocol where it is a usual one, "TCP" for
// example, and else its number.
func (p Protocol) String() string {
	if p == 0 {
		return ""
	}
	return pipeline.ProtocolName(uint8(p))
}

// MarshalText returns what String does. It never fails.
func (p Protocol) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads the name of a protocol, in any case, or its number. What is
// neither is an ErrUsage.
func (p *Protocol) UnmarshalText(text []byte) error {
	n, err := uint8(0), error(nil)
	if len(text) > 0 {
		n, err = pipeline.ParseProtocol(string(text))
	}
	if err == nil {
		*p = Protocol(n)
	}
	return err
}

// Layout says whose socket address comes before each packet in the records of
// LINKTYPE_USER0 to LINKTYPE_USER15. Systems differ in the number of the address
// family AF_INET6, and in where it is.
type Layout uint8

// The layouts.
const (
	LayoutAuto    = Layout(packet.LayoutAuto)    // by content, where all of it is plausible
	LayoutWindows = Layout(packet.LayoutWindows) // AF_INET6 is 23
	LayoutLinux   = Layout(packet.LayoutLinux)   // AF_INET6 is 10
	LayoutBSD     = Layout(packet.LayoutBSD)     // also macOS: AF_INET6 is 24, 28 or 30
	LayoutNone    = Layout(packet.LayoutNone)    // these records are something else
)

// String returns the name of the layout: "auto", "windows", "linux", "bsd" or
// "none".
func (l Layout) String() string { return packet.Layout(l).String() }

// MarshalText returns the name of the layout. What is none of the layouts is an
// ErrUsage.
func (l Layout) MarshalText() ([]byte, error) {
	name := l.String()
	_, err := parseLayout(name)
	return []byte(name), err
}

// UnmarshalText reads the name of a layout. Another text is an ErrUsage.
func (l *Layout) UnmarshalText(text []byte) error {
	parsed, err := parseLayout(string(text))
	if err == nil {
		*l = parsed
	}
	return err
}

func parseLayout(name string) (Layout, error) {
	l, err := packet.ParseLayout(name)
	if err != nil {
		return LayoutAuto, fmt.Errorf("%w: %w", ErrUsage, err)
	}
	return Layout(l), nil
}

// Compression is how an output is compressed.
type Compression string

// The compressions.
const (
	CompressionAuto Compression = ""     // by the name of the output, .gz or .zst; else not at all
	CompressionGzip Compression = "gzip" // RFC 1952
	CompressionZstd Compression = "zstd" // RFC 8878
)

// MarshalText returns the name of the compression, which for CompressionAuto is
// empty. What is none of the compressions is an ErrUsage.
func (c Compression) MarshalText() ([]byte, error) { return []byte(c), c.check() }

// UnmarshalText reads the name of a compression. Another text is an ErrUsage.
func (c *Compression) UnmarshalText(text []byte) error {
	parsed := Compression(text)
	if err := parsed.check(); err != nil {
		return err
	}
	*c = parsed
	return nil
}

func (c Compression) check() error {
	if c == CompressionAuto || slices.Contains(naming.Compressions(), string(c)) {
		return nil
	}
	return fmt.Errorf("%w: %q is no compression: one of %s", ErrUsage, string(c), strings.Join(naming.Compressions(), ", "))
}
