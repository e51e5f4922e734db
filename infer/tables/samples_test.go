package tables

import (
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/mendcap/mendcap/infer"
)

// sample says what a sample of Windows' outputs must give, counted by hand.
type sample struct {
	format        string
	interfaces    []string // "interface address"; an interface is its index, else its name, else -
	groups        []string // likewise
	tcp, udp      int      // distinct rows, where they are not listed
	tcpRows       []string // "local remote", * for any, - for none
	udpRows       []string
	destinations  []string // "interface destination next-hop"
	neighbors     []string // "interface address link-layer"
	routes        []string // "interface prefix next-hop", - for none; nil where routeCount says how many
	routeCount    int
	hops          []string // distinct next hops
	cached        []string
	hosts         []string
	hints         []string // "prefix port", and own for the host's
	cut           int
	notUnderstood int
	connections   []infer.Connection // some of the rows
}

func connection(local, remote string, state string, pid uint32) infer.Connection {
	endpoint := func(s string) infer.Endpoint {
		if s == "" {
			return infer.Endpoint{}
		}
		if port, ok := strings.CutPrefix(s, "any:"); ok {
			return infer.Endpoint{Port: netip.MustParseAddrPort("0.0.0.0:" + port).Port()}
		}
		p := netip.MustParseAddrPort(s)
		return infer.Endpoint{Address: p.Addr(), Port: p.Port()}
	}
	return infer.Connection{Local: endpoint(local), Remote: endpoint(remote), State: state, PID: pid}
}

var samples = map[string]sample{
	"windows-convertto-json-nettcp.txt": {
		format: "Get-NetTCPConnection (json)", tcp: 2,
		connections: []infer.Connection{
			connection("192.168.1.5:52341", "142.250.80.46:443", "Established", 1234),
			connection("any:8082", "", "Listen", 5678),
		},
	},
	"windows-ipconfig-all-10.txt": {
		format: "ipconfig",
		interfaces: []string{
			"8 100.115.71.66", "8 fd7a:115c:a1e0:ab12:4843:cd96:6293:47b2", "8 fe80::99d0:ec2d:b2e7:536b",
			"16 10.50.13.132", "16 fe80::c936:c2db:79ad:e1c6",
		},
		hosts: []string{"10.50.13.1", "fec0:0:0:ffff::1", "fec0:0:0:ffff::2", "fec0:0:0:ffff::3"},
	},
	"windows-ipconfig-all-11.txt": {
		format: "ipconfig",
		interfaces: []string{
			"8 192.168.181.1", "8 fe80::f47d:9c7f:69dc:591e", "10 192.168.213.1", "10 fe80::4551:bf0d:59dd:a4f0",
			"11 192.168.1.169", "11 fd63:cc9c:65eb:3f95:57c2:aa:10d8:db08",
			"11 fd63:cc9c:65eb:3f95:8928:348e:d692:b7ef", "11 fe80::4fae:1380:5a1b:8b6b",
		},
		hosts: []string{"192.168.1.1", "192.168.181.254", "192.168.213.2", "192.168.213.254"},
	},
	"windows-ipconfig-all-2008.txt": {
		format:     "ipconfig",
		interfaces: []string{"11 192.168.23.154", "11 fe80::9595:e8d9:b190:ecac"},
		hosts:      []string{"192.168.23.1", "192.168.23.151"},
	},
	"windows-ipconfig-all-7.txt": {
		format:     "ipconfig",
		interfaces: []string{"10 192.168.22.33", "10 fe80::c447:d1ef:c29f:c44c"},
		hosts:      []string{"192.168.22.1", "192.168.22.151"},
	},
	"windows-ipconfig-all-de.txt": {
		format:     "ipconfig",
		interfaces: []string{"31 169.254.114.149", "31 fe80::25d7:866d:f5c9:7295"},
	},
	"windows-netsh-ipv6-show-addresses-en.txt": {
		format: "netsh-addresses",
		interfaces: []string{
			"1 ::1", "7 2001:db8:1111:1:c1cd:7a44:45a5:58f1", "7 2001:db8:1111:1:f1f5:5cbb:f395:6c51",
			"7 fe80::f1f5:5cbb:f395:6c51", "15 fe80::b47c:bc69:f064:85d9", "16 fe80::78a9:3abe:7c8f:b5c1",
			"23 fe80::8df7:1b8c:5751:2d4a",
		},
	},
	"windows-netsh-ipv6-show-neighbors-DE.txt": {format: "netsh-neighbors", neighbors: neighborsOf13},
	"windows-netsh-ipv6-show-neighbors-FR.txt": {format: "netsh-neighbors", neighbors: neighborsOf13},
	"windows-netsh-ipv6-show-neighbors-en.txt": {
		format: "netsh-neighbors",
		neighbors: []string{
			"14 2405:4802:1f90:fda0:ffff:ffff:ffff:ff88 ", "14 fe80::1 60:57:47:21:dd:00",
			"14 fe80::6257:47ff:fe21:dd00 60:57:47:21:dd:00", "14 ff02::1 33:33:00:00:00:01",
			"14 ff02::2 33:33:00:00:00:02", "14 ff02::c 33:33:00:00:00:0c",
		},
	},
	"windows-netsh-ipv6-show-neighbors-en2.txt": {
		format: "netsh-neighbors",
		neighbors: []string{
			"- fe80::f841:cd78:7c8a:e20d ", "- ff02::1 33:33:00:00:00:01", "- ff02::2 33:33:00:00:00:02",
			"- ff02::16 33:33:00:00:00:16", "- ff02::fb 33:33:00:00:00:fb", "- ff02::1:2 33:33:00:01:00:02",
			"- ff02::1:3 33:33:00:01:00:03", "- ff02::1:ff01:228 33:33:ff:01:02:28",
			"- ff02::1:ff0e:19d5 33:33:ff:0e:19:d5", "- ff02::1:ff14:322c 33:33:ff:14:32:2c",
			"- ff02::1:ff7e:ff50 33:33:ff:7e:ff:50", "- ff02::1:ff8a:e20d 33:33:ff:8a:e2:0d",
			"- ff02::1:ffb1:992d 33:33:ff:b1:99:2d", "- ff05::c 33:33:00:00:00:0c",
		},
	},
	"windows-netsh-show-destinationcache-zh.txt": {
		format: "netsh-destinationcache",
		destinations: []string{
			"16 10.0.32.2 192.168.35.1", "16 20.42.65.91 192.168.35.1", "16 39.91.134.53 192.168.35.1",
		},
	},
	"windows-netstat-an.txt": {
		format: "netstat", tcp: -1, udp: -1, notUnderstood: 1, // fe80::asda
		connections: []infer.Connection{
			connection("127.0.0.1:1031", "127.0.0.1:1032", "ESTABLISHED", 0),
			connection("[::1]:1025", "", "LISTENING", 0),
			connection("[::1]:52290", "", "", 0),
		},
	},
	"windows-netstat-aon.txt": {
		format: "netstat", tcp: -1, udp: -1,
		connections: []infer.Connection{
			connection("127.0.0.1:1031", "127.0.0.1:1032", "ESTABLISHED", 10644),
			connection("[::1]:8307", "", "LISTENING", 9396),
			connection("[fe80::244e:2f1e:2096:62b2]:1900", "", "", 8844),
			connection("[fe80::f5d1:8bf7:c410:e325]:52284", "", "", 8844),
		},
	},
	"windows-netstat.txt": { // the remote ends are host names, all of them
		format: "netstat", interfaces: []string{"- 127.0.0.1"}, notUnderstood: 32,
	},
}

