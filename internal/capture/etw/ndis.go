package etw

import "strconv"

// Events of Microsoft-Windows-NDIS-PacketCapture (ndiscap.sys).
const (
	ndisFragment = 1001
	ndisMetadata = 1002 // of a received 802.11 packet; the packet follows
	ndisSwitch   = 1003 // a fragment at a VM switch
)

// Keywords of Microsoft-Windows-NDIS-PacketCapture. The WFP provider uses those from
// keywordStart on as well.
const (
	keywordWWAN      = 0x200 // raw IP
	keyword80211     = 0x1_0000
	keywordTruncated = 0x200_0000
	keywordStart     = 0x4000_0000
	keywordEnd       = 0x8000_0000
	keywordSend      = 0x1_0000_0000
	keywordReceive   = 0x2_0000_0000
)

// fragmentKey tells packets apart of which fragments are awaited. Until Windows 8 a packet
// could be written as several events; those of one thread on one processor and of one
// miniport follow each other (Message Analyzer's NdisEtwProvider).
type fragmentKey struct {
	miniport uint32
	tid      uint32
	cpu      uint16
}

func (r *reader) readNDIS(e *Event) (bool, error) {
	switch e.ID {
	case ndisFragment, ndisMetadata, ndisSwitch:
	default:
		return false, nil
	}
	c := cursor{rest: e.Data}
	at := point{layer: layerNDIS, link: LinkEthernet, miniport: c.u32(), lower: c.u32()}
	switch {
	case e.Keyword&keyword80211 != 0:
		at.link = LinkIEEE80211
	case e.Keyword&keywordWWAN != 0:
		at.link = LinkRaw
	}
	key := fragmentKey{at.miniport, e.TID, e.CPU}
	if e.ID == ndisSwitch {
		r.port.read(&c)
		at.layer, at.port = layerSwitch, r.port.id
	}
	piece := c.take(int(c.u32()))
	if err := c.err(); err != nil {
		return false, err
	}
	switch e.ID {
	case ndisMetadata:
		r.expect(key, piece)
		return false, nil
	case ndisSwitch:
		r.port.readOOB(&c, e.Narrow)
		at.vlan, at.leaving = r.port.vlan, r.port.destinations > 0
	}
	// What follows are fields of later builds: since 1809 GftFlowEntryId and
	// GftOffloadInformation.
	packet, whole := r.fragments.join(key, piece, e.Keyword&keywordStart != 0, e.Keyword&keywordEnd != 0)
	if !whole {
		return false, nil
	}
	if at.link == LinkIEEE80211 {
		r.radio, r.hasRadio = r.wireless[key]
		delete(r.wireless, key)
		packet = r.unprotect(packet)
	}
	r.p.at = at
	r.p.Data = packet
	r.p.Original = originalLength(at.link, packet)
	r.p.Truncated = e.Keyword&keywordTruncated != 0
	r.p.Direction = directionOf(e.Keyword)
	return true, nil
}

func directionOf(keyword uint64) Direction {
	switch {
	case keyword&keywordSend != 0:
		return Out
	case keyword&keywordReceive != 0:
		return In
	}
	return Unknown
}

const (
	frameControlFlags = 1    // the second byte of an 802.11 header
	protectedFrame    = 0x40 // in it
)

var madeUnprotected = []byte("Protected bit cleared, as the frame was recorded after decryption")

// unprotect gives an 802.11 frame without the Protected bit: Windows records frames after
// decryption, and leaves the bit set.
func (r *reader) unprotect(frame []byte) []byte {
	if len(frame) <= frameControlFlags || frame[frameControlFlags]&protectedFrame == 0 {
		return frame
	}
	r.data = append(r.data[:0], frame...)
	r.data[frameControlFlags] &^= protectedFrame
	r.p.Made = madeUnprotected
	return r.data
}

// wireless is what the network card said of a received 802.11 frame:
// DOT11_EXTSTA_RECV_CONTEXT of windot11.h.
type wireless struct {
	flags, phy, frequency uint32
	frames                uint16 // MPDUs
	rssi                  int32  // dBm
	rate                  uint8  // in units of 500 kbit/s
}

// expect keeps what the metadata say until the frame comes. Metadata that are too short to
// be of this kind are none of these.
func (r *reader) expect(key fragmentKey, metadata []byte) {
	c := cursor{rest: metadata}
	c.take(4) // NDIS_OBJECT_HEADER
	w := wireless{flags: c.u32(), phy: c.u32(), frequency: c.u32(), frames: c.u16()}
	c.take(2)
	w.rssi, w.rate = int32(c.u32()), c.u8()
	if c.short {
		return
	}
	if r.wireless == nil || len(r.wireless) >= maxOpen {
		r.wireless = make(map[fragmentKey]wireless)
	}
	r.wireless[key] = w
}

// phyTypes are the names that etl2pcapng has for DOT11_PHY_TYPE.
var phyTypes = [...]string{
	"Unknown", "Fhss", "Dsss", "IrBaseband", "802.11a", "802.11b", "802.11g", "802.11n", "802.11ac", "802.11ad", "802.11ax",
}

// appendComment appends the metadata in etl2pcapng's form.
func (w *wireless) appendComment(to []byte) []byte {
	phy := phyTypes[0]
	if int64(w.phy) < int64(len(phyTypes)) {
		phy = phyTypes[w.phy]
	}
	to = append(to, " Packet Metadata: ReceiveFlags:0x"...)
	to = strconv.AppendUint(to, uint64(w.flags), 16)
	to = append(append(to, ", PhyType:"...), phy...)
	to = append(to, ", CenterCh:"...)
	to = strconv.AppendUint(to, uint64(w.frequency), 10)
	to = append(to, ", NumMPDUsReceived:"...)
	to = strconv.AppendUint(to, uint64(w.frames), 10)
	to = append(to, ", RSSI:"...)
	to = strconv.AppendInt(to, int64(w.rssi), 10)
	to = append(to, ", DataRate:"...)
	return strconv.AppendUint(to, uint64(w.rate), 10)
}
