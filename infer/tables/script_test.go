package tables

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mendcap/mendcap/infer"
)

// writeScript writes a system's script for sh to a file.
func writeScript(t *testing.T, system string) (path string) {
	t.Helper()
	text, ok := Script(system)
	if !ok {
		t.Fatalf("no script for %s", system)
	}
	path = filepath.Join(t.TempDir(), "record.sh")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// record runs a script under sh for a capture, and loads what it has written.
func record(t *testing.T, system, capture string, env ...string) (*infer.Snapshot, []Result) {
	t.Helper()
	cmd := exec.Command("sh", writeScript(t, system), capture)
	cmd.Env = append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	stem := strings.TrimSuffix(strings.TrimSuffix(capture, ".gz"), ".pcapng")
	found, err := Find(capture, stem)
	if err != nil || len(found) == 0 {
		t.Fatalf("beside %s: got %q, %v, want some files", capture, found, err)
	}
	snapshot, results, err := Load(t.Context(), found...)
	if err != nil {
		t.Fatal(err)
	}
	return snapshot, results
}

func needShell(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("sh"); err != nil || runtime.GOOS == "windows" {
		t.Skip("there is no sh")
	}
}

// The script for Linux records this very host: all that the standard library
// knows of its addresses, and a connection that is open meanwhile.
func TestLinuxScript(t *testing.T) {
	needShell(t)
	if runtime.GOOS != "linux" {
		t.Skip("not on Linux")
	}
	local, remote := openConnection(t)
	capture := filepath.Join(t.TempDir(), "a capture.pcapng.gz")
	snapshot, results := record(t, "linux", capture)
	for _, r := range results {
		if r.Problem != "" || r.NotUnderstood != 0 || r.Cut != 0 || r.Format == unknownFormat {
			t.Errorf("%s: got format %s, problem %q, refused %v", filepath.Base(r.Name), r.Format, r.Problem, r.Lines)
		}
	}
	if !slices.ContainsFunc(snapshot.TCPConnections, func(c infer.Connection) bool {
		return c.Local.Address == local.Addr() && c.Local.Port == local.Port() &&
			c.Remote.Address == remote.Addr() && c.Remote.Port == remote.Port()
	}) {
		t.Errorf("the connection from %v to %v is missing", local, remote)
	}
	own := ownAddresses(snapshot)
	for _, address := range interfaceAddresses(t) {
		if !own[address] {
			t.Errorf("own address %v is missing", address)
		}
		delete(own, address)
	}
	for address := range own {
		if !address.IsLoopback() { // the whole of 127.0.0.0/8 is the host's
			t.Errorf("got own address %v, which the host does not have", address)
		}
	}
	if _, again := record(t, "linux", capture); len(again) <= len(results) {
		t.Errorf("got %d files after a second run, want more than %d", len(again), len(results))
	}
}

// openConnection connects to itself, and stays so until the test ends.
func openConnection(t *testing.T) (local, remote netip.AddrPort) {
	t.Helper()
	listener, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		if listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			t.Skip("no connection to the loopback interface")
		}
	}
	t.Cleanup(func() { _ = listener.Close() })
	connection, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close() })
	return netip.MustParseAddrPort(connection.LocalAddr().String()), netip.MustParseAddrPort(connection.RemoteAddr().String())
}

func ownAddresses(s *infer.Snapshot) map[netip.Addr]bool {
	own := map[netip.Addr]bool{}
	for _, row := range s.Interfaces {
		for _, address := range row.Addresses {
			own[address] = true
		}
	}
	return own
}

// interfaceAddresses asks the kernel. IPv4's are left out where no tool prints
// them.
func interfaceAddresses(t *testing.T) (all []netip.Addr) {
	t.Helper()
	_, noIP := exec.LookPath("ip")
	_, noIfconfig := exec.LookPath("ifconfig")
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addresses {
		prefix := netip.MustParsePrefix(a.String())
		if address := prefix.Addr().Unmap(); address.Is6() || noIP == nil || noIfconfig == nil {
			all = append(all, address)
		}
	}
	return all
}

// The folder is the one that repair looks into, whatever the capture's name.
func TestScriptFolders(t *testing.T) {
	needShell(t)
	tests := map[string]string{
		"a.pcapng": "a", "b.pcap.gz": "b", "c.pcap.pcapng": "c.pcap", "d": "d", "e.gz": "e", ".pcap": ".pcap", "-f.cap": "-f",
		"a b'c.pcap.zst": "a b'c", "g.etl": "g", "h.etl.xz": "h",
	}
	folder := t.TempDir()
	for _, system := range []string{"linux", "macos"} {
		script := writeScript(t, system)
		for capture, stem := range tests {
			cmd := exec.Command("sh", script, filepath.Join(folder, system, capture))
			out, err := cmd.CombinedOutput() // there need not be any tables
			if info, statErr := os.Stat(filepath.Join(folder, system, stem+".tables")); statErr != nil || !info.IsDir() {
				t.Errorf("%s, %s: got %v, %v: %s", system, capture, statErr, err, out)
			}
		}
		for _, args := range [][]string{
			{}, {""}, {"a", "b"}, {"--every", "5"}, {"--every", "0", "a"}, {"--every", "5s", "a"}, {"--every", "5", ""},
			{"--every", "5", "a", "b"}, {"--count", "2", "a"},
		} {
			cmd := exec.Command("sh", append([]string{script}, args...)...)
			cmd.Dir = t.TempDir()
			var exit *exec.ExitError
			if err := cmd.Run(); !errors.As(err, &exit) || exit.ExitCode() != 2 {
				t.Errorf("%s: got %v with arguments %q, want exit code 2", system, err, args)
			}
		}
	}
}

