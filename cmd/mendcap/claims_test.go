package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// A file that standard input comes from is read as well as one that is named: no
// output replaces it.
func TestStandardInputIsNotReplaced(t *testing.T) {
	capture, err := os.ReadFile(filepath.Join("..", "..", "testdata", "sockaddr.pcap"))
	if err != nil {
		t.Fatal(err)
	}
	stored := []byte(`{"schema":"mendcap.report/1"}`)
	for _, test := range []struct {
		file    string
		content []byte
		args    []string
	}{
		{"in.pcap", capture, []string{"repair", "-r", "-", "-w", "in.pcap", "--force"}},
		{"in.pcap", capture, []string{"repair", "-r", "-", "-w", "out.pcapng", "--report", "json:in.pcap", "--force"}},
		{"in.pcap", capture, []string{"check", "-", "--report", "json:./in.pcap"}},
		{"in.pcap", capture, []string{"check", "-", "--baseline", "in.pcap", "--update-baseline"}},
		{"r.json", stored, []string{"report", "-", "--report", "md:r.json"}},
	} {
		dir := t.TempDir()
		name := filepath.Join(dir, test.file)
		if err := os.WriteFile(name, test.content, 0o644); err != nil {
			t.Fatal(err)
		}
		in, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(built, test.args...)
		cmd.Dir, cmd.Stdin = dir, in
		said, err := cmd.CombinedOutput()
		in.Close()
		if code := cmd.ProcessState.ExitCode(); code != exitUsage {
			t.Errorf("%v: got exit code %d (%v), want %d: %s", test.args, code, err, exitUsage, said)
		}
		if left, err := os.ReadFile(name); err != nil || !bytes.Equal(left, test.content) {
			t.Errorf("%v: the input is not what it was (%v)", test.args, err)
		}
	}
}
