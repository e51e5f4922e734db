package tables

// What the samples of Linux, macOS and BSD must give, read from them by hand;
// the long lists of endpoints by a few lines of another language.
var unixSamples = map[string]sample{
	"linux-arp-an.txt": {format: "arp-unix", neighbors: []string{"v0 192.0.2.2 76:0c:9c:80:0e:82"}},
	"linux-ifconfig.txt": {
		format:     "ifconfig",
		interfaces: []string{"ens33 192.168.71.131", "ens33 fe80::20c:29ff:fe99:4517", "lo 127.0.0.1", "lo ::1"},
	},
	"linux-ip-6-neigh.txt":            {format: "ip-neigh", neighbors: []string{"v0 2001:db8:1::2 76:0c:9c:80:0e:82"}},
	"linux-ip-6-route-show-cache.txt": {format: unknownFormat, notUnderstood: 1}, // empty, but for its source
	"linux-ip-6-route.txt": {format: "ip-route", routes: []string{
		"v0 2001:db8:1::/64 -", "v0 2001:db8:2::/64 2001:db8:1::2", "v0 fe80::/64 -", "v0 ::/0 2001:db8:1::2",
	}},
	"linux-ip-addr.txt": {format: "ip-addr", interfaces: addressesOfV0},
	"linux-ip-j-6-route.txt": {format: "ip-route (json)", routes: []string{
		"v0 2001:db8:1::/64 -", "v0 2001:db8:2::/64 2001:db8:1::2", "v0 fe80::/64 -", "v0 ::/0 2001:db8:1::2",
	}},
	"linux-ip-j-addr.txt": {format: "ip-addr (json)", interfaces: addressesOfV0},
	"linux-ip-j-neigh.txt": {format: "ip-neigh (json)", neighbors: []string{
		"v0 192.0.2.2 76:0c:9c:80:0e:82", "v0 2001:db8:1::2 76:0c:9c:80:0e:82",
	}},
	"linux-ip-j-route-get.txt": {
		format: "ip-route (json)", interfaces: []string{"v0 2001:db8:1::1"}, notUnderstood: 1, // its source names the address
		destinations: []string{"v0 2001:db8:2::5 2001:db8:1::2"},
	},
	"linux-ip-maddr.txt": {format: "ip-maddr", groups: []string{
		"1 ff02::1", "1 ff01::1", "3 ff02::1:ff57:afc3", "3 ff02::1:ff00:1", "3 ff02::1", "3 ff01::1",
	}},
	"linux-ip-neigh.txt": {format: "ip-neigh", neighbors: []string{
		"v0 192.0.2.2 76:0c:9c:80:0e:82", "v0 2001:db8:1::2 76:0c:9c:80:0e:82",
	}},
	"linux-ip-route-get.txt": {
		format: "ip-route", interfaces: []string{"v0 2001:db8:1::1", "v0 192.0.2.1"}, notUnderstood: 1, // its source
		destinations: []string{"v0 2001:db8:2::5 2001:db8:1::2", "v0 192.0.2.2 -"},
	},
	"linux-netstat-lnp.txt": {
		format:  "netstat-unix", // that ssh listens on both families is one row here
		tcpRows: []string{"127.0.0.1:42351 -", "127.0.0.53:53 -", "*:22 -"}, udpRows: []string{"127.0.0.53:53 -", "192.168.71.131:68 -"},
	},
	"linux-netstat-tunap.txt": {
		format: "netstat-unix", tcpRows: []string{"[2001:db8:1::1]:52582 [2001:db8:1::2]:8080"},
		udpRows: []string{"192.0.2.1:38789 192.0.2.2:53", "*:54029 -", "[2001:db8:1::1]:58674 [2001:db8:1::2]:5353"},
		hints:   []string{"fe80::/16 0 own"}, cut: 1, notUnderstood: 1, // fe80::e4a7:3fff:fe57:afc3 in truth
	},
	"linux-proc-net-arp.txt": {format: "proc-arp", neighbors: []string{
		"ens33 192.168.71.254 00:50:56:f3:2f:ae", "ens33 192.168.71.2 00:50:56:f7:4a:fc", "ens33 192.168.71.1 a6:83:e7:d2:a9:65",
	}},
	"linux-proc-net-if_inet6-gen.txt": {
		format: "if_inet6", interfaces: []string{"3 2001:db8:1::1", "3 fe80::e4a7:3fff:fe57:afc3", "1 ::1"},
	},
	"linux-proc-net-if_inet6.txt": {format: "if_inet6", interfaces: []string{"2 fe80::20c:29ff:fea4:e315", "1 ::1"}},
	"linux-proc-net-ipv6_route.txt": {
		format: "ipv6_route", interfaces: []string{"- ::1", "- fe80::20c:29ff:fea4:e315"},
		routes: []string{"lo ::1/128 -", "ens33 fe80::/64 -", "ens33 ff00::/8 -"},
	},
	"linux-proc-net-tcp.txt": {
		format: "proc-net", tcpRows: []string{
			"127.0.0.53:53 -",
			"127.0.0.1:35303 -",
			"127.0.0.1:631 -",
			"192.168.42.128:54352 152.199.4.33:443",
			"*:22 -",
			"10.0.0.28:42082 64.12.0.108:80",
			"10.0.0.28:38864 104.244.42.65:80",
			"10.0.0.28:45186 142.250.189.228:80",
			"10.0.0.28:43096 104.68.100.166:80",
			"10.0.0.28:48390 157.240.22.35:80",
			"10.0.0.28:38258 54.151.118.105:80",
			"10.0.0.28:42288 104.108.67.218:80",
			"10.0.0.28:36316 151.101.66.159:80",
			"10.0.0.28:51166 104.68.102.169:80",
			"10.0.0.28:57122 104.244.42.65:80",
			"10.0.0.28:22 10.0.0.146:56779",
			"10.0.0.28:57336 98.137.11.164:80",
			"10.0.0.28:42430 104.68.100.166:80",
			"10.0.0.28:55856 151.101.66.159:80",
			"10.0.0.28:40802 23.62.46.25:80",
			"10.0.0.28:55888 142.250.189.228:80",
			"10.0.0.28:50018 157.240.22.35:80",
			"10.0.0.28:42804 74.6.231.21:80",
			"10.0.0.28:59920 104.68.102.169:80",
			"10.0.0.28:55238 54.177.212.176:80",
			"10.0.0.28:56594 104.108.67.218:80",
			"10.0.0.28:54548 152.199.0.128:80",
		},
	},
	"linux-proc-net-tcp6-gen.txt": {format: "proc-net", tcpRows: []string{"[2001:db8:1::1]:52582 [2001:db8:1::2]:8080"}},
	"linux-proc-net-tcp6.txt": {
		format: "proc-net", tcpRows: []string{
			"*:22 -",
			"[2601:646:9e01:f100::3a4c]:59136 [2a03:2880:f131:83:face:b00c:0:25de]:80",
			"[2601:646:9e01:f100::3a4c]:59878 [2001:4998:44:3507::8000]:80",
			"[2601:646:9e01:f100::3a4c]:38370 [2600:1406:3a00:18f::c3a]:80",
			"[2601:646:9e01:f100::3a4c]:45028 [2001:559:19:6091::720]:80",
			"[2601:646:9e01:f100::3a4c]:40216 [2607:f8b0:4005:801::2004]:80",
			"[2601:646:9e01:f100::3a4c]:60938 [2001:559:19:608f::b33]:80",
			"[2601:646:9e01:f100::3a4c]:32936 [2001:559:19:c000::17c5:3313]:80",
		},
	},
	"linux-route-6-n.txt": {
		format: "route-unix", interfaces: []string{
			"- ::1", "- 2600:1700:bab0:d40::16", "- 2600:1700:bab0:d40:884b:cf32:dbd6:f640", "- fe80::c1cb:715d:bc3e:b8a0",
		},
		routes: []string{
			"ens33 2600:1700:bab0:d40::16/128 -", "ens33 2600:1700:bab0:d40::/64 -",
			"ens33 2600:1700:bab0:d40::/60 fe80::feae:34ff:fea1:3a80", "ens33 fe80::/64 -",
			"ens33 ::/0 fe80::feae:34ff:fea1:3a80", "ens33 ff00::/8 -",
		},
		hosts: []string{"2600:1700:bab0:d40::16"}, // its own, but only one of its two rows says so
	},
	"linux-ss-6-tuan.txt": {
		format: "ss", tcpRows: []string{"[2001:db8:1::1]:52582 [2001:db8:1::2]:8080"},
		udpRows: []string{"*:54029 -", "[fe80::e4a7:3fff:fe57:afc3]:5000 -", "[2001:db8:1::1]:58674 [2001:db8:1::2]:5353"},
	},
	"linux-ss-tanp.txt": {format: "ss", tcpRows: []string{"[2001:db8:1::1]:52582 [2001:db8:1::2]:8080"}},
	"linux-ss-tulpen.txt": {
		format: "ss", tcpRows: []string{
			"*:9187 -",
			"*:389 -",
			"*:6566 -",
			"*:2023 -",
			"*:5000 -",
			"*:2024 -",
			"*:9000 -",
			"*:3689 -",
			"*:27017 -",
			"*:2377 -",
			"*:7946 -",
			"*:3306 -",
			"*:6443 -",
			"*:6379 -",
			"*:9100 -",
			"*:9133 -",
			"*:2222 -",
			"*:2223 -",
			"127.0.0.1:40783 -",
			"*:111 -",
			"*:80 -",
			"*:9104 -",
			"*:8081 -",
			"*:8082 -",
			"*:2003 -",
			"127.0.0.1:5939 -",
			"*:2004 -",
			"*:8084 -",
			"*:8085 -",
			"192.168.122.1:53 -",
			"127.0.0.53:53 -",
			"*:8086 -",
			"*:22 -",
			"*:8087 -",
			"127.0.0.1:631 -",
			"*:9111 -",
			"*:3000 -",
			"*:5432 -",
			"*:3033 -",
			"*:8089 -",
			"127.0.0.1:25 -",
			"*:3003 -",
			"*:8091 -",
			"*:443 -",
			"*:1883 -",
			"*:9115 -",
			"*:636 -",
			"*:8092 -",
			"*:9116 -",
			"127.0.0.1:2812 -",
			"*:446 -",
			"*:8126 -",
			"127.0.0.1:49152 -",
			"127.0.0.1:46624 -",
			"*:8000 -",
			"*:5665 -",
			"192.168.178.5:10050 -",
			"*:9090 -",
		},
		udpRows: []string{
			"*:111 -",
			"*:161 -",
			"*:35059 -",
			"*:39996 -",
			"*:4789 -",
			"*:5353 -",
			"*:631 -",
			"*:67 -",
			"*:68 -",
			"*:7946 -",
			"*:8125 -",
			"*:871 -",
			"127.0.0.53:53 -",
			"192.168.122.1:53 -",
			"*:68 -", // a second one, of another process
		},
	},
	"macos-arp-a.txt": {format: "arp-unix", neighbors: []string{
		"en0 192.168.1.63 e0:33:8e:67:38:d6", "en0 192.168.1.74 f0:18:98:05:d8:39", "en0 192.168.1.77 4c:56:9d:5f:b8:4c",
		"en0 192.168.1.80 c8:d0:83:cd:f3:2d", "en0 192.168.1.99 d0:03:4b:3b:27:d5", "en0 192.168.1.187 50:32:37:d7:f4:9b",
		"en0 192.168.1.217 3c:37:86:14:ad:f7", "en0 192.168.1.222 a4:83:e7:2d:63:8f", "en0 192.168.1.251 3c:37:86:15:df:b3",
		"en0 192.168.1.250 fc:ae:34:a1:3a:80", "en0 224.0.0.251 01:00:5e:00:00:fb", "en0 239.255.255.250 01:00:5e:7f:ff:fa",
	}},
	"macos-ndp-an.txt": {format: "ndp", neighbors: []string{
		"en0 2405:4802:1f90:fda0:1459:ec89:523d:3583 00:00:00:00:00:01", "en0 2405:4802:1f90:fda0:186b:c54a:1370:c196 ",
		"en0 2405:4802:1f90:fda0:88de:14ef:6a8c:579a 00:00:00:00:00:02", "lo0 fe80::1 ",
	}},
	"macos-netstat-rnl.txt": {
		format: "route-unix", interfaces: []string{
			"- 127.0.0.1", "- 192.168.1.221", "- ::1", "- 2600:1700:bab0:d40::39", "- 2600:1700:bab0:d40:1874:4566:6499:f3d1",
			"- 2600:1700:bab0:d40:5894:f4c5:a982:26be", "- 2600:1700:bab0:d40:c9de:af8a:762c:422c",
			"- 2600:1700:bab0:d40:edd2:2cbf:f03a:d14f", "- 2600:1700:bab0:d40:f078:690e:f0ba:dfb", "- fe80::1",
			"- fe80::aede:48ff:fe00:1122", "- fe80::cf9:ca6f:7d7a:50a2", "- fe80::b41f:b7ff:fe57:a54f",
			"- fe80::30fe:52f1:103c:c66c", "- fe80::aaf6:1785:571a:57a9", "- fe80::ce02:efdc:708:5411",
			"- fe80::1188:a032:c478:4b13",
		},
		neighbors: []string{
			"en0 192.168.1.64 e0:33:8e:68:38:d6", "en0 192.168.1.72 f0:18:98:03:d8:39", "en0 192.168.1.75 4c:56:9d:5f:b7:4c",
			"en0 192.168.1.80 00:90:a9:ed:e4:35", "en0 192.168.1.88 c8:d0:83:cd:e3:2d", "en0 192.168.1.89 d0:03:4b:3b:28:d5",
			"en0 192.168.1.186 50:32:37:d7:f5:9b", "en0 192.168.1.216 3c:37:86:15:ad:f7", "en0 192.168.1.242 50:14:79:12:42:3e",
			"en0 192.168.1.251 14:60:cb:10:ec:17", "en0 192.168.1.253 3c:37:86:15:dd:b3", "en0 192.168.1.254 fc:ae:34:a1:3a:80",
			"vmnet8 192.168.71.160 ",
			"en0 224.0.0.251 01:00:5e:00:00:fb", "en0 239.255.255.250 01:00:5e:7f:ff:fa",
			"en0 2600:1700:bab0:d40::1 fc:ae:34:a1:3a:80", "en5 fe80::aede:48ff:fe33:4455 ac:de:48:33:44:55",
			"en0 fe80::df:eea7:d8e0:237a 14:60:cb:10:ec:17", "en0 fe80::472:ae33:7f74:8baf b4:18:d1:9d:bc:2d",
			"en0 fe80::c73:1ab9:79c2:c193 4c:56:9d:5f:b7:4c", "en0 fe80::ced:5f18:1d1e:2d6b 14:60:cb:10:ec:17",
			"en0 fe80::10f2:d51c:68e3:bfbb e0:33:8e:68:38:d6", "en0 fe80::1406:1bd5:a957:6df2 50:32:37:d7:f5:9b",
			"en0 fe80::1899:d8f6:dca5:207 50:32:37:d7:f5:9b", "en0 fe80::1c4d:12ea:5e57:24ad f0:18:98:03:d8:39",
			"en0 fe80::1cff:a835:c99b:22c1 d0:03:4b:3b:28:d5", "en0 fe80::4ad7:5ff:fef1:86e8 48:d7:05:f1:86:e8",
			"en0 fe80::9eb6:54ff:fe5a:5a7c 9c:b6:54:5a:5a:7c", "en0 fe80::feae:34ff:fea1:3a80 fc:ae:34:a1:3a:80",
		},
		hops: []string{"192.168.1.254", "fe80::feae:34ff:fea1:3a80"}, routeCount: 40,
	},
}