// With an interval a script records again and again: at the first moment all
// tables, then in one file those that change with every connection.
func TestScriptsPoll(t *testing.T) {
	needShell(t)
	local, remote := openConnection(t)
	for _, system := range []string{"linux", "macos"} {
		if runtime.GOOS != "linux" && system == "linux" {
			continue
		}
		folder := t.TempDir()
		cmd := exec.Command("sh", writeScript(t, system), "--every", "1", "--count", "2", filepath.Join(folder, "x.pcap"))
		if system == "macos" {
			cmd.Env = macOSCommands(t)
		}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", system, err, out)
		}
		polled, _ := filepath.Glob(filepath.Join(folder, "x.tables", "2*Z-moment.txt"))
		if len(polled) != 1 {
			t.Fatalf("%s: got %q, want one file of the second moment", system, polled)
		}
		_, results, err := Load(t.Context(), polled...)
		if err != nil || results[0].Rows == 0 || results[0].NotUnderstood != 0 && system == "linux" {
			t.Errorf("%s: got %v, %+v, want rows and none refused", system, err, results)
		}
		if system == "macos" {
			continue
		}
		snapshot, _, err := Load(t.Context(), filepath.Join(folder, "x.tables"))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(snapshot.TCPConnections, func(c infer.Connection) bool {
			return c.Local.Address == local.Addr() && c.Local.Port == local.Port() &&
				c.Remote.Address == remote.Addr() && c.FirstSeen.Before(c.LastSeen)
		}) {
			t.Errorf("the connection from %v to %v is missing at one of two moments", local, remote)
		}
	}
}

// A script that is stopped ends well, and leaves no file half written.
func TestScriptStopped(t *testing.T) {
	needShell(t)
	folder := t.TempDir()
	cmd := exec.Command("sh", writeScript(t, "linux"), "--every", "1", filepath.Join(folder, "x.pcap"))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		found, _ := filepath.Glob(filepath.Join(folder, "x.tables", "*"))
		if len(found) > 1 || time.Now().After(deadline) {
			break
		}
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("got %v, want success", err)
	}
	found, _ := filepath.Glob(filepath.Join(folder, "x.tables", "*"))
	if len(found) == 0 {
		t.Fatal("got no file")
	}
	for _, path := range found {
		if info, err := os.Stat(path); err != nil || info.Size() == 0 {
			t.Errorf("%s: got %v, want some bytes", path, err)
		}
	}
}

// Every script says that what it records is private.
func TestScriptsWarn(t *testing.T) {
	for _, system := range []string{"windows", "linux", "macos"} {
		if text, _ := Script(system); !strings.Contains(text, "private data") {
			t.Errorf("%s: the script doesn't say that it records private data", system)
		}
	}
}

// macOSCommands returns an environment with stand-ins for the commands of macOS,
// that print what those print.
func macOSCommands(t *testing.T) (env []string) {
	t.Helper()
	bin := t.TempDir()
	samples, err := filepath.Abs(fixtures)
	if err != nil {
		t.Fatal(err)
	}
	standIns := map[string]string{
		"uname":    "echo Darwin",
		"ndp":      `[ "$*" = -an ] && cat "$F/macos-ndp-an.txt"`,
		"ifconfig": `[ "$*" = -a ] && cat "$F/macos-ifconfig.txt"`,
		"arp":      `[ "$*" = -an ] && cat "$F/macos-arp-an.txt"`,
		"netstat": `case "$*" in "-an -l") cat "$F/macos-netstat-anl.txt" ;; "-rn -l") cat "$F/macos-netstat-rnl.txt" ;;
"-gn -l") cat "$F/macos-netstat-gn.txt" ;; esac`,
	}
	for name, body := range standIns {
		if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"+body+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"), "F="+samples)
}

// The script for macOS runs with stand-ins for its commands, that print what
// those print.
func TestMacOSScript(t *testing.T) {
	needShell(t)
	snapshot, results := record(t, "macos", filepath.Join(t.TempDir(), "x.pcapng"), macOSCommands(t)...)
	var formats []string
	for _, r := range results {
		formats = append(formats, r.Format)
	}
	slices.Sort(formats)
	if want := []string{"arp-unix", "groups", "ifconfig", "ndp", "netstat-unix", "route-unix"}; !slices.Equal(formats, want) {
		t.Errorf("got formats %q, want %q", formats, want)
	}
	for _, row := range snapshot.Neighbors { // ifconfig gives the index, ndp and netstat the name
		if row.Address == netip.MustParseAddr("fe80::200:5eff:fe00:5301") && row.Interface != 11 {
			t.Errorf("got neighbor %+v, want it on interface 11", row)
		}
	}
}

