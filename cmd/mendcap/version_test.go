package main

import (
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// The version and the revision that .ci/release hands to the linker are those that the
// binary tells. (Without -trimpath, which would compile every package anew.)
func TestVersionOfRelease(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: it builds a program")
	}
	root := filepath.Join("..", "..")
	config := readText(t, filepath.Join(root, ".ci", "goreleaser.yaml"))
	const version, revision = "1.2.3-pre4", "0123456789abcdef0123456789abcdef01234567"
	var flags string
	for line := range strings.Lines(config) {
		if rest, ok := strings.CutPrefix(strings.TrimSpace(line), "- -s -w "); ok {
			flags = strings.NewReplacer("{{ .Version }}", version, "{{ .FullCommit }}", revision).Replace("-s -w " + rest)
		}
	}
	if strings.Count(flags, "-X main.") != 2 || strings.Contains(flags, "{{") {
		t.Fatalf("linker's flags of .ci/goreleaser.yaml: got %q, want those that set version and revision", flags)
	}
	name := filepath.Join(t.TempDir(), "mendcap.exe")
	if out, err := exec.Command("go", "build", "-buildvcs=false", "-ldflags", flags, "-o", name, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	out, err := exec.Command(name, "version").Output()
	want := "mendcap " + version + ", revision " + revision + ", " + runtime.Version() + ", " + runtime.GOOS + "/" + runtime.GOARCH + "\n"
	if err != nil || string(out) != want {
		t.Errorf("version: got %q, error %v; want %q", out, err, want)
	}
}
