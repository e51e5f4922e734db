package lab

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"github.com/mendcap/mendcap/infer"
)

// TableFormat is one of the native formats that WriteTables knows.
type TableFormat string

// The formats. Netsh stands for its three files.
const (
	Own              TableFormat = "mendcap"
	Netstat          TableFormat = "netstat"
	Netsh            TableFormat = "netsh"
	NetTCPConnection TableFormat = "nettcpconnection"
)

// TableFormats lists all formats.
func TableFormats() []TableFormat { return []TableFormat{Own, Netstat, Netsh, NetTCPConnection} }

// WriteTables writes the snapshot to a folder, which it makes, in the given
// formats.
func WriteTables(dir string, s infer.Snapshot, formats ...TableFormat) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, format := range formats {
		files, err := format.render(s)
		if err != nil {
			return err
		}
		for name, content := range files {
			if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}

func (f TableFormat) render(s infer.Snapshot) (map[string][]byte, error) {
	switch f {
	case Own:
		text, err := json.MarshalIndent(s, "", "  ")
		return map[string][]byte{"mendcap.json": append(text, '\n')}, err
	case Netstat:
		return map[string][]byte{"netstat-ano.txt": netstat(s)}, nil
	case Netsh:
		return map[string][]byte{
			"netsh-destinationcache.txt": destinationCache(s),
			"netsh-neighbors.txt":        neighbors(s),
			"netsh-addresses.txt":        ownAddresses(s),
		}, nil
	case NetTCPConnection:
		text, err := netTCPConnection(s)
		return map[string][]byte{"nettcpconnection.json": text}, err
	}
	return nil, fmt.Errorf("unknown table format %q", f)
}

// crlf ends lines as the commands of Windows do.
func crlf(b *bytes.Buffer) []byte { return bytes.ReplaceAll(b.Bytes(), []byte("\n"), []byte("\r\n")) }

// windowsAddress writes an address with the interface index as its zone where
// Windows does: after link-local ones.
func windowsAddress(a netip.Addr) string {
	if a.Is6() && a.IsLinkLocalUnicast() {
		return fmt.Sprintf("%s%%%d", a, snifferInterface)
	}
	return a.String()
}

func windowsEndpoint(e infer.Endpoint) string {
	if e.Address.Is6() {
		return fmt.Sprintf("[%s]:%d", windowsAddress(e.Address), e.Port)
	}
	return fmt.Sprintf("%s:%d", e.Address, e.Port)
}

// netstat renders `netstat -ano`.
func netstat(s infer.Snapshot) []byte {
	var b bytes.Buffer
	b.WriteString("\nActive Connections\n\n")
	b.WriteString("  Proto  Local Address          Foreign Address        State           PID\n")
	for _, c := range s.TCPConnections {
		fmt.Fprintf(&b, "  TCP    %-22s %-22s %-15s %d\n", windowsEndpoint(c.Local), windowsEndpoint(c.Remote),
			strings.ToUpper(c.State), c.PID)
	}
	for _, c := range s.UDPEndpoints {
		fmt.Fprintf(&b, "  UDP    %-22s %-22s %-15s %d\n", windowsEndpoint(c.Local), "*:*", "", c.PID)
	}
	return crlf(&b)
}

// heading begins netsh's section for the host's interface.
func heading(b *bytes.Buffer, s infer.Snapshot) {
	for _, i := range s.Interfaces {
		fmt.Fprintf(b, "Interface %d: %s\n\n", i.Index, i.Name)
	}
}

// destinationCache renders `netsh interface ipv6 show destinationcache`.
func destinationCache(s infer.Snapshot) []byte {
	var b bytes.Buffer
	heading(&b, s)
	b.WriteString("\nPMTU Destination Address                           Next Hop Address\n")
	b.WriteString("---- --------------------------------------------- -------------------------\n")
	for _, d := range s.DestinationCache {
		if d.Destination.Is6() {
			fmt.Fprintf(&b, "1500 %-45s %s\n", windowsAddress(d.Destination), windowsAddress(d.NextHop))
		}
	}
	return crlf(&b)
}

// neighbors renders `netsh interface ipv6 show neighbors`.
func neighbors(s infer.Snapshot) []byte {
	var b bytes.Buffer
	heading(&b, s)
	b.WriteString("\nInternet Address                              Physical Address   Type\n")
	b.WriteString("--------------------------------------------  -----------------  -----------\n")
	for _, n := range s.Neighbors {
		if n.Address.Is6() {
			fmt.Fprintf(&b, "%-44s  %-17s  %s\n", n.Address, n.LinkLayer, n.State)
		}
	}
	return crlf(&b)
}

// ownAddresses renders `netsh interface ipv6 show addresses`.
func ownAddresses(s infer.Snapshot) []byte {
	var b bytes.Buffer
	for _, i := range s.Interfaces {
		fmt.Fprintf(&b, "Interface %d: %s\n\n", i.Index, i.Name)
		b.WriteString("Addr Type  DAD State   Valid Life Pref. Life Address\n")
		b.WriteString("---------  ----------- ---------- ---------- ------------------------\n")
		for _, a := range i.Addresses {
			if a.Is6() {
				fmt.Fprintf(&b, "Public     Preferred     infinite   infinite %s\n", windowsAddress(a))
			}
		}
	}
	return crlf(&b)
}

// netTCPConnection renders `Get-NetTCPConnection | ConvertTo-Json`.
func netTCPConnection(s infer.Snapshot) ([]byte, error) {
	type row struct {
		LocalAddress  string
		LocalPort     uint16
		RemoteAddress string
		RemotePort    uint16
		State         int // 5 = Established
		OwningProcess uint32
	}
	rows := []row{}
	for _, c := range s.TCPConnections {
		rows = append(rows, row{windowsAddress(c.Local.Address), c.Local.Port,
			windowsAddress(c.Remote.Address), c.Remote.Port, 5, c.PID})
	}
	text, err := json.MarshalIndent(rows, "", "    ")
	return append(text, '\n'), err
}