// windowsForms are files of the form that each line of the script for Windows
// writes.
var windowsForms = map[string]string{
	"tcp":                "nettcpconnection-ps7.json",
	"udp":                "netudpendpoint-ps7.json",
	"neighbors":          "netneighbor-ps51.json",
	"addresses":          "netipaddress-one-ps7.json",
	"routes":             "netroute-ps51.json",
	"dns":                "dnsclientcache-ps7.json",
	"destinationcache-6": "netsh-destinationcache-en.txt",
	"destinationcache-4": "netsh-destinationcache-zh-gbk.txt",
	"neighbors-6":        "netsh-neighbors-de-cp850.txt",
	"addresses-6":        "netsh-addresses-en.txt",
	"joins-6":            "netsh-joins-en.txt",
	"routes-6":           "netsh-route-de-cp850.txt",
	"netstat":            "netstat-ano-en.txt",
	"ipconfig":           "ipconfig-all-en.txt",
	"displaydns":         "ipconfig-displaydns-en.txt",
	"route-print-6":      "route-print-fr-cp850.txt",
	"arp":                "arp-a-de-cp850.txt",
}

// Where there is no PowerShell the script for Windows is held to what can be:
// each line's output is of a form that is read, and each property one that is
// known.
func TestWindowsScriptForms(t *testing.T) {
	text, _ := Script("windows")
	lines := regexp.MustCompile(`(?m)^ *Save-(Objects|Output) '([a-z0-9-]+)' \{ (.+) \}\r?$`).FindAllStringSubmatch(text, -1)
	if len(lines) != len(windowsForms) {
		t.Errorf("got %d lines that save something, want %d", len(lines), len(windowsForms))
	}
	files := fixtureFiles(t)
	for _, m := range lines {
		kind, name, command := m[1], m[2], m[3]
		_, result := Parse(name, files[windowsForms[name]])
		if result.Rows == 0 || result.Problem != "" {
			t.Errorf("%s: got %d rows of %q, problem %q", name, result.Rows, windowsForms[name], result.Problem)
		}
		if kind != "Objects" {
			continue
		}
		command, selected, _ := strings.Cut(command, " | Select-Object -Property ")
		if want := fmt.Sprintf("%s (json)", command); result.Format != want {
			t.Errorf("%s: got format %q, want %q", name, result.Format, want)
		}
		o := object{}
		for _, property := range strings.Split(selected, ", ") {
			if calculated, ok := strings.CutPrefix(property, "$"); ok {
				property = strings.ToUpper(calculated[:1]) + calculated[1:]
			} else {
				property = strings.Trim(property, "'")
			}
			if !slices.Contains(properties, property) {
				t.Errorf("%s: property %s is not read", name, property)
			}
			o.put(property, "")
		}
		if k := kindOf(o); k == nil || k.name != command {
			t.Errorf("%s: what is selected does not tell %s", name, command)
		}
	}
}

// In constrained language mode PowerShell calls the methods of few types only. The
// script calls none, and takes only the time from .NET, which is allowed
// (about_Language_Modes).
func TestWindowsScriptIsConstrained(t *testing.T) {
	text, _ := Script("windows")
	_, code, ok := strings.Cut(text, "#>")
	if !ok || !strings.HasPrefix(text, "<#\n.SYNOPSIS\n") {
		t.Error("the script doesn't begin with its help")
	}
	for _, parameter := range []string{"Capture", "Every", "Count"} {
		if !strings.Contains(text, "\n.PARAMETER "+parameter+"\n") {
			t.Errorf("the help doesn't explain %s", parameter)
		}
	}
	for _, call := range regexp.MustCompile(`[\w\])]\.\w+\(|\]::\w+|New-Object|Add-Type`).FindAllString(code, -1) {
		if call != "]::UtcNow" {
			t.Errorf("the script calls %s", call)
		}
	}
}

// What the script for Windows records at a later moment is in one file, and gives
// as much as it would in several.
func TestWindowsMoment(t *testing.T) {
	files := fixtureFiles(t)
	var all strings.Builder
	rows := 0
	for _, name := range []string{"tcp", "udp", "netstat", "destinationcache-6", "neighbors", "dns"} {
		content := files[windowsForms[name]]
		text, problem := decode(content)
		if problem != "" {
			t.Fatal(problem)
		}
		_, result := Parse(name, content)
		rows += result.Rows
		fmt.Fprintf(&all, "\ufeff%s\r\n\r\n", strings.TrimRight(text, "\r\n"))
	}
	if _, result := Parse("moment", []byte(all.String())); result.Rows != rows || rows == 0 {
		t.Errorf("got %d rows as %s, want %d", result.Rows, result.Format, rows)
	}
}
