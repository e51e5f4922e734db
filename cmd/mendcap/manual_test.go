package main

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"

	"fmt"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/mendcap/mendcap/internal/lab/golden"
	"github.com/mendcap/mendcap/report/render"
)

// manualPages are the names of all pages.
func manualPages(t *testing.T) iter.Seq[string] {
	t.Helper()
	files, err := manual.ReadDir("manual")
	if err != nil {
		t.Fatal(err)
	}
	return func(yield func(string) bool) {
		for _, f := range files {
			if name, ok := strings.CutSuffix(f.Name(), ".md"); ok && !yield(name) {
				return
			}
		}
	}
}

// The page of laws is what the help prints of them.
func TestPageOfLaws(t *testing.T) {
	var b bytes.Buffer
	b.WriteString("# Laws\n\n```text\n")
	if err := render.Laws(&b, helpWidth); err != nil {
		t.Fatal(err)
	}
	b.WriteString("```\n")
	name := filepath.Join("manual", "laws.md")
	if golden.Updating() {
		_, examples, _ := strings.Cut(readText(t, name), beforeExamples)
		b.WriteString(strings.TrimPrefix(beforeExamples, "\n") + examples)
		if err := os.WriteFile(name, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got, _, _ := strings.Cut(readText(t, name), beforeExamples); got != strings.TrimSpace(b.String()) {
		t.Errorf("%s is not what help laws prints; go test ./cmd/mendcap -run PageOfLaws -update writes it", name)
	}
}

// Each page of the help ends with examples, which TestCommandsOfManual runs.
func TestPagesEndWithExamples(t *testing.T) {
	for name := range manualPages(t) {
		_, examples, found := strings.Cut(page(name), beforeExamples)
		if name != "README" && name != "overview" && (!found || !shBlock.MatchString(examples)) {
			t.Errorf("%s.md does not end with examples", name)
		}
	}
}

// documents are README.md and the pages of the manual, by their paths.
func documents(t *testing.T) map[string]string {
	t.Helper()
	root := filepath.Join("..", "..")
	all := map[string]string{filepath.Join(root, "README.md"): readText(t, filepath.Join(root, "README.md"))}
	for _, pattern := range []string{filepath.Join(root, ".github", "*.md"), filepath.Join(root, "testdata", "*.md"), filepath.Join("manual", "*.md")} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range found {
			all[path] = readText(t, path)
		}
	}
	return all
}

// Each link within the tree leads to a file that there is, and to a heading of it.
func TestLinksLeadSomewhere(t *testing.T) {
	links, notWord := regexp.MustCompile(`\]\(([^)\s]+)\)`), regexp.MustCompile(`[^a-z0-9 -]`)
	seen := 0
	for path, text := range documents(t) {
		for _, m := range links.FindAllStringSubmatch(text, -1) {
			target, anchor, _ := strings.Cut(m[1], "#")
			if strings.Contains(target, "://") {
				continue
			}
			seen++
			to := path
			if target != "" {
				to = filepath.Join(filepath.Dir(path), target)
			}
			if _, err := os.Stat(to); err != nil {
				t.Errorf("%s: a link to %s leads nowhere: %v", path, m[1], err)
				continue
			}
			if anchor == "" {
				continue
			}
			var headings []string
			for line := range strings.Lines(readText(t, to)) {
				if heading, ok := strings.CutPrefix(strings.TrimSpace(line), "#"); ok {
					heading = strings.ToLower(strings.TrimSpace(strings.TrimLeft(heading, "#")))
					headings = append(headings, strings.ReplaceAll(notWord.ReplaceAllString(heading, ""), " ", "-"))
				}
			}
			if !slices.Contains(headings, anchor) {
				t.Errorf("%s: %s has no heading for the link %s", path, to, m[1])
			}
		}
	}
	if seen < 20 {
		t.Errorf("links: got %d, want those of README.md and the manual", seen)
	}
}

// shBlock matches a block of a shell's commands. Those of other systems are marked as
// bat, powershell or zsh.
var shBlock = regexp.MustCompile("(?m)^```sh\n((?:.*\n)*?)```$")

// TestCommandsOfManual runs the commands of README.md and of the manual, each block in a
// folder of its own that has the files which the blocks name. Programs that this system
// lacks are left out, and go's, which .ci/run runs.
func TestCommandsOfManual(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skipf("no shell: %v", err)
	}
	bin := t.TempDir()
	if err := os.Symlink(built, filepath.Join(bin, "mendcap")); err != nil {
		t.Fatal(err)
	}
	ran := 0
	for path, text := range documents(t) {
		if filepath.Base(filepath.Dir(path)) != "manual" && filepath.Base(path) != "README.md" {
			continue
		}
		for _, m := range shBlock.FindAllStringSubmatch(text, -1) {
			block := runnable(m[1])
			if block == "" {
				continue
			}
			ran++
			dir := t.TempDir()
			writeExamples(t, dir)
			cmd := exec.Command("sh", "-ec", block)
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "PATH="+bin+string(filepath.ListSeparator)+os.Getenv("PATH"), "HOME="+dir, "XDG_CONFIG_HOME=", "WIRESHARK_CONFIG_DIR=", "GITHUB_ACTIONS=")
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%s: %v of\n%s\n%s", path, err, block, out)
			}
		}
	}
	if ran < 15 {
		t.Errorf("blocks that were run: got %d, want those of README.md, of the commands and of the topics", ran)
	}
}

