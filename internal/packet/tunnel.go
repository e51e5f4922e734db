package packet

import (
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
	case linkPPPEther:
		return layers.LayerTypePPPoE
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

// decodeTunnel looks for the first IP packet in data[pos:], whose outermost
// layer is first, and decodes it by hand.
func decodeTunnel(v *View, first gopacket.Decoder, data []byte, pos, wireLen int) {
	if at, ok := innerIP(first, data[pos:]); ok {
		decodeIP(v, data, pos+at, wireLen)
		v.Tunnel = v.Form != NoIP
	}
}

// innerIP returns the offset of the first IP header that gopacket finds in
// data. Its errors, and panics of its decoders, mean that there is none.
func innerIP(first gopacket.Decoder, data []byte) (at int, ok bool) {
	defer func() {
		if recover() != nil {
			at, ok = 0, false
		}
	}()
	p := gopacket.NewPacket(data, first, gopacket.DecodeOptions{Lazy: true, NoCopy: true})
	layer := p.LayerClass(ipLayers{})
	if layer == nil {
		return 0, false
	}
	// A sub-slice shares the end of its array, so that capacities tell the
	// offset. A layer that was copied (reassembled, decrypted) has none.
	header := layer.LayerContents()
	at = cap(data) - cap(header)
	if len(header) == 0 || at < 0 || at >= len(data) || &data[at] != &header[0] {
		return 0, false
	}
	return at, true
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
