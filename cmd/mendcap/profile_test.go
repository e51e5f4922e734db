package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/mendcap/mendcap/internal/lab/tshark"
	"github.com/mendcap/mendcap/report"
)

// TestProfileInTshark repairs a capture and lets tshark colour it by the
// profile: each packet that was moved, and no other, has the rule for it.
func TestProfileInTshark(t *testing.T) {
	tshark.Need(t)
	dir := t.TempDir()
	mended := filepath.Join(dir, "mended.pcapng")
	var r report.Report
	if err := json.Unmarshal(mendcap(t, "repair", "--json", "-w", mended, filepath.Join("..", "..", "testdata", "rawsocket.pcapng")), &r); err != nil {
		t.Fatal(err)
	}
	mendcap(t, "wireshark-profile", filepath.Join(dir, "profiles", "mended"))
	t.Setenv("WIRESHARK_CONFIG_DIR", dir)
	rules := map[string]int64{}
	for _, row := range tshark.Rows(t, mended, []string{"frame.coloring_rule.name", "frame.comment"}, "-C", "mended", "--color") {
		rule, comment := row[0], row[1]
		rules[rule]++
		if rule != flagRule && strings.Contains(comment, "mendcap: ") != strings.HasPrefix(rule, "mendcap ") {
			t.Errorf("rule %q for a packet with the comment %q", rule, comment)
		}
	}
	if rules["mendcap moved"] == 0 || rules["mendcap moved"] > r.Order.Moved {
		t.Errorf("packets with the rule for moved ones: got %d, want some of %d, those without a flag", rules["mendcap moved"], r.Order.Moved)
	}
	if rules["mendcap inferred"] == 0 || rules["TCP"] == 0 {
		t.Errorf("rules: got %v, want inferred headers and plain TCP among them", rules)
	}
	script := filepath.Join(dir, "profiles", "mended", "mendcap.lua")
	moved := tshark.Rows(t, mended, []string{"_ws.col.mendcap", "_ws.col.Comment"}, "-C", "mended", "-X", "lua_script:"+script, "-Y", `frame.comment contains "mendcap: moved"`)
	if int64(len(moved)) != r.Order.Moved {
		t.Errorf("packets filtered: got %d, want %d", len(moved), r.Order.Moved)
	}
	for _, row := range moved {
		if want := noteOf(t, row[1]); row[0] != want {
			t.Errorf("the note of the comment %q: got %q, want %q", row[1], row[0], want)
		}
	}
}

// noteOf is what the column of notes is to say of the comments on a moved packet: that
// it moved, by how much, and which fields were inferred.
func noteOf(t *testing.T, comments string) string {
	t.Helper()
	note := "moved"
	if _, after, timed := strings.Cut(comments, ", 1ms earlier"); timed {
		note, comments = "moved 1.0 ms", strings.Replace(comments, after, "", 1)
	} else if strings.Contains(comments, ", 2ms earlier") {
		note = "moved 2.0 ms"
	} else if !strings.Contains(comments, ", within its tick") {
		t.Fatalf("a comment of another kind: %q", comments)
	}
	if strings.Contains(comments, "mendcap: inferred next header, destination") {
		note += ", inferred nh, dst"
	}
	return note
}

// flagRule is the colouring rule of what the analyser flags.
const flagRule = "flagged by the analyser"

// TestFlagsHaveTheirColour wants each flagged packet of repaired captures of testdata
// in the colour of flags, whatever mendcap's comments say of it.
func TestFlagsHaveTheirColour(t *testing.T) {
	tshark.Need(t)
	recordings := filepath.Join("..", "..", "testdata", "recordings")
	flagged := 0
	for _, in := range []string{filepath.Join("..", "..", "testdata", "rawsocket.pcapng"), filepath.Join(recordings, "lossy.pcapng.gz")} {
		flagged += wantFlagsColoured(t, in)
	}
	if flagged == 0 {
		t.Error("no packet was flagged")
	}
}

