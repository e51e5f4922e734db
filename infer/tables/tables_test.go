package tables

import (
	"bytes"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mendcap/mendcap/infer"
	"github.com/mendcap/mendcap/internal/lab/golden"
)

const fixtures = "../../testdata/tables"

// fixtureFiles returns the contents of all fixtures by name.
func fixtureFiles(t testing.TB) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	for _, pattern := range []string{"*.txt", "*.json"} {
		paths, err := filepath.Glob(filepath.Join(fixtures, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			content, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			files[filepath.Base(path)] = content
		}
	}
	return files
}

func toJSON(t testing.TB, s *infer.Snapshot) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := WriteJSON(&b, s); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestParseFixtures(t *testing.T) {
	files := fixtureFiles(t)
	for name := range want {
		if _, ok := files[name]; !ok {
			t.Errorf("fixture %s is missing", name)
		}
	}
	for name, content := range files {
		t.Run(name, func(t *testing.T) {
			snapshot, result := Parse(name, content)
			w, ok := want[name]
			if !ok {
				t.Fatalf("no expectation for fixture %s", name)
			}
			if result.Format != w.format || result.Rows != w.rows || result.Addresses != w.addresses ||
				result.NotUnderstood != w.notUnderstood || result.Cut != w.cut {
				t.Errorf("got format %q, rows %d, addresses %d, not understood %d, cut %d; want %q, %d, %d, %d, %d",
					result.Format, result.Rows, result.Addresses, result.NotUnderstood, result.Cut,
					w.format, w.rows, w.addresses, w.notUnderstood, w.cut)
			}
			if len(result.Lines) != result.NotUnderstood {
				t.Errorf("got %d lines kept, want all %d", len(result.Lines), result.NotUnderstood)
			}
			checkGolden(t, name, toJSON(t, snapshot))
		})
	}
}

func checkGolden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join(fixtures, "golden", strings.TrimSuffix(name, filepath.Ext(name))+".json")
	if golden.Updating() {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	golden, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, golden) {
		t.Errorf("snapshot of %s:\ngot  %s\nwant %s", name, got, golden)
	}
}

// The same text means the same in every encoding and with every line ending.
func TestParseEncodings(t *testing.T) {
	const text = "Interface 7: Wi-Fi\n\nAddress  Physical  Type\n" +
		"--------------------------------------------  -----------------  -----------\n" +
		"2001:db8::1  00-00-5e-00-53-01  Erreichbar\n" +
		"2001:db8::2  00-00-5e-00-53-02  Veraltet (Router)\n"
	plain, _ := Parse("plain", []byte(text))
	golden := toJSON(t, plain)
	wide := func(text string, little bool) []byte {
		var b []byte
		for _, r := range text {
			if little {
				b = append(b, byte(r), byte(r>>8))
			} else {
				b = append(b, byte(r>>8), byte(r))
			}
		}
		return b
	}
	tests := map[string][]byte{
		"CRLF":            []byte(strings.ReplaceAll(text, "\n", "\r\n")),
		"CRCRLF":          []byte(strings.ReplaceAll(text, "\n", "\r\r\n")),
		"UTF-8 BOM":       []byte("\ufeff" + text),
		"UTF-16LE BOM":    wide("\ufeff"+text, true),
		"UTF-16BE BOM":    wide("\ufeff"+text, false),
		"UTF-16LE":        wide(text, true),
		"UTF-16BE":        wide(text, false),
		"no last newline": []byte(strings.TrimRight(text, "\n")),
	}
	for name, content := range tests {
		snapshot, result := Parse(name, content)
		if got := toJSON(t, snapshot); !bytes.Equal(got, golden) {
			t.Errorf("%s: got %s want %s", name, got, golden)
		}
		if result.Rows != 2 || result.NotUnderstood != 0 {
			t.Errorf("%s: got %d rows, %d lines not understood, want 2, 0", name, result.Rows, result.NotUnderstood)
		}
	}
	if n := plain.Neighbors; len(n) != 2 || n[0].Interface != 7 || n[1].State != "Veraltet (Router)" {
		t.Errorf("got neighbors %+v", n)
	}
}

