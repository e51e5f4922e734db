package etw

// Events of Microsoft-Windows-Ras-NdisWanPacketCapture: Ethernet frames of tunnels that
// end at this host.
const (
	rasSend    = 5001
	rasReceive = 5002
)

// rasUser tells the connections of Ras-NdisWan apart. Its texts are UTF-16 of the event.
type rasUser struct {
	domain []byte // a GUID
	name   []byte
}

func (r *reader) readRas(e *Event) (bool, error) {
	switch e.ID {
	case rasSend:
		r.p.Direction = Out
	case rasReceive:
		r.p.Direction = In
	default:
		return false, nil
	}
	c := cursor{rest: e.Data}
	r.user = rasUser{domain: c.utf16z(), name: c.utf16z()}
	frame := c.take(int(c.u32()))
	if err := c.err(); err != nil {
		return false, err
	}
	user := newHash()
	user.add(r.user.domain)
	user.add(nul16)
	user.add(r.user.name)
	r.p.at = point{layer: layerRas, link: LinkEthernet, user: user.sum()}
	r.p.Data = frame
	r.p.Original = originalLength(LinkEthernet, frame)
	return true, nil
}

var nul16 = []byte{0, 0}

// appendComment appends the connection in etl2pcapng's form.
func (u *rasUser) appendComment(to []byte) []byte {
	to = appendText(append(to, " RoutingDomainId="...), u.domain)
	return appendText(append(to, " Username="...), u.name)
}
