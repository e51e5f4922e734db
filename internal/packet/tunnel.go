package packet

import (
	"bytes"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

// Link types that gopacket decodes; its own type for them has only 8 bits.
const (
	linkPPP      LinkType = 9
	linkFDDI     LinkType = 10
	linkPPPHDLC  LinkType = 50
	linkPPPEther LinkType = 51
	linkDot11    LinkType = 105
	linkPFLog    LinkType = 117
	linkPrism    LinkType = 119
	linkRadiotap LinkType = 127
	linkMPLS     LinkType = 219
)

// linkDecoder returns gopacket's decoder for a link type that may carry IP,
// nil without one.
func linkDecoder(link LinkType) gopacket.Decoder {
	switch link {
	case linkPPP, linkPPPHDLC:
		return layers.LayerTypePPP
	case linkFDDI:
		return layers.LayerTypeFDDI
	case linkDot11:
		return layers.LayerTypeDot11
	case linkPFLog:
		return layers.LayerTypePFLog
	case linkPrism:
		return layers.LayerTypePrismHeader
	case linkRadiotap:
		return layers.LayerTypeRadioTap
	case linkMPLS:
		return layers.LayerTypeMPLS
	}
	return nil
}

// decodePPPoE goes on after the header of a PPPoE packet (RFC 2516, section
// 4). gopacket's decoder of it refuses one that the snap length has cut.
func decodePPPoE(v *View, data []byte, pos, wireLen int) {
	const headerLen, session = 6, 0
	if len(data) > pos+headerLen && data[pos+1] == session {
		decodeTunnel(v, layers.LayerTypePPP, data, pos+headerLen, wireLen)
	}
}

// decodeTunnel looks for the first IP packet in data[pos:], whose outermost
// layer is first, and decodes it by hand.
func decodeTunnel(v *View, first gopacket.Decoder, data []byte, pos, wireLen int) {
	if at, ok := innerIP(first, data[pos:]); ok {
		decodeIP(v, data, pos+at, wireLen)
		v.Tunnel = v.Form != NoIP
	}
}

// maxEncapsulation bounds how deep an IP header is looked for, in bytes:
// radiotap's header with many antennas, or a long stack of labels.
const maxEncapsulation = 512

// innerIP returns the offset of the first IP header that gopacket finds in
// data. Its errors, and panics of its decoders, mean that there is none.
//
// gopacket works on its own copy: its radiotap decoder moves bytes of what it
// is given, and these are not ours to change.
func innerIP(first gopacket.Decoder, data []byte) (at int, ok bool) {
	defer func() {
		if recover() != nil {
			at, ok = 0, false
		}
	}()
	data = data[:min(len(data), maxEncapsulation)]
	p := gopacket.NewPacket(data, first, gopacket.DecodeOptions{Lazy: true})
	layer := p.LayerClass(ipLayers{})
	if layer == nil {
		return 0, false
	}
	// The layer may be in a copy of a copy, so that only its content tells
	// where it came from: addresses and lengths don't occur in a link header.
	at = bytes.Index(data, layer.LayerContents())
	return at, at >= 0
}

// ipLayers is the class of gopacket's two IP layers.
type ipLayers struct{}

// Contains implements gopacket.LayerClass.
func (ipLayers) Contains(t gopacket.LayerType) bool {
	return t == layers.LayerTypeIPv4 || t == layers.LayerTypeIPv6
}

// LayerTypes implements gopacket.LayerClass.
func (ipLayers) LayerTypes() []gopacket.LayerType {
	return []gopacket.LayerType{layers.LayerTypeIPv4, layers.LayerTypeIPv6}
}
