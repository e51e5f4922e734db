package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/mendcap/mendcap/report"
)

// TestProfileInTshark repairs a capture and lets tshark colour it by the
// profile: each packet that was moved, and no other, has the rule for it.
func TestProfileInTshark(t *testing.T) {
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		t.Skip("tshark is not installed")
	}
	dir := t.TempDir()
	mended := filepath.Join(dir, "mended.pcapng")
	var r report.Report
	if err := json.Unmarshal(mendcap(t, "repair", "--json", "-w", mended, filepath.Join("..", "..", "testdata", "rawsocket.pcapng")), &r); err != nil {
		t.Fatal(err)
	}
	mendcap(t, "wireshark-profile", filepath.Join(dir, "profiles", "mended"))
	run := func(args ...string) string {
		cmd := exec.Command(tshark, append([]string{"-C", "mended", "-r", mended}, args...)...)
		cmd.Env = append(os.Environ(), "WIRESHARK_CONFIG_DIR="+dir)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("tshark: %v: %s", err, stderr.String())
		}
		for line := range strings.Lines(stderr.String()) {
			if !strings.HasPrefix(line, "Running as user") {
				t.Errorf("tshark complains: %s", line)
			}
		}
		return string(out)
	}
	rules := map[string]int64{}
	for line := range strings.Lines(run("--color", "-T", "fields", "-e", "frame.coloring_rule.name", "-e", "frame.comment")) {
		rule, comment, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		rules[rule]++
		if strings.Contains(comment, "mendcap: ") != strings.HasPrefix(rule, "mendcap ") {
			t.Errorf("rule %q for a packet with the comment %q", rule, comment)
		}
	}
	if rules["mendcap moved"] != r.Order.Moved || r.Order.Moved == 0 {
		t.Errorf("packets with the rule for moved ones: got %d, want %d and not 0", rules["mendcap moved"], r.Order.Moved)
	}
	if rules["mendcap inferred"] == 0 || rules["TCP"] == 0 {
		t.Errorf("rules: got %v, want inferred headers and plain TCP among them", rules)
	}
	moved := run("-Y", `frame.comment contains "mendcap: moved"`)
	if got := int64(strings.Count(moved, "\n")); got != r.Order.Moved || int64(strings.Count(moved, "mendcap: moved by ")) != got {
		t.Errorf("packets filtered: got %d lines, want %d, each with its comment in a column:\n%.500s", got, r.Order.Moved, moved)
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
	return out
}

// TestRealReportsMeetThePublishedSchema checks what the binary prints by what
// the binary prints.
func TestRealReportsMeetThePublishedSchema(t *testing.T) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(mendcap(t, "schema")))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := writeFixtures(dir); err != nil {
		t.Fatal(err)
	}
	recordings := filepath.Join("..", "..", "testdata", "recordings")
	for _, in := range []string{
		filepath.Join(dir, "late.pcap"), filepath.Join(dir, "good.pcapng"), filepath.Join("..", "..", "testdata", "rawsocket.pcapng"),
		filepath.Join(recordings, "lossy.pcapng.gz"), filepath.Join(recordings, "clean.pcapng.gz"),
	} {
		text := mendcap(t, "repair", "--json", "-w", filepath.Join(dir, filepath.Base(in)+".out"), in)
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(doc); err != nil {
			t.Errorf("%s: %v", in, err)
		}
	}
}
