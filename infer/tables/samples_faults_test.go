package tables

import "regexp"

// cachedRow is a row of a Spanish record of the resolver's cache, found by its
// words, which the parser doesn't know.
var cachedRow = regexp.MustCompile(`(?m)^    Registro AAAA \. \. \. \. : (\S+)\r?$`)

// faultySamples are what the samples of faults must give.
func faultySamples(texts map[string]string) map[string]sample {
	var cached []string
	for _, m := range cachedRow.FindAllStringSubmatch(texts["T1-es-displaydns.txt"], -1) {
		cached = append(cached, m[1])
	}
	return map[string]sample{
		"T1-es-displaydns.txt": {format: "displaydns", cached: cached},
		"de-ipconfig.txt": {
			format: "ipconfig",
			interfaces: []string{
				"10 fe80::355c:c27d:11aa:da69", "10 192.168.100.46", "12 fe80::9d3c:c27d:11aa:da70", "12 192.168.100.47",
			},
			hosts: []string{"fe80::1eed:6fff:fe11:2233", "192.168.100.1"},
		},
		"es-ipconfig.txt": {
			format:     "ipconfig",
			interfaces: []string{"- 10.1.83.94", "12 fe80::6960:e696:2469:1d25", "12 192.168.56.1"},
			hosts:      []string{"10.1.83.1"},
		},
		"pl-ipconfig.txt": {
			format:     "ipconfig",
			interfaces: []string{"11 fe80::f8a1:2b3c:4d5e:6f70", "11 192.168.1.20"},
			hosts:      []string{"192.168.1.1"},
		},
		"win-netstat-names.txt": {
			format:        "netstat",
			interfaces:    []string{"- 192.168.1.5", "- 2001:db8:1::15", "- fe80::1"},
			destinations:  []string{"- 118.98.30.243 -", "- 2606:2800:220:1::1 -"},
			notUnderstood: 3, // the other three remote ends are host names
		},
		"linux-netstat-names.txt": {
			format:        "netstat-unix",
			interfaces:    []string{"- 203.0.113.10", "- 2001:db8::10"},
			destinations:  []string{"- 198.51.100.1 -", "- 2001:db8:7::1 -", "- 2001:db8:8::2 -"},
			notUnderstood: 2, // the local ends of these are host names
		},
		"iproute-neigh.txt": {
			format: "ip-neigh",
			neighbors: []string{
				"eth0 fe80::1 52:54:00:12:35:02", "br0 2001:db8::5 52:54:00:12:35:05", "br0 2001:db8::6 ",
				"wlan0 2001:db8::7 52:54:00:12:35:07", "eth0 2001:db8::8 52:54:00:12:35:08",
				"eth0 2001:db8::9 52:54:00:12:35:09", "eth0 2001:db8::a 52:54:00:12:35:0a",
			},
		},
	}
}