var neighborsOf13 = []string{
	"13 fe80::92:656c:3602:a02f b8:7b:d4:ef:62:02", "13 fe80::3e64:cfff:fee0:261c 3c:64:cf:e0:26:1c",
	"13 fe80::6283:e7ff:fe88:a0b1 60:83:e7:88:a0:b1", "13 ff02::1 33:33:00:00:00:01",
}

// readSamples returns the shared samples of tables in a folder by name.
func readSamples(t *testing.T, name string) map[string]string {
	t.Helper()
	folder := os.Getenv("MENDCAP_SAMPLES")
	if folder == "" {
		t.Skip("MENDCAP_SAMPLES is not set: the shared samples of tables are not tested")
	}
	paths, err := filepath.Glob(filepath.Join(folder, name, "*.txt"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("got samples %q, %v, want some", paths, err)
	}
	texts := map[string]string{}
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		texts[filepath.Base(path)] = string(content)
	}
	return texts
}

func TestSamples(t *testing.T) {
	samples := maps.Clone(samples)
	maps.Copy(samples, unixSamples)
	maps.Copy(samples, moreSamples)
	testSamples(t, readSamples(t, "tables"), samples)
}

// Outputs that were once misread.
func TestFaultySamples(t *testing.T) {
	texts := readSamples(t, "faults")
	testSamples(t, texts, faultySamples(texts))
}

func testSamples(t *testing.T, texts map[string]string, samples map[string]sample) {
	t.Helper()
	for name := range samples {
		if _, ok := texts[name]; !ok {
			t.Errorf("sample %s is missing", name)
		}
	}
	for name, text := range texts {
		t.Run(name, func(t *testing.T) {
			snapshot, result := Parse(name, []byte(text))
			checkAddresses(t, snapshot, []byte(text))
			if result.Problem != "" {
				t.Errorf("got problem %q, want none", result.Problem)
			}
			w, known := samples[name]
			if !known {
				t.Fatal("nobody has read this sample and said what it must give")
			}
			if result.Format != w.format || result.NotUnderstood != w.notUnderstood || result.Cut != w.cut {
				t.Errorf("got format %s, %d cut, %d lines not understood %+v, want %s, %d, %d",
					result.Format, result.Cut, result.NotUnderstood, result.Lines, w.format, w.cut, w.notUnderstood)
			}
			checkSample(t, snapshot, w, text)
		})
	}
}

// netstatRow finds a row's two endpoints by another way than the parser's.
var netstatRow = regexp.MustCompile(`(?m)^ +(TCP|UDP) +(?:0\.0\.0\.0|\[::\])?([^ ]*?[0-9]) +([^ ]+)( .*)?$`)