func TestParseProblems(t *testing.T) {
	tests := []struct {
		name    string
		content []byte
		problem string // part of it
	}{
		{"empty", nil, "empty"},
		{"blank", []byte(" \r\n\t\r\n"), "empty"},
		{"only a byte order mark", []byte{0xff, 0xfe}, "empty"},
		{"binary", []byte("\x0a\x0d\x0d\x0a\x1c\x00\x00\x00 TCP [::1]:1 [::1]:2"), "binary"},
		{"control characters", []byte(strings.Repeat("\x01\x02ab", 50)), "binary"},
		{"too large", bytes.Repeat([]byte{' '}, maxSize+1), "too large"},
		{"a later version", []byte(`{"version":7,"hosts":["2001:db8::1"]}`), "version 7"},
		{"no version", []byte(`{"hosts":["2001:db8::1"]}`), "without its version"},
		{"version of another type", []byte(`{"version":"1","hosts":["2001:db8::1"]}`), `version "1"`},
	}
	for _, test := range tests {
		snapshot, result := Parse(test.name, test.content)
		if !strings.Contains(result.Problem, test.problem) || result.Problem == "" {
			t.Errorf("%s: got problem %q, want one with %q", test.name, result.Problem, test.problem)
		}
		if result.Rows != 0 || result.Addresses != 0 || countAddresses(snapshot, snapshotTables...) != 0 {
			t.Errorf("%s: got %d rows, %d addresses, want none", test.name, result.Rows, result.Addresses)
		}
	}
}

// A file of nothing but text is no problem, but each of its lines is named.
func TestParseUnknown(t *testing.T) {
	_, result := Parse("notes", []byte("first\n\nsecond 2001:db8::1\n"))
	if result.Format != "unknown" || result.NotUnderstood != 2 || result.Problem != "" {
		t.Fatalf("got format %q, %d lines not understood, problem %q, want unknown, 2, none",
			result.Format, result.NotUnderstood, result.Problem)
	}
	if got := result.Lines[1]; got != (Line{3, "second 2001:db8::1", "no known table"}) {
		t.Errorf("got second line %+v, want number 3", got)
	}
}

func TestLinesAreBoundedAndSafe(t *testing.T) {
	text := strings.Repeat("\u202e\x1b[31mTCP [::1]:1 \u0007[::2"+strings.Repeat("x", 300)+"\n", 1500)
	_, result := Parse("evil", []byte(text))
	if result.NotUnderstood != 1500 || len(result.Lines) != 1000 {
		t.Fatalf("got %d lines not understood, %d kept, want 1500, 1000", result.NotUnderstood, len(result.Lines))
	}
	for _, line := range result.Lines {
		if n := len([]rune(line.Text)); n > 121 {
			t.Fatalf("got %d runes, want at most 120 and an ellipsis", n)
		}
		if strings.ContainsAny(line.Text, "\x1b\u202e\u0007") {
			t.Fatalf("got control characters in %q", line.Text)
		}
	}
}

// Huge lines cost no more than their length, whatever is in them.
func TestHugeLines(t *testing.T) {
	tests := map[string]string{
		"fields":    strings.Repeat("1 ", 1<<20),
		"dashes":    strings.Repeat("--- ", 1<<19),
		"brackets":  strings.Repeat("[\n", 1<<17),
		"braces":    strings.Repeat("{\"a\":", 1<<17),
		"title":     "Address 2001:db8::1 x\n" + strings.Repeat("-", 1<<20) + "\nName : x\n",
		"ipconfig":  "a . . : " + strings.Repeat("::1(", 1<<18),
		"table":     "LocalAddress LocalPort\n" + strings.Repeat("- ", 1<<19) + "\n::1 80\n",
		"header":    strings.Repeat("LocalAddress ", 1<<16) + "\n------------ ---------\n::1 80\n",
		"list":      "LocalAddress : " + strings.Repeat("x", 1<<20) + "\nLocalPort : 80\n",
		"csv":       strings.Repeat("LocalAddress,LocalPort,", 1<<16) + "\n::1,80\n",
		"ss":        "ESTAB 0 0 [::1]:80 [::2]:443 users:(" + strings.Repeat("(", 1<<20) + "\n",
		"ip":        "default via ::1 dev x" + strings.Repeat(" dev", 1<<18) + "\n",
		"conntrack": "tcp 6 1 " + strings.Repeat("src=::1 dst=::2 sport=1 dport=2 ", 1<<15) + "\n",
	}
	for name, text := range tests {
		_, result := Parse(name, []byte(text))
		if result.Rows != 0 {
			t.Errorf("%s: got %d rows, want none", name, result.Rows)
		}
	}
}

