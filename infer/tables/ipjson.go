package tables

import (
	"cmp"
	"net/netip"
	"strings"

	"github.com/mendcap/mendcap/infer"
)

// ipMembers are those of the objects that ip -j prints.
var ipMembers = []string{
	"dst", "dev", "gateway", "via", "host", "prefsrc", "type", "from", "flags", "lladdr", "state", "nexthops",
	"ifindex", "ifname", "addr_info", "local", "maddr", "family", "address", "proxy",
}

// ipAddrObject makes of an address the line that ip prints without -j.
func ipAddrObject(c *collector, o object) (why string) {
	return c.ipList(o, "addr_info", func(h heading, a object) (why string) {
		return c.inetLine([]string{"inet", a.text("local"), "peer", a.text("address")}, h)
	})
}

func ipMaddrObject(c *collector, o object) (why string) {
	return c.ipList(o, "maddr", func(h heading, a object) (why string) {
		if !strings.HasPrefix(a.text("family"), "inet") {
			return ""
		}
		address, _, ok := parseGroup(a.text("address"))
		if !ok {
			return whyName
		}
		c.group(h.index, h.name, address)
		return ""
	})
}

// ipList visits the objects of a member that is an array.
func (c *collector) ipList(o object, member string, visit func(h heading, a object) string) (why string) {
	if list := o[member]; len(list.raw) == 0 || list.raw[0] != '[' {
		return whyRow
	}
	h := heading{o.index("ifindex"), word(o.text("ifname"))}
	elements(o[member], func(v value) {
		if a := members(v); len(a) > 0 {
			if w := visit(h, a); w != "" {
				why = w
			}
		}
	})
	return why
}

func ipNeighObject(c *collector, o object) (why string) {
	address, index, _, ok := parseZoned(o.text("dst"))
	if !ok {
		return whyName
	}
	if o.has("proxy") { // the host only answers for it
		c.host(address)
		return ""
	}
	linkLayer, _ := parseLinkLayer(o.text("lladdr"))
	state := ""
	elements(o["state"], func(v value) { state = strings.Trim(string(v.raw), `"`) })
	c.neighbor(infer.Neighbor{
		Address: address, LinkLayer: linkLayer, State: word(state), Interface: index, Device: word(o.text("dev")),
	})
	return ""
}

// ipRouteObject makes of an object the line that ip prints without -j.
func ipRouteObject(c *collector, o object) (why string) {
	r := ipRoute{kind: cmp.Or(o.text("type"), "unicast"), target: o.text("dst"), tail: ipWay(o)}
	if _, _, ok := r.destination(netip.Addr{}); !ok {
		return whyName
	}
	if list := o["nexthops"]; len(list.raw) > 0 && list.raw[0] == '[' {
		elements(list, func(v value) { c.ipRoute(r, ipWay(members(v))) })
		return ""
	}
	c.ipRoute(r, r.tail)
	return ""
}

// ipWay returns the members that say the way as keywords and values.
func ipWay(o object) (way []string) {
	for _, pair := range [][2]string{{"gateway", "via"}, {"dev", "dev"}, {"prefsrc", "src"}} {
		if text := o.text(pair[0]); text != "" {
			way = append(way, pair[1], text)
		}
	}
	if via := o["via"]; len(via.raw) > 0 && via.raw[0] == '{' {
		way = append(way, "via", members(via).text("host"))
	}
	if strings.Contains(o.text("flags"), `"cache"`) {
		way = append(way, "cache")
	}
	return way
}