func checkSample(t *testing.T, got *infer.Snapshot, w sample, text string) {
	t.Helper()
	if w.tcp < 0 { // count the distinct rows, "any" being one for both families
		rows := map[string]map[string]bool{"TCP": {}, "UDP": {}}
		for _, m := range netstatRow.FindAllStringSubmatch(text, -1) {
			if !strings.Contains(m[2], "asda") {
				rows[m[1]][strings.Join(strings.Fields(strings.ReplaceAll(m[2]+" "+m[3]+m[4], "[::]:0", "0.0.0.0:0")), " ")] = true
			}
		}
		w.tcp, w.udp = len(rows["TCP"]), len(rows["UDP"])
	}
	if w.tcpRows != nil || w.udpRows != nil {
		checkSet(t, "TCP rows", rowsText(got.TCPConnections), w.tcpRows)
		checkSet(t, "UDP rows", rowsText(got.UDPEndpoints), w.udpRows)
	} else if len(got.TCPConnections) != w.tcp || len(got.UDPEndpoints) != w.udp {
		t.Errorf("got %d TCP and %d UDP rows, want %d and %d", len(got.TCPConnections), len(got.UDPEndpoints), w.tcp, w.udp)
	}
	all := append(append([]infer.Connection{}, got.TCPConnections...), got.UDPEndpoints...)
	for _, row := range w.connections {
		found := false
		for _, candidate := range all {
			found = found || candidate == row
		}
		if !found {
			t.Errorf("connection %+v is missing", row)
		}
	}
	checkSets(t, got, w)
}

// rowsText writes rows as samples list them.
func rowsText(rows []infer.Connection) (texts []string) {
	text := func(e infer.Endpoint) string {
		switch {
		case e.Address.IsValid():
			return netip.AddrPortFrom(e.Address, e.Port).String()
		case e.Port != 0:
			return "*:" + decimal(uint32(e.Port))
		}
		return "-"
	}
	for _, row := range rows {
		texts = append(texts, text(row.Local)+" "+text(row.Remote))
	}
	return texts
}

// where says which interface, as samples do.
func where(index uint32, name string) string {
	switch {
	case index != 0:
		return decimal(index)
	case name != "":
		return name
	}
	return "-"
}

func orNone(address netip.Addr) string {
	if !address.IsValid() {
		return "-"
	}
	return address.String()
}

func checkSets(t *testing.T, got *infer.Snapshot, w sample) {
	t.Helper()
	var interfaces, groups, destinations, neighbors, routes, hints []string
	hops := map[string]bool{}
	for _, row := range got.Interfaces {
		for _, address := range row.Addresses {
			interfaces = append(interfaces, where(row.Index, row.Name)+" "+address.String())
		}
		for _, address := range row.Groups {
			groups = append(groups, where(row.Index, row.Name)+" "+address.String())
		}
	}
	for _, row := range got.DestinationCache {
		destinations = append(destinations, where(row.Interface, row.Device)+" "+row.Destination.String()+" "+orNone(row.NextHop))
	}
	for _, row := range got.Neighbors {
		neighbors = append(neighbors, where(row.Interface, row.Device)+" "+row.Address.String()+" "+row.LinkLayer)
	}
	for _, row := range got.Routes {
		routes = append(routes, where(row.Interface, row.Device)+" "+row.Prefix.String()+" "+orNone(row.NextHop))
		if row.NextHop.IsValid() {
			hops[row.NextHop.String()] = true
		}
	}
	for _, row := range got.Hints {
		text := row.Prefix.String() + " " + decimal(uint32(row.Port))
		if row.Local {
			text += " own"
		}
		hints = append(hints, text)
	}
	checkSet(t, "interface addresses", interfaces, w.interfaces)
	checkSet(t, "groups", groups, w.groups)
	checkSet(t, "destinations", destinations, w.destinations)
	checkSet(t, "neighbors", neighbors, w.neighbors)
	checkSet(t, "hosts", texts(got.Hosts), w.hosts)
	checkSet(t, "the resolver's cache", texts(got.DNSCache), w.cached)
	checkSet(t, "hints", hints, w.hints)
	if w.routeCount == 0 {
		checkSet(t, "routes", routes, w.routes)
		return
	}
	checkSet(t, "next hops", slices.Collect(maps.Keys(hops)), w.hops)
	if len(routes) != w.routeCount {
		t.Errorf("got %d routes, want %d", len(routes), w.routeCount)
	}
}

func texts(addresses []netip.Addr) (texts []string) {
	for _, address := range addresses {
		texts = append(texts, address.String())
	}
	return texts
}

func checkSet(t *testing.T, what string, got, want []string) {
	t.Helper()
	left := map[string]int{}
	for _, s := range want {
		left[s]++
	}
	for _, s := range got {
		left[s]--
	}
	for s, n := range left {
		if n > 0 {
			t.Errorf("%s: %q is missing", what, s)
		} else if n < 0 {
			t.Errorf("%s: got %q, which is not wanted", what, s)
		}
	}
}
