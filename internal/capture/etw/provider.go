package etw

// The providers whose packets are read.
var (
	NDISPacketCapture = mustGUID("2ed6006e-4729-4609-b423-3ee7bcd678ef")
	RasNdisWan        = mustGUID("d84521f7-2235-4237-a7c0-14e3a9676286")
	PktMon            = mustGUID("4d4f80d9-c8bd-4d73-bb5b-19c90402c5ac")
	WFP               = mustGUID("c22d1b14-c242-49de-9f17-1d76b8b9c458")
)

// names are those of providers that traces of the network often hold.
var names = map[GUID]string{
	NDISPacketCapture: "Microsoft-Windows-NDIS-PacketCapture",
	RasNdisWan:        "Microsoft-Windows-Ras-NdisWanPacketCapture",
	PktMon:            "Microsoft-Windows-PktMon",
	WFP:               "Microsoft-Pef-WFP-MessageProvider",
	mustGUID("2f07e2ee-15db-40f1-90ef-9d7ba282188a"): "Microsoft-Windows-TCPIP",
	mustGUID("e53c6823-7bb8-44bb-90dc-3f86090d48a6"): "Microsoft-Windows-Winsock-AFD",
	mustGUID("7dd42a49-5329-4832-8dfd-43d979153a88"): "Microsoft-Windows-Kernel-Network",
	mustGUID("9a280ac0-c8e0-11d1-84e2-00c04fb998a2"): "TcpIp of the kernel logger",
	mustGUID("bf3a50c5-a9c9-4988-a005-2df0b7c80f80"): "UdpIp of the kernel logger",
	mustGUID("68fdd900-4a3e-11d1-84f4-0000f80464e3"): "EventTrace of the kernel logger",
	mustGUID("bbccf6c1-6cd1-48c4-80ff-839482e37671"): "metadata of events",
}

// ProviderName is the name of a provider where it is known, and its GUID where not.
func ProviderName(g GUID) string {
	if name, ok := names[g]; ok {
		return name
	}
	return "provider " + g.String()
}

// ParseGUID reads the form that GUID.String gives.
func ParseGUID(s string) (g GUID, ok bool) {
	const form = "00000000-0000-0000-0000-000000000000"
	order := [16]int{3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15}
	if len(s) != len(form) {
		return g, false
	}
	n := 0
	for i := 0; i < len(s); {
		if form[i] == '-' {
			if s[i] != '-' {
				return g, false
			}
			i++
			continue
		}
		high, low := hexDigit(s[i]), hexDigit(s[i+1])
		if high > 15 || low > 15 {
			return g, false
		}
		g[order[n]] = high<<4 | low
		n++
		i += 2
	}
	return g, true
}

func hexDigit(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	}
	return 255
}

func mustGUID(s string) GUID {
	g, ok := ParseGUID(s)
	if !ok {
		panic("etw: no GUID: " + s)
	}
	return g
}