// However many rows there are, of whatever table, no more than the limit are
// kept, and the file says so.
func TestRowLimit(t *testing.T) {
	texts := map[string]string{"json": `{"version":1,"hosts":["2001:db8::1","2001:db8::2","2001:db8::3","2001:db8::4"]}`}
	for name, content := range fixtureFiles(t) {
		if text, problem := decode(content); problem == "" {
			texts[name] = text
		}
	}
	for name, text := range texts {
		full := newCollector(maxRows)
		full.read(text)
		c := newCollector(3)
		c.read(text)
		if want := min(full.rows, 3); c.rows != want || rowsOf(c.snapshot)-len(c.snapshot.Hints)-len(c.snapshot.Hosts) > want {
			t.Errorf("%s: got %d rows, %d kept, want %d", name, c.rows, rowsOf(c.snapshot), want)
		}
		if full.rows > 3 != strings.Contains(c.problem, "after the first 3 ") {
			t.Errorf("%s: of %d rows got problem %q", name, full.rows, c.problem)
		}
	}
}

// Mark by mark, what a cut address ends in, in whatever way it was mangled on
// the way: never an address, and a hint where whole groups are left.
func TestCutMarks(t *testing.T) {
	for _, mark := range []string{"...", "…", ".", "?", "\ufffd\ufffd\ufffd", "â€¦", "ÔÇª", "ΓÇª"} {
		text := "LocalAddress          LocalPort RemoteAddress    RemotePort State\n" +
			"------------          --------- -------------    ---------- -----\n" +
			"2001:db8:1:2:0:4:555" + mark + " 5000      2001:db8::80     443        Established\n"
		snapshot, result := Parse(mark, []byte(text))
		if result.Cut != 1 || countAddresses(snapshot, snapshotTables...) != 1 || len(snapshot.Hints) != 1 || len(snapshot.DestinationCache) != 1 {
			t.Errorf("%q: got %+v, %s", mark, result, toJSON(t, snapshot))
		} else if hint := snapshot.Hints[0]; hint.Prefix.String() != "2001:db8:1:2:0:4::/96" || hint.Port != 5000 || !hint.Local {
			t.Errorf("%q: got hint %+v", mark, hint)
		}
	}
}

func TestCertainOf(t *testing.T) {
	tests := map[string]string{
		"2001:db8:1:2:3:4:5:6": "2001:db8:1:2:3:4:5:0/112", "2001:db8:1:2": "2001:db8:1::/48", "2001:db8:": "2001:db8::/32",
		"2001:db8::": "2001:db8::/32", "2001:db8::1:2": "2001:db8::/32", "[fe80:1": "fe80::/16", "fe80::1%et": "fe80::/16",
		"2001": "", "::1": "", ":": "", "": "", "192.0.2": "", "2001:dbx8:1": "", "12345:1:2": "", "1:2:3:4:5:6:7:8:9": "",
	}
	for rest, want := range tests {
		prefix, ok := certainOf(rest)
		if got := prefix.String(); ok != (want != "") || ok && got != want {
			t.Errorf("%q: got %s, %t, want %q", rest, got, ok, want)
		}
	}
}

func TestRolesOfIPConfig(t *testing.T) {
	// Rows of netstat straight after those of ipconfig belong to netstat.
	const text = "Ethernet-Adapter Ethernet:\n\n" +
		"   IPv6-Adresse. . . . . . . . . . . : 2001:db8::1(Bevorzugt)\n" +
		"   DNS-Server  . . . . . . . . . . . : 2001:db8::53\n" +
		"  TCP    [2001:db8::1]:50000    [2001:db8::2]:443    HERGESTELLT    4\n"
	snapshot, result := Parse("both", []byte(text))
	if result.Format != "ipconfig + netstat" || result.Rows != 3 {
		t.Errorf("got format %q, %d rows, want ipconfig + netstat, 3", result.Format, result.Rows)
	}
	if len(snapshot.Interfaces) != 1 || len(snapshot.Hosts) != 1 || len(snapshot.TCPConnections) != 1 {
		t.Errorf("got %s", toJSON(t, snapshot))
	}
}

