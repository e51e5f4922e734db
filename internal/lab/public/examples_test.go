package public

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestExamplesOutside runs the examples of the public packages in a module of
// their own, which can import nothing internal.
func TestExamplesOutside(t *testing.T) {
	if testing.Short() {
		t.Skip("short: builds the examples in another module")
	}
	root, err := filepath.Abs(filepath.Join("..", "..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	outside := t.TempDir()
	writeModule(t, root, outside)
	if err := os.Symlink(filepath.Join(root, "testdata"), filepath.Join(outside, "testdata")); err != nil {
		t.Skipf("no symbolic links: %v", err)
	}
	copied := 0
	for _, p := range packages(t) {
		for _, name := range p.XTestGoFiles {
			if !strings.HasPrefix(name, "example") {
				continue
			}
			text, err := os.ReadFile(filepath.Join(p.Dir, name))
			if err != nil {
				t.Fatal(err)
			}
			// At the same depth, since some read testdata.
			dir := filepath.Join(outside, strings.TrimPrefix(p.ImportPath, module+"/"))
			if err := os.MkdirAll(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
				t.Fatal(err)
			}
			copied++
		}
	}
	if copied < 5 {
		t.Errorf("examples: got %d files, want one of each public package that has one", copied)
	}
	cmd := exec.Command("go", "test", "./...")
	cmd.Dir = outside
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("go test of the examples outside: %v\n%s", err, out)
	}
}

var moduleLine = regexp.MustCompile(`(?m)^module .*$`)

// writeModule writes a module at dir that requires the one at root, and all that
// that one requires, at the same versions.
func writeModule(t *testing.T, root, dir string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	text = moduleLine.ReplaceAll(text, []byte("module example.com/outside\n\nrequire "+module+" v0.0.0\n\nreplace "+module+" => "+root))
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"go.mod": text, "go.sum": sums} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
