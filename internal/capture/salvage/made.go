package salvage

import (
	"encoding/binary"

	"github.com/mendcap/mendcap/internal/capture"
)

// The ranges of stamps that tell ticks of one resolution from those of another:
// 1990 to 2100, seconds.
const (
	firstSecond = 631152000
	lastSecond  = 4102444800
)

// guessResolution finds by a stamp how fine the ticks of an interface are.
func guessResolution(ticks uint64) uint8 {
	for _, resol := range []uint8{6, 9, 3} {
		i := capture.Interface{Resol: resol}
		if s := i.Nanos(ticks) / 1e9; s >= firstSecond && s < lastSecond {
			return resol
		}
	}
	return 6
}

// madeInterface makes up the description of an interface.
func madeInterface(order binary.ByteOrder, link uint16, resol uint8) []byte {
	body := make([]byte, capture.InterfaceFixed-8)
	order.PutUint16(body, link)
	if resol != 6 {
		body = capture.AppendOption(body, order, capture.OptResol, []byte{resol})
		body = append(body, 0, 0, 0, 0)
	}
	return madeBlock(order, capture.TypeInterface, body)
}

// madeSection makes up a section header.
func madeSection(order binary.ByteOrder) []byte {
	body := make([]byte, capture.SectionFixed-8)
	order.PutUint32(body, capture.ByteOrderMagic)
	order.PutUint16(body[4:], 1)
	order.PutUint64(body[8:], capture.UnstatedLength)
	return madeBlock(order, capture.TypeSection, body)
}

// madeBlock makes up a block of a type.
func madeBlock(order binary.ByteOrder, typ uint32, body []byte) []byte {
	raw := make([]byte, capture.BlockMin+len(body))
	order.PutUint32(raw, typ)
	order.PutUint32(raw[4:], uint32(len(raw)))
	copy(raw[8:], body)
	order.PutUint32(raw[len(raw)-capture.TrailerLen:], uint32(len(raw)))
	return raw
}
