package main

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

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
	moved := tshark.Rows(t, mended, []string{"_ws.col.mendcap"}, "-C", "mended", "-Y", `frame.comment contains "mendcap: moved"`)
	if int64(len(moved)) != r.Order.Moved {
		t.Errorf("packets filtered: got %d, want %d", len(moved), r.Order.Moved)
	}
	for _, row := range moved {
		if !strings.Contains(row[0], "mendcap: moved by ") {
			t.Errorf("the column of a moved packet says %q, want its comment", row[0])
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
