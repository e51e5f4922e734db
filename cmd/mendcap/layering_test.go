package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/mendcap/mendcap/"

// below says which of our packages each may import, by their paths within the
// module. "internal/lab" stands for all of the lab.
var below = map[string][]string{
	"cmd/mendcap":      {"repair", "repair/batch", "report", "infer", "infer/tables", "internal/filesys"},
	"repair/batch":     {"repair", "report", "infer/tables", "internal/filesys"},
	"repair":           {"repair/diagnose", "infer", "infer/tables", "reorder", "report", "internal/capture", "internal/filesys", "internal/packet", "internal/tcp"},
	"repair/diagnose":  {"reorder", "report", "internal/tcp"},
	"infer":            {"internal/packet", "internal/tcp"},
	"infer/tables":     {"infer", "internal/filesys"},
	"reorder":          {"internal/tcp"},
	"report":           {},
	"internal/capture": {},
	"internal/filesys": {},
	"internal/packet":  {},
	"internal/tcp":     {},
}

const lab = "internal/lab"

// goPackage is what go list says of a package.
type goPackage struct {
	ImportPath                         string
	Imports, TestImports, XTestImports []string
}

// TestImportsGoDown holds every package, and its tests, to what it may import.
// Tests may use the lab besides.
func TestImportsGoDown(t *testing.T) {
	for _, p := range listPackages(t) {
		name := strings.TrimPrefix(p.ImportPath, module)
		if isLab(name) {
			continue
		}
		allowed, ok := below[name]
		if !ok {
			t.Errorf("package %s has no place in the house", name)
			continue
		}
		for _, imported := range ours(p.Imports) {
			if !slices.Contains(allowed, imported) {
				t.Errorf("%s imports %s", name, imported)
			}
		}
		for _, imported := range ours(slices.Concat(p.TestImports, p.XTestImports)) {
			if imported != name && !isLab(imported) && !slices.Contains(allowed, imported) {
				t.Errorf("a test of %s imports %s", name, imported)
			}
		}
	}
}

func isLab(name string) bool { return name == lab || strings.HasPrefix(name, lab+"/") }

// ours returns those of the imports that are of this module, by their paths
// within it.
func ours(imports []string) []string {
	var names []string
	for _, path := range imports {
		if name, ok := strings.CutPrefix(path, module); ok {
			names = append(names, name)
		}
	}
	return names
}

func listPackages(t *testing.T) []goPackage {
	t.Helper()
	out := goList(t, "-json=ImportPath,Imports,TestImports,XTestImports", module+"...")
	var packages []goPackage
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
	if len(packages) < 5 {
		t.Fatalf("packages listed: got %d, want all of the module", len(packages))
	}
	return packages
}

func goList(t *testing.T, args ...string) []byte {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list"}, args...)...)
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("go list: %v\n%s", err, exit.Stderr)
		}
		t.Fatal(err)
	}
	return out
}

// TestChosenLibrariesAreInTheBinary: the three were chosen for the product, so
// they must do their work there and not in tests alone.
func TestChosenLibrariesAreInTheBinary(t *testing.T) {
	deps := strings.Fields(string(goList(t, "-deps", module+"cmd/mendcap")))
	for _, want := range []string{"github.com/google/gopacket", "github.com/spf13/pflag", "github.com/olekukonko/tablewriter"} {
		if !slices.Contains(deps, want) {
			t.Errorf("the binary does not depend on %s", want)
		}
	}
}