func TestFlagsHaveTheirColourInSamples(t *testing.T) {
	folder := os.Getenv("MENDCAP_SAMPLES")
	if folder == "" {
		t.Skip("MENDCAP_SAMPLES names no folder of samples")
	}
	flagged := 0
	for _, pattern := range []string{"*.pcap*", filepath.Join("*", "*.pcap*"), filepath.Join("*", "*", "*.pcap*")} {
		found, err := filepath.Glob(filepath.Join(folder, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, in := range found {
			flagged += wantFlagsColoured(t, in)
		}
	}
	if flagged == 0 {
		t.Error("no packet was flagged")
	}
}

// wantFlagsColoured repairs a capture, and returns how many packets of the output
// tshark flags. A sample may be of no known format, or one that tshark refuses.
func wantFlagsColoured(t *testing.T, in string) (flagged int) {
	t.Helper()
	dir := t.TempDir()
	mended := filepath.Join(dir, "mended.pcapng")
	if err := exec.Command(built, "repair", "-q", "-r", in, "-w", mended).Run(); err != nil {
		if _, err := os.Stat(mended); err != nil {
			return 0
		}
	}
	if err := exec.Command("tshark", "-r", mended).Run(); err != nil {
		return 0
	}
	mendcap(t, "wireshark-profile", filepath.Join(dir, "profiles", "mended"))
	t.Setenv("WIRESHARK_CONFIG_DIR", dir)
	flags := tshark.Rows(t, mended, []string{"frame.number", "frame.coloring_rule.name"}, "-C", "mended", "--color", "-Y", "tcp.analysis.flags && !tcp.analysis.window_update")
	for _, row := range flags {
		if row[1] != flagRule {
			t.Errorf("%s: frame %s of the output is flagged, and has the colour of %q", filepath.Base(in), row[0], row[1])
		}
	}
	return len(flags)
}

// TestScriptRepairs runs what the menu entry runs, by names that a shell could take
// for something else.
func TestScriptRepairs(t *testing.T) {
	tshark.Need(t)
	testdata := filepath.Join("..", "..", "testdata")
	capture, err := os.ReadFile(filepath.Join(testdata, "rawsocket.pcapng"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	mendcap(t, "wireshark-profile", dir)
	for name, want := range map[string]string{
		"a b.pcapng": "a b.mended.pcapng", "it's $(exit) `x`; \"q\".PCAP.gz": "it's $(exit) `x`; \"q\".mended.pcapng",
		"trace.etl.d.ntar": "trace.etl.d.mended.pcapng", "none": "none.mended.pcapng",
	} {
		in := filepath.Join(dir, name)
		if err := os.WriteFile(in, capture, 0o666); err != nil {
			t.Fatal(err)
		}
		if got := runScript(t, dir, in); got != filepath.Join(dir, want) {
			t.Errorf("%s: the script says %q, want the output %q", name, got, want)
		}
		if _, err := os.Stat(filepath.Join(dir, want)); err != nil {
			t.Errorf("%s: no output: %v", name, err)
		}
	}
	if got := runScript(t, dir, filepath.Join(dir, "missing.pcapng")); !strings.Contains(got, "missing.pcapng") || strings.Contains(got, ".mended.") {
		t.Errorf("of a capture that isn't there the script says %q, want mendcap's message", got)
	}
}

// runScript lets tshark load the script of a folder with an argument, and returns what
// the script printed.
func runScript(t *testing.T, dir, arg string) string {
	t.Helper()
	out, err := exec.Command("tshark", "-X", "lua_script:"+filepath.Join(dir, "mendcap.lua"), "-X", "lua_script1:"+arg, "-r", filepath.Join("..", "..", "testdata", "rawsocket.pcapng"), "-c", "1").Output()
	if err != nil {
		t.Fatalf("tshark: %v", err)
	}
	said, _, _ := strings.Cut(string(out), "\n")
	return said
}

// TestScriptOnWindows wants the command line as Windows' command processor reads it:
// all of it between quotation marks that are taken off, and no name that it would
// change. Lua is told that it is on Windows.
func TestScriptOnWindows(t *testing.T) {
	tshark.Need(t)
	dir := t.TempDir()
	mendcap(t, "wireshark-profile", dir)
	const harness = `
package.config = "\\\n;\n?\n!\n-\n"
io.popen = function(line)
  print(line)
  return { read = function() return "" end, close = function() return true end }
end
local fine, message = pcall(loadfile("SCRIPT"), (...))
if not fine then print(message) end
`
	wrapped := filepath.Join(dir, "harness.lua")
	if err := os.WriteFile(wrapped, []byte(strings.Replace(harness, "SCRIPT", filepath.ToSlash(filepath.Join(dir, "mendcap.lua")), 1)), 0o666); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		`C:\my captures\a&b.pcap`: `""` + built + `" repair -r "C:\my captures\a&b.pcap" -w "C:\my captures\a&b.mended.pcapng"" 2>&1`,
		`C:\%PATH%.pcap`:          "mendcap can't be given a name with a quotation mark, a percent sign or a control character: C:\\%PATH%.pcap",
	} {
		out, err := exec.Command("tshark", "-X", "lua_script:"+wrapped, "-X", "lua_script1:"+name, "-r", filepath.Join("..", "..", "testdata", "rawsocket.pcapng"), "-c", "1").Output()
		if err != nil {
			t.Fatalf("tshark: %v", err)
		}
		if got, _, _ := strings.Cut(string(out), "\n"); got != want {
			t.Errorf("%s: got the command line\n%s\nwant\n%s", name, got, want)
		}
	}
}

// TestPersonalFolders wants Wireshark's folders of the three systems; tshark says of
// this one that they are right.
func TestPersonalFolders(t *testing.T) {
	join := filepath.Join
	for _, c := range []struct {
		system          string
		env             map[string]string
		folders         []string // that exist
		config, plugins string
	}{
		{"linux", map[string]string{"HOME": "h"}, nil, join("h", ".config", "wireshark"), join("h", ".local", "lib", "wireshark", "plugins")},
		{"darwin", map[string]string{"HOME": "h", "XDG_CONFIG_HOME": "x"}, []string{join("x", "wireshark"), join("h", ".wireshark")}, join("x", "wireshark"), join("h", ".local", "lib", "wireshark", "plugins")},
		{"linux", map[string]string{"HOME": "h"}, []string{join("h", ".wireshark")}, join("h", ".wireshark"), join("h", ".local", "lib", "wireshark", "plugins")},
		{"linux", map[string]string{"HOME": "h", "WIRESHARK_CONFIG_DIR": "w"}, nil, "w", join("h", ".local", "lib", "wireshark", "plugins")},
		{"windows", map[string]string{"APPDATA": "a"}, nil, join("a", "Wireshark"), join("a", "Wireshark", "plugins")},
		{"windows", map[string]string{"APPDATA": "a", "WIRESHARK_APPDATA": "b"}, nil, "b", join("b", "plugins")},
	} {
		got, err := personalFolders(c.system, func(name string) string { return c.env[name] }, func(name string) bool { return slices.Contains(c.folders, name) })
		if want := (wiresharkFolders{join(c.config, "profiles", "mendcap"), c.plugins}); got != want || err != nil {
			t.Errorf("%s, %v: got %v, %v, want %v", c.system, c.env, got, err, want)
		}
	}
	for _, system := range []string{"linux", "windows"} {
		if _, err := personalFolders(system, func(string) string { return "" }, func(string) bool { return false }); err == nil {
			t.Errorf("%s: got folders where the environment names none", system)
		}
	}
}

func TestPersonalFoldersAreThoseOfTshark(t *testing.T) {
	tshark.Need(t)
	home := t.TempDir()
	for _, name := range []string{"XDG_CONFIG_HOME", "WIRESHARK_CONFIG_DIR", "HOME"} {
		t.Setenv(name, home) // so that it is set back
		if err := os.Unsetenv(name); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("HOME", home)
	for _, existing := range []string{"", ".wireshark", filepath.Join(".config", "wireshark")} {
		if err := os.MkdirAll(filepath.Join(home, existing), 0o777); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command("tshark", "-G", "folders").Output()
		if err != nil {
			t.Fatal(err)
		}
		got, err := personalFolders(runtime.GOOS, os.Getenv, isFolder)
		if err != nil {
			t.Fatal(err)
		}
		for label, want := range map[string]string{"Personal configuration": filepath.Dir(filepath.Dir(got.profile)), "Personal Lua Plugins": got.plugins} {
			if !regexp.MustCompile("(?m)^" + label + `:\s+` + regexp.QuoteMeta(want) + "$").Match(out) {
				t.Errorf("with the folder %q: got %s %q, tshark says\n%s", existing, label, want, out)
			}
		}
	}
}

// mendcap runs the binary and returns its standard output.
func mendcap(t *testing.T, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(built, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("mendcap %s: %v: %s", strings.Join(args, " "), err, stderr.String())
	}
	if err := meetsSchema(out); err != nil {
		t.Errorf("mendcap %s: what it prints: %v", strings.Join(args, " "), err)
	}
	return out
}