// runnable are the commands of a block whose programs there are. A check may find
// something: that is no failure of the example.
func runnable(block string) string {
	words := regexp.MustCompile(`^(?:\w+=\S+ )*([A-Za-z][\w.-]*)`)
	sets := regexp.MustCompile(`^\w+=(\S*|\$\(.*\))$`) // a variable, and runs no program that there may not be
	var lines []string
	for line := range strings.Lines(block) {
		line = strings.TrimRight(line, "\n")
		word := words.FindStringSubmatch(line)
		switch {
		case word == nil, sets.MatchString(line):
		case word[1] == "go":
			continue
		case word[1] == "mendcap":
			if strings.HasPrefix(line, "mendcap check") {
				line += "\n[ $? -le 1 ]"
				line = "set +e; " + line + "; set -e"
			}
		default:
			if _, err := exec.LookPath(word[1]); err != nil {
				continue
			}
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// writeExamples writes the files that the examples name.
func writeExamples(t *testing.T, dir string) {
	t.Helper()
	testdata := filepath.Join("..", "..", "testdata")
	if err := writeFixtures(dir); err != nil {
		t.Fatal(err)
	}
	sample := []byte(readText(t, filepath.Join(testdata, "rawsocket.pcapng")))
	files := map[string][]byte{"X.pcapng": sample, "in.pcap": pcap(3), "traces/good.pcapng": pcapng(2), "archive/a.pcap": pcap(4), "archive/deep/X.pcapng": sample}
	for name, data := range files {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.CopyFS(filepath.Join(dir, "X.tables"), os.DirFS(filepath.Join(testdata, "rawsocket.tables"))); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "record.sh"), mendcap(t, "tables", "--script", "linux"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"repair", "-q", "-w", os.DevNull, "--report", "r.json", "--report", "old.json", "in.pcap"}, {"repair", "-q", "-w", os.DevNull, "--report", "new.json", "long.pcap"},
		{"batch", "-q", "-o", "one", "--report", "A.json", "traces"}, {"batch", "-q", "-o", "two", "--report", "B.json", "archive"},
		{"check", "-q", "--baseline", "known.json", "--update-baseline", "traces"}, {"check", "-q", "--baseline", "traces/known.json", "--update-baseline", "traces/good.pcapng"},
	} {
		cmd := exec.Command(built, args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("mendcap %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}

// TestSniffersFormsAreRead reads the hex dumps of the page on sniffers back, as captures
// of the link type that the page names, and wants what the page says of them.
func TestSniffersFormsAreRead(t *testing.T) {
	dumps := regexp.MustCompile("(?s)```hex\n(.*?)```\n\nmendcap finds that it is (\\S+) \\((\\d+)\\) from (\\S+) to (\\S+)\\.\n").FindAllStringSubmatch(page("sniffer"), -1)
	if len(dumps) != 2 {
		t.Fatalf("dumps: got %d, want one of each form", len(dumps))
	}
	for i, linkType := range []uint32{101, 147} {
		var data []byte
		for line := range strings.Lines(dumps[i][1]) {
			b, err := hex.DecodeString(strings.ReplaceAll(strings.TrimSpace(line[4:]), " ", ""))
			if err != nil {
				t.Fatal(err)
			}
			data = append(data, b...)
		}
		capture := pcap(0)
		binary.LittleEndian.PutUint32(capture[20:], linkType)
		in := filepath.Join(t.TempDir(), "X.pcap")
		if err := os.WriteFile(in, append(append(capture, record(uint32(len(data)), uint32(len(data)))[:16]...), data...), 0o666); err != nil {
			t.Fatal(err)
		}
		said := string(mendcap(t, "explain", in, "1"))
		want := fmt.Sprintf("Frame 1: %s %s > %s\n", dumps[i][2], dumps[i][4], dumps[i][5])
		if !strings.HasPrefix(said, want) || !strings.Contains(said, "Header: "+dumps[i][3]+" ("+dumps[i][2]+")") && !strings.Contains(strings.Join(strings.Fields(said), " "), "Next Header: "+dumps[i][3]) {
			t.Errorf("of the form of link type %d explain says\n%s\nwant that it is %s", linkType, said, want)
		}
	}
}
