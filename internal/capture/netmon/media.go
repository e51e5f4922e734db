package netmon

// Media types of frames: NDIS's, those that Network Monitor and Message Analyzer
// added, and pcap's link types by an offset.
const (
	MediaEthernet  = 1
	MediaTokenRing = 2
	MediaFDDI      = 3
	MediaATM       = 4
	MediaWiFi      = 6 // 802.11 after metadata of its own
	MediaTunnel    = 7
	MediaWWAN      = 8
	MediaRawIP     = 9

	MediaPcap = 0xE000 // with a link type in its lower twelve bits, but for those that follow

	MediaWiFiMessage  = 0xE080
	MediaNDISWiFi     = 0xE081
	MediaFiddler      = 0xE082
	MediaWFPV4        = 0xE083 // event 60011 of the Windows Filtering Platform
	MediaWFPV6        = 0xE084 // 60021
	MediaWFP2V4       = 0xE085 // 60012
	MediaWFP2V6       = 0xE086 // 60022
	MediaWFPAuthV4    = 0xE087 // 60031
	MediaWFPAuthV6    = 0xE088 // 60041
	MediaNDIS         = 0xE089
	MediaNDISWiFiMeta = 0xE08A

	MediaEvent         = 0xFFE0
	MediaNetworkInfoEx = 0xFFFB
	MediaPayloadHeader = 0xFFFC // of what Network Monitor put together from several frames
	MediaNetworkInfo   = 0xFFFD
	MediaDNSCache      = 0xFFFE
	MediaFilter        = 0xFFFF
)

// Link types of pcap.
const (
	linkEthernet  = 1
	linkTokenRing = 6
	linkFDDI      = 10
	linkRaw       = 101
	link80211     = 105
)

// linkType gives the pcap link type of frames of a media type.
func linkType(media uint16) (link uint16, ok bool) {
	switch media {
	case 0, MediaEthernet: // 0 is what Network Monitor 3.4 gives frames of VPNs, with Ethernet headers
		return linkEthernet, true
	case MediaTokenRing:
		return linkTokenRing, true
	case MediaFDDI:
		return linkFDDI, true
	case MediaWiFi, MediaWiFiMessage:
		return link80211, true
	case MediaTunnel, MediaWWAN, MediaRawIP:
		return linkRaw, true
	}
	if media&0xF000 != MediaPcap || media > MediaWiFiMessage && media <= MediaNDISWiFiMeta {
		return 0, false
	}
	return media &^ MediaPcap, true
}

// known says whether a media type is one that is written into files.
func known(media uint16) bool {
	return media <= MediaRawIP || media&0xF000 == MediaPcap || media == MediaEvent || media >= MediaNetworkInfoEx
}

// unnumbered says whether Wireshark passes over frames of a media type and does not
// count them.
func unnumbered(media uint16) bool {
	return media == MediaPayloadHeader || media == MediaNetworkInfo || media == MediaDNSCache
}

// wifiLen gives the length of the metadata before an 802.11 frame, bytes; ok is false
// where they don't fit it. They begin with a version and this length.
func wifiLen(p []byte) (n int, ok bool) {
	const least = 3
	if len(p) < least {
		return 0, false
	}
	n = int(le.Uint16(p[1:]))
	return n, n >= least && n <= len(p)
}
