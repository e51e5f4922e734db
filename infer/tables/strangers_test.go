package tables

import (
	"strings"
	"testing"
)

// What looks like rows of a table and is none: nothing of it may become an
// address of the host, or any.
var strangers = map[string]string{
	"ping":       "PING www.example.com (2001:db8::80) 56 data bytes\n64 bytes from 2001:db8::80: icmp_seq=1 ttl=57 time=9.1 ms\n",
	"traceroute": "traceroute to www.example.com (2001:db8::80), 30 hops max\n 1  gw (2001:db8::1)  0.5 ms  0.4 ms  0.4 ms\n",
	"iperf":      "[  5] local 2001:db8::10 port 50000 connected to 2001:db8::80 port 5201\n",
	"log":        "Jan 01 10:00:00 host sshd[1]: Accepted publickey for u from 2001:db8::80 port 50000 ssh2\n",
	"web log":    "2001:db8::80 - - [01/Jan/2026:10:00:00 +0000] \"GET / HTTP/1.1\" 200 512\n",
	"bgp":        "2001:db8::1  4 65000  100  200  0  0  0 01:00:00  12\n2001:db8::2 65000 Up 3 eth0\n",
	"hosts":      "::1 localhost ip6-localhost\n2001:db8::80 www.example.com\n",
	"resolv":     "nameserver 2001:db8::53\nsearch example.com\n",
	"leases": "\nIPAddress       ScopeId         ClientId             HostName AddressState LeaseExpiryTime\n" +
		"---------       -------         --------             -------- ------------ ---------------\n" +
		"2001:db8::99    2001:db8::      00-00-5e-00-53-99    tv       Active       01.01.2026 10:00:00\n",
	"resolve": "\nName                Type   TTL   Section    IPAddress\n----                ----   ---   -------    ---------\n" +
		"www.example.com     AAAA   60    Answer     2001:db8::80\n",
	"test": "\nComputerName     : www.example.com\nRemoteAddress    : 2001:db8::80\nRemotePort       : 443\nSourceAddress    : 2001:db8::10\n",
	"csv":  "Name,IPAddress,State\nwww,2001:db8::80,up\n",
	"part of ipconfig": "   IPv6 Address. . . . . . . . . . . : 2001:db8::10\n   IPv4 Address. . . . . . . . . . . : 192.0.2.10\n" +
		"   Default Gateway . . . . . . . . . : 192.0.2.1\n",
	"leaders":             "Server list\n  Primary server . . . . : 2001:db8::1\n  Secondary server . . . : 2001:db8::2\n  Port . . . : 53\n",
	"titled leaders":      "DHCP lease:\n   Server . . . . . : 2001:db8::1\n   Address. . . . . : 192.0.2.80\n   Domain . . . . . : example.net\n",
	"leaders with states": "  Proxy . . . . . : 2001:db8::80(up)\n  Registrar . . . : 192.0.2.80(down)\n",
	"part of displaydns":  "    Longitud de datos . . : 16\n    Sección . . . . . . . : respuesta\n    Registro AAAA . . . . : 2001:db8::80\n",
	"names that look like addresses": "    192.0.2.80\n    ----------------------------------------\n    Record Name . . . . . : 192.0.2.80\n" +
		"    Record Type . . . . . : 16\n    Time To Live  . . . . : 3\n    Data Length . . . . . : 4\n    Section . . . . . . . : Answer\n" +
		"    TXT Record  . . . . . : 192.0.2.81\n",
	"report":           "Report for 192.0.2.80\n---------------------------\nState : up\nSince : yesterday\n",
	"netstat of names": "  TCP    pc:49152   server:https   ESTABLISHED\n  TCP    note:1   2001:db8::80   x\n",
	"cut line": "tcp6       0      0 host.example:48122      2001:db8:8::ab\n" +
		"tcp   ESTAB 0 0 host.example:48122 2001:db8:8::ab\n",
	"cut host name": "tcp        0      0 host.example:ssh        100.100.100.100:bgp-abc ESTABLISHED\n",
	"json":          `[{"address":"2001:db8::80","state":"up"},{"ip":"2001:db8::81"}]`,
	"cut":           "udp   ESTAB  0      0      [2001:db8:1::10]:57774 [2001:db8:1::2\n2001:db8:1:2:aaaa:bbbb:cccc:20 dev v0 lladdr 2a:0e:43\ndefault via 2001:db8:1::2\n",
}

func TestStrangersGiveNothing(t *testing.T) {
	for name, text := range strangers {
		for _, ending := range []string{"\n", "\r\n"} {
			snapshot, result := Parse(name, []byte(strings.ReplaceAll(text, "\n", ending)))
			if n := countAddresses(snapshot, snapshotTables...); n != 0 || rowsOf(snapshot) != 0 {
				t.Errorf("%s: got %d addresses, format %s: %s", name, n, result.Format, toJSON(t, snapshot))
			}
			if result.NotUnderstood == 0 {
				t.Errorf("%s: got no line refused", name)
			}
		}
	}
}
