package capture

import (
	"encoding/binary"
	"fmt"
	"iter"
	"math/bits"
)

// Option codes of the pcapng specification (sections 3.5, 4.1, 4.2 and 4.3).
const (
	optEnd          = 0
	optComment      = 1
	optApplication  = 4  // shb_userappl
	optName         = 2  // if_name
	OptResol        = 9  // if_tsresol
	optFCS          = 13 // if_fcslen, bits
	OptOffset       = 14 // if_tsoffset
	OptFlags        = 2  // epb_flags, pack_flags
	optHash         = 3  // epb_hash, pack_hash
	OptDropCount    = 4  // epb_dropcount
	optIfDrop       = 5  // isb_ifdrop
	optOSDrop       = 7  // isb_osdrop
	optCustomTextNC = 19372
	optCustomNC     = 19373
)

// maxOption is the longest value that an option can have, bytes.
const maxOption = 0xFFFF

// option is one option as it is in a block.
type option struct {
	code  uint16
	value []byte // without padding
	raw   []byte // header, value and padding
}

// optionSize gives the length of the option that a list starts with, padding included,
// bytes: 0 at the end of the list, and -1 where the option does not fit it. As in
// Wireshark, a list may lack its opt_endofopt, and what follows one is not looked at.
func optionSize(list []byte, big bool) int {
	switch {
	case len(list) == 0:
		return 0
	case len(list) < 4:
		return -1
	case u16(list, big) == optEnd:
		return 0
	}
	size := 4 + Padded(int(u16(list[2:], big)))
	if size > len(list) {
		return -1
	}
	return size
}

// options gives those of a list, up to one that does not fit it.
func options(list []byte, order binary.ByteOrder) iter.Seq[option] {
	big := order == binary.BigEndian
	return func(yield func(option) bool) {
		for size := optionSize(list, big); size > 0; size = optionSize(list, big) {
			o := option{code: u16(list, big), value: list[4 : 4+int(u16(list[2:], big))], raw: list[:size]}
			if !yield(o) {
				return
			}
			list = list[size:]
		}
	}
}

// optionCodes are those of the options of a list that are below 16, a bit each.
type optionCodes uint16

func (c optionCodes) has(code uint16) bool { return c>>code&1 != 0 }

// checkOptions says whether every option lies within the list, and which are there before
// one that doesn't.
func checkOptions(list []byte, order binary.ByteOrder) (codes optionCodes, err error) {
	big := order == binary.BigEndian
	size := optionSize(list, big)
	for ; size > 0; size = optionSize(list, big) {
		codes |= 1 << u16(list, big)
		list = list[size:]
	}
	switch {
	case size == 0:
		return codes, nil
	case len(list) < 4:
		return codes, fmt.Errorf("%w: only %s left for its header", ErrOption, byteCount(int64(len(list))))
	}
	return codes, fmt.Errorf("%w: option %d of %d bytes, %d bytes are left", ErrOption, u16(list, big), u16(list[2:], big), len(list)-4)
}

// optionsFit says whether every option lies within the list.
func optionsFit(list []byte, order binary.ByteOrder) bool {
	_, err := checkOptions(list, order)
	return err == nil
}

// findOption gives the value of the first option with a code. An option that
// may be there once counts where it is first, as in Wireshark.
func findOption(list []byte, order binary.ByteOrder, code uint16) ([]byte, bool) {
	big := order == binary.BigEndian
	for size := optionSize(list, big); size > 0; size = optionSize(list, big) {
		if u16(list, big) == code {
			return list[4 : 4+int(u16(list[2:], big))], true
		}
		list = list[size:]
	}
	return nil, false
}

// findNumber is findOption of one that has eight bytes.
func findNumber(list []byte, order binary.ByteOrder, code uint16) (uint64, bool) {
	v, ok := findOption(list, order, code)
	if !ok || len(v) != 8 {
		return 0, false
	}
	return order.Uint64(v), true
}

// AppendOption adds an option with its padding to a list.
func AppendOption[T string | []byte](list []byte, order binary.ByteOrder, code uint16, value T) []byte {
	big := order == binary.BigEndian
	list = appendU16(appendU16(list, code, big), uint16(len(value)), big)
	list = append(list, value...)
	return append(list, padding(len(value))...)
}

// padding gives the zero bytes that fill n bytes up to a multiple of four.
func padding(n int) string { return "\x00\x00\x00"[:Padded(n)-n] }

// Padded rounds a length up to a multiple of four.
func Padded(n int) int { return (n + 3) &^ 3 }

// u16 reads two bytes in either order. Unlike binary.ByteOrder it is inlined.
func u16(p []byte, big bool) uint16 {
	v := binary.LittleEndian.Uint16(p)
	if big {
		return bits.ReverseBytes16(v)
	}
	return v
}

// appendU16 and appendU32 add a number in either order.
func appendU16(to []byte, v uint16, big bool) []byte {
	if big {
		v = bits.ReverseBytes16(v)
	}
	return binary.LittleEndian.AppendUint16(to, v)
}

func appendU32(to []byte, v uint32, big bool) []byte {
	if big {
		v = bits.ReverseBytes32(v)
	}
	return binary.LittleEndian.AppendUint32(to, v)
}

// OrderOf is big-endian, or else little-endian, byte order.
func OrderOf(big bool) binary.ByteOrder {
	if big {
		return binary.BigEndian
	}
	return binary.LittleEndian
}
