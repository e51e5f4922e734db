package etw

import (
	"encoding/binary"
	"errors"
)

// errShort is the error for user data that end before a field does.
var errShort = errors.New("the event is shorter than its fields")

// cursor reads the fields of an event's user data one after another. Once a field is not
// there whole, it and all that follow are empty and short is set.
type cursor struct {
	rest  []byte
	short bool
}

// take gives the next n bytes, which are the event's own.
func (c *cursor) take(n int) []byte {
	if n < 0 || n > len(c.rest) {
		c.rest, c.short = nil, true
		return nil
	}
	taken := c.rest[:n:n]
	c.rest = c.rest[n:]
	return taken
}

func (c *cursor) u8() uint8 {
	if b := c.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (c *cursor) u16() uint16 {
	if b := c.take(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

func (c *cursor) u32() uint32 {
	if b := c.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (c *cursor) u64() uint64 {
	if b := c.take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// utf16z gives the bytes of UTF-16 text before its NUL, and goes past that.
func (c *cursor) utf16z() []byte {
	for i := 0; i+2 <= len(c.rest); i += 2 {
		if c.rest[i] == 0 && c.rest[i+1] == 0 {
			text := c.take(i)
			c.take(2)
			return text
		}
	}
	c.rest, c.short = nil, true
	return nil
}

// err is errShort where a field was not there.
func (c *cursor) err() error {
	if c.short {
		return errShort
	}
	return nil
}