// Of ipconfig's output some rows were picked, such as those with "IPv6" in them:
// what still says that it is ipconfig's, and whose addresses these are?
func TestPickedRowsOfIPConfig(t *testing.T) {
	const (
		linkLocal = "   Link-local IPv6 Address . . . . . : fe80::10%7(Preferred) \n"
		global    = "   IPv6 Address. . . . . . . . . . . : 2001:db8::10(Preferred) \n"
		four      = "   IPv4 Address. . . . . . . . . . . : 192.0.2.10(Preferred) \n"
		mask      = "   Subnet Mask . . . . . . . . . . . : 255.255.255.0\n"
		physical  = "   Physical Address. . . . . . . . . : 00-00-5E-00-53-10\n"
		server    = "   DNS Servers . . . . . . . . . . . : 192.0.2.53\n"
	)
	tests := []struct {
		name, text string
		own, hosts []string
		refused    int
	}{
		{"a zone and a state", global + linkLocal, []string{"7 2001:db8::10", "7 fe80::10"}, nil, 0},
		{"states alone", global + four, nil, nil, 2},
		{"a state and a mask", four + mask, []string{"- 192.0.2.10"}, nil, 0},
		{"a physical address", physical + global + server, []string{"- 2001:db8::10"}, []string{"192.0.2.53"}, 0},
		{"a server alone", server, nil, nil, 1},
	}
	for _, test := range tests {
		snapshot, result := Parse(test.name, []byte(test.text))
		t.Run(test.name, func(t *testing.T) {
			checkSets(t, snapshot, sample{interfaces: test.own, hosts: test.hosts})
			if result.NotUnderstood != test.refused {
				t.Errorf("got %d lines refused, want %d", result.NotUnderstood, test.refused)
			}
		})
	}
}

// A port that no socket can have makes a row of netstat none of its endpoints: with
// port 0 the socket would be one that listens.
func TestPortsBeyondTheLast(t *testing.T) {
	for _, c := range []struct {
		row    string
		remote string // "" where the row is to be refused
	}{
		{"  TCP    [2001:db8::10]:50000   [2001:db8::80]:65535   ESTABLISHED   7", "[2001:db8::80]:65535"},
		{"  TCP    [2001:db8::10]:50000   [2001:db8::80]:65536   ESTABLISHED   7", ""},
		{"  TCP    [2001:db8::10]:50000   server:70000           ESTABLISHED   7", ""},
		{"  TCP    [2001:db8::10]:65536   [2001:db8::80]:443     ESTABLISHED   7", ""},
		{"tcp6       0      0 2001:db8::10:50000      2001:db8::80:65536      ESTABLISHED 7/x", ""},
	} {
		snapshot, result := Parse("netstat.txt", []byte(c.row+"\n"))
		got := ""
		for _, row := range snapshot.TCPConnections {
			got += netip.AddrPortFrom(row.Remote.Address, row.Remote.Port).String()
		}
		if got != c.remote || (result.NotUnderstood == 0) != (c.remote != "") {
			t.Errorf("%s: got connections to %q, %d lines not understood; want %q", c.row, got, result.NotUnderstood, c.remote)
		}
	}
}

// Rows of netstat right below those of Windows' arp, both indented, are a table of
// their own.
func TestTableBelowARP(t *testing.T) {
	text := "Interface: 192.0.2.10 --- 0xb\n" +
		"  Internet Address      Physical Address      Type\n" +
		"  192.0.2.1             00-00-5e-00-53-01     dynamic\n" +
		"  TCP    192.0.2.10:49801       198.51.100.7:443       ESTABLISHED\n"
	snapshot, result := Parse("both", []byte(text))
	if result.Format != "arp + netstat" || len(snapshot.Neighbors) != 1 || len(snapshot.TCPConnections) != 1 {
		t.Errorf("got %+v, %s", result, toJSON(t, snapshot))
	}
}