var addressesOfV0 = []string{"1 127.0.0.1", "1 ::1", "3 192.0.2.1", "3 2001:db8:1::1", "3 fe80::e4a7:3fff:fe57:afc3"}

// What the samples of PowerShell, arp and route must give.
var moreSamples = map[string]sample{
	"windows-arp-a-en.txt": {
		format: "arp", interfaces: []string{"54 172.16.30.7"}, neighbors: []string{"54 172.16.30.1 90:6c:ac:4b:60:56"},
	},
	"windows-arp-a-fr.txt": {
		format: "arp", interfaces: []string{"3 192.168.56.1"}, neighbors: []string{
			"3 192.168.56.255 ff:ff:ff:ff:ff:ff", "3 224.0.0.2 01:00:5e:00:00:02", "3 224.0.0.22 01:00:5e:00:00:16",
			"3 224.0.0.251 01:00:5e:00:00:fb",
		},
	},
	"windows-export-csv-cim.txt": {format: unknownFormat, notUnderstood: 4}, // of another cmdlet
	"windows-export-csv-nettcp.txt": {
		format: "Get-NetTCPConnection (csv)", tcpRows: []string{"10.0.4.40:49700 10.0.3.30:1433", "10.0.4.40:25 10.0.2.20:50000"},
	},
	"windows-get-dnsclientcache-table.txt": {format: "Get-DnsClientCache (table)", cached: []string{"127.0.0.1"}},
	"windows-get-netipaddress-zh.txt": {
		format:     "Get-NetIPAddress (list) + Get-NetIPAddress (table) + Get-NetRoute (table)",
		interfaces: []string{"3 fe80::8b80:8828:9ab3:41ff", "3 10.0.2.15", "1 ::1", "1 127.0.0.1"},
		routes:     []string{"3 255.255.255.255/32 -", "1 ::1/128 -"}, // no metric: an own address, or a peer's
	},
	"windows-get-nettcpconnection-list-ko.txt": {
		format: "Get-NetTCPConnection (list)", tcpRows: []string{"172.18.0.8:5847 192.168.20.11:15490"},
	},
	"windows-get-nettcpconnection-table-truncated.txt": {
		format: "Get-NetTCPConnection (table)", cut: 4, notUnderstood: 4,
		destinations: []string{
			"- 2606:4700:90:0:f22e:fbec:5bed:a9b9 -", "- 2606:4700:4400::ac40:9bd1 -", "- 2603:1026:100:1a::2 -",
		},
		hints: []string{
			"2a01:cb19:18c:c700:ec96:8a3e::/96 60108 own", "2a01:cb19:18c:c700:ec96:8a3e::/96 60107 own",
			"2a01:cb19:18c:c700:ec96:8a3e::/96 60090 own", "2a01:cb19:18c:c700:ec96:8a3e::/96 59759 own",
		},
	},
	"windows-get-netudpendpoint-table.txt": {format: "Get-NetUDPEndpoint (table)", udpRows: []string{"*:3390 -"}},
	"windows-netsh-ipv6-show-route.txt": {
		format: "netsh-route", interfaces: []string{"1 ::1"}, routes: []string{"10 fe80::/64 -", "26 fe80::/64 -"},
	},
	"windows-route-print-6.txt": {
		format: "route-print", interfaces: []string{"1 ::1", "26 fe80::75f8:76d4:930e:19d5"},
		routes: []string{"26 fe80::/64 -", "26 ff00::/8 -"},
	},
	"windows-route-print.txt": {
		format: "route-print", interfaces: []string{
			"- 127.0.0.1", "- 172.17.96.1", "- 172.26.240.1", "- 172.27.128.1", "- 192.168.24.1", "- 192.168.31.221",
			"- 192.168.216.1", "- 192.168.234.1", "- 192.168.255.1", "1 ::1", "9 fe80::244e:2f1e:2096:62b2",
			"11 fe80::d586:c72e:e178:1147", "14 fe80::d8df:ceee:28ba:aad", "21 fe80::36de:3306:84b0:6717",
			"22 fe80::af17:660e:b87c:eb22", "52 fe80::8bd5:17a8:5e7d:9a50", "57 fe80::a625:de92:858:a42a",
			"64 fe80::f5d1:8bf7:c410:e325",
		},
		hops: []string{"192.168.31.1", "157.55.80.1"}, routeCount: 48,
	},
}
