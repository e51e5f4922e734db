package tables

import (
	"encoding/json"
	"net/netip"
	"strconv"

	"github.com/mendcap/mendcap/infer"
)

// properties are those of PowerShell's CIM objects that are read. Their names
// are English in every locale; values may be null; enumerations are numbers or
// their English names, by version and options.
var properties = []string{
	"LocalAddress", "LocalPort", "RemoteAddress", "RemotePort", "State", "OwningProcess",
	"IPAddress", "IPv6Address", "IPv4Address", "LinkLayerAddress", "InterfaceIndex", "ifIndex", "InterfaceAlias",
	"PrefixLength", "PrefixOrigin", "SuffixOrigin", "AddressState",
}

// has reports whether the object has any of the members.
func (o object) has(names ...string) bool {
	for _, name := range names {
		if _, ok := o[name]; ok {
			return true
		}
	}
	return false
}

// text returns the first of the properties that is there and not null, a
// number as its digits.
func (o object) text(names ...string) string {
	for _, name := range names {
		member, ok := o[name]
		if !ok || string(member.raw) == "null" {
			continue
		}
		var s string
		if json.Unmarshal(member.raw, &s) == nil {
			return s
		}
		return string(member.raw)
	}
	return ""
}

// number returns a property as a number of at most so many bits; one that is
// not there is 0.
func (o object) number(bits int, names ...string) (n uint64, ok bool) {
	text := o.text(names...)
	if text == "" {
		return 0, true
	}
	n, err := strconv.ParseUint(text, 10, bits)
	return n, err == nil
}

// endpoint returns the address and port of one end.
func (o object) endpoint(address, port string) (endpoint infer.Endpoint, ok bool) {
	host, _, ok := parseAddress(o.text(address))
	n, isPort := o.number(16, port)
	return infer.Endpoint{Address: specified(host), Port: uint16(n)}, ok && isPort
}

// address returns the address of a row about one, and the interface's index.
func (o object) address() (address netip.Addr, index uint32, ok bool) {
	address, zone, ok := parseHost(o.text("IPAddress", "IPv6Address", "IPv4Address"))
	if n, isIndex := o.number(32, "InterfaceIndex", "ifIndex"); isIndex && n != 0 {
		return address, uint32(n), ok
	}
	return address, zone, ok
}

// cmdlet reads the objects of one cmdlet.
type cmdlet struct {
	name    string
	matches func(o object) bool
	row     func(c *collector, o object) bool
}

// cmdlets in the order in which they are tried. The properties decide, as
// Select-Object leaves only some of them.
var cmdlets = []cmdlet{
	{"Get-NetTCPConnection (json)", isTCPConnection, tcpConnection},
	{"Get-NetUDPEndpoint (json)", isUDPEndpoint, udpEndpoint},
	{"Get-NetNeighbor (json)", isNeighbor, neighbor},
	{"Get-NetIPAddress (json)", isIPAddress, ipAddress},
}

// parseObjects reads an array of objects and reports whether any was of a known
// kind.
func (j *jsonText) parseObjects(v value) (known bool) {
	elements(v, func(element value) { known = j.parseObject(element) || known })
	return known
}

// parseObject reads one object by the first cmdlet that it can come from.
func (j *jsonText) parseObject(v value) (known bool) {
	o := members(v)
	for _, cmdlet := range cmdlets {
		if !cmdlet.matches(o) {
			continue
		}
		j.found(cmdlet.name)
		if cmdlet.row(j.collector, o) {
			j.rows++
		} else {
			j.lose(v)
		}
		return true
	}
	j.lose(v)
	return false
}

func isTCPConnection(o object) bool {
	return o.has("LocalAddress") && o.has("LocalPort") && o.has("RemoteAddress") && o.has("RemotePort")
}

func tcpConnection(c *collector, o object) bool {
	local, ok := o.endpoint("LocalAddress", "LocalPort")
	remote, isRemote := o.endpoint("RemoteAddress", "RemotePort")
	pid, _ := o.number(32, "OwningProcess")
	if !ok || !isRemote || local.Port == 0 {
		return false
	}
	c.snapshot.TCPConnections = append(c.snapshot.TCPConnections, infer.Connection{
		Local: local, Remote: remote, State: named(tcpStates, o.text("State")), PID: uint32(pid),
	})
	return true
}

func isUDPEndpoint(o object) bool {
	return o.has("LocalAddress") && o.has("LocalPort") && !o.has("RemoteAddress", "RemotePort", "State")
}

func udpEndpoint(c *collector, o object) bool {
	local, ok := o.endpoint("LocalAddress", "LocalPort")
	pid, _ := o.number(32, "OwningProcess")
	if !ok || local.Port == 0 {
		return false
	}
	c.snapshot.UDPEndpoints = append(c.snapshot.UDPEndpoints, infer.Connection{Local: local, PID: uint32(pid)})
	return true
}

func isNeighbor(o object) bool {
	return o.has("IPAddress") && o.has("LinkLayerAddress", "State") && !o.has("AddressState", "PrefixOrigin")
}

func neighbor(c *collector, o object) bool {
	address, index, ok := o.address()
	if !ok {
		return false
	}
	linkLayer, _ := parseLinkLayer(o.text("LinkLayerAddress"))
	c.snapshot.Neighbors = append(c.snapshot.Neighbors, infer.Neighbor{
		Address: address, LinkLayer: linkLayer, State: named(neighborStates, o.text("State")), Interface: index,
	})
	return true
}

func isIPAddress(o object) bool {
	return o.has("IPAddress", "IPv6Address", "IPv4Address") &&
		o.has("PrefixLength", "PrefixOrigin", "SuffixOrigin", "AddressState") && !o.has("LinkLayerAddress")
}

func ipAddress(c *collector, o object) bool {
	address, index, ok := o.address()
	if !ok || address.IsMulticast() {
		return false
	}
	c.snapshot.Interfaces = append(c.snapshot.Interfaces, infer.Interface{
		Index: index, Name: word(o.text("InterfaceAlias")), Addresses: []netip.Addr{address},
	})
	return true
}

// tcpStates are the values of MSFT_NetTCPConnection's State, those of MIB_TCP_STATE.
var tcpStates = map[string]string{
	"1": "Closed", "2": "Listen", "3": "SynSent", "4": "SynReceived", "5": "Established", "6": "FinWait1",
	"7": "FinWait2", "8": "CloseWait", "9": "Closing", "10": "LastAck", "11": "TimeWait", "12": "DeleteTCB", "100": "Bound",
}

// neighborStates are the values of MSFT_NetNeighbor's State, those of NL_NEIGHBOR_STATE.
var neighborStates = map[string]string{
	"0": "Unreachable", "1": "Incomplete", "2": "Probe", "3": "Delay", "4": "Stale", "5": "Reachable", "6": "Permanent",
}

// named gives an enumeration's value its name.
func named(names map[string]string, value string) string {
	if name, ok := names[value]; ok {
		return name
	}
	return word(value)
}
