//go:build linux

package kubernetes

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// The version of Kubernetes, and of the modules that are parts of it.
const (
	version = "v1.36.3"
	parts   = "v0.36.3"
)

// staged matches the parts that Kubernetes' go.mod takes from its own tree, which its
// module does not have.
var staged = regexp.MustCompile(`(?m)^\s+(k8s\.io/\S+) => \./staging/`)

// build builds the API server and the controllers into a folder.
func build(ctx context.Context, bin string) error {
	if err := os.MkdirAll(bin, 0o777); err != nil {
		return err
	}
	module := "module control\n\ngo 1.26\n"
	if err := os.WriteFile(filepath.Join(bin, "go.mod"), []byte(module), 0o666); err != nil {
		return err
	}
	text, err := golang(ctx, bin, "mod", "download", "-json", "k8s.io/kubernetes@"+version)
	if err != nil {
		return err
	}
	var found struct{ GoMod string }
	if err := json.Unmarshal([]byte(text), &found); err != nil {
		return err
	}
	theirs, err := os.ReadFile(found.GoMod)
	if err != nil {
		return err
	}
	edits := []string{"mod", "edit", "-require=k8s.io/kubernetes@" + version}
	for _, m := range staged.FindAllSubmatch(theirs, -1) {
		edits = append(edits, fmt.Sprintf("-replace=%s=%[1]s@%s", m[1], parts))
	}
	if _, err := golang(ctx, bin, edits...); err != nil {
		return err
	}
	// Inlining is left out: it takes most of the time.
	_, err = golang(ctx, bin, "build", "-mod=mod", "-trimpath", "-ldflags=-s -w", "-gcflags=all=-l", "-o", bin+"/",
		"k8s.io/kubernetes/cmd/kube-apiserver", "k8s.io/kubernetes/cmd/kube-controller-manager")
	return err
}

func golang(ctx context.Context, dir string, args ...string) (string, error) {
	var complaints strings.Builder
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Stderr = dir, &complaints
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("go %s: %w\n%s", args[0], err, complaints.String())
	}
	return string(out), err
}
