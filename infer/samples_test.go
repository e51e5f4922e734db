package infer

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/mendcap/mendcap/internal/packet"
)

// readEthernet returns the IPv6 packets without extension headers in a
// little-endian pcap file of Ethernet frames.
func readEthernet(t *testing.T, name string) (list []sent) {
	t.Helper()
	dir := os.Getenv("MENDCAP_SAMPLES")
	if dir == "" {
		t.Skipf("%s: MENDCAP_SAMPLES is not set", name)
	}
	file, err := os.ReadFile(filepath.Join(dir, "captures", "public", name))
	if err != nil {
		t.Skipf("%s: %v", name, err)
	}
	for rest := file[24:]; len(rest) >= 16; {
		size := int(binary.LittleEndian.Uint32(rest[8:]))
		if size > len(rest)-16 {
			break
		}
		frame := rest[16 : 16+size]
		rest = rest[16+size:]
		if len(frame) < 54 || binary.BigEndian.Uint16(frame[12:]) != 0x86DD {
			continue
		}
		ip := frame[14:]
		length := int(binary.BigEndian.Uint16(ip[4:]))
		if length == 0 || 40+length > len(ip) {
			continue
		}
		src, _ := netip.AddrFromSlice(ip[8:24])
		dst, _ := netip.AddrFromSlice(ip[24:40])
		s := sent{src, dst, ip[6], ip[40 : 40+length]}
		if s.next == 0 && s.data[0] == packet.ProtoICMPv6 { // MLD follows Router Alert
			s.next, s.data = s.data[0], s.data[8+int(s.data[1])*8:]
		}
		list = append(list, s)
	}
	return list
}

// hostOf returns the address that most packets have for an end.
func hostOf(list []sent) netip.Addr {
	ends := map[netip.Addr]int{}
	for _, s := range list {
		ends[s.src]++
		ends[s.dst]++
	}
	var best netip.Addr
	for a, n := range ends {
		if n > ends[best] || n == ends[best] && a.Less(best) {
			best = a
		}
	}
	return best
}

// tablesOf returns what complete tables of the host would say.
func tablesOf(list []sent) *Snapshot {
	host := hostOf(list)
	var to []netip.Addr
	for _, s := range list {
		if s.src == host && !s.dst.IsMulticast() {
			to = append(to, s.dst)
		}
	}
	slices.SortFunc(to, netip.Addr.Compare)
	return cacheOf([]netip.Addr{host}, slices.Compact(to)...)
}

// Real traffic, made header-less.
func TestRealTraffic(t *testing.T) {
	tests := []struct {
		file   string
		tables bool
		next   float64 // least share that is right
		dst    float64
	}{
		{"reddit.pcap", true, 1, 1},
		{"reddit.pcap", false, 1, 1},
		{"mdns.pcap", true, 1, 1},
		{"mdns.pcap", false, 1, 1},
	}
	for _, test := range tests {
		t.Run(fmt.Sprintf("%s/tables=%v", test.file, test.tables), func(t *testing.T) {
			list := readEthernet(t, test.file)
			var o Options
			if test.tables {
				o.Snapshot = tablesOf(list)
			}
			conclusion, answers := concluded(New(o), hideAll(list))
			all := count(list, answers)
			by := map[string]tally{}
			for i, s := range list {
				a := answers[i]
				for _, key := range []string{fmt.Sprintf("next header %d", s.next), fmt.Sprintf("evidence %q", a.Evidence)} {
					c := by[key]
					c.add(s, a)
					by[key] = c
				}
				if a.Destination != s.dst {
					t.Logf("open: %v > %v, next header %d, % x: %+v", s.src, s.dst, s.next, s.data[:min(24, len(s.data))], a)
				}
			}
			t.Logf("%v; %d addresses tried, local %v", all, conclusion.Candidates(), conclusion.Local())
			for _, key := range sortedKeys(by) {
				t.Logf("  %s: %v", key, by[key])
			}
			if all.nextWrong != 0 || all.dstWrong != 0 {
				t.Errorf("got %v, want none wrong", all)
			}
			n := float64(all.packets)
			if float64(all.next) < test.next*n || float64(all.dst) < test.dst*n {
				t.Errorf("got %v, want at least %.3f and %.3f of them right", all, test.next, test.dst)
			}
		})
	}
}

func sortedKeys(m map[string]tally) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
