package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/mendcap/mendcap/"

// contributing has the table of packages.
const contributing = "../../.github/CONTRIBUTING.md"

// tableRow matches a row of that table: the package, what it is for, and what it may
// import.
var tableRow = regexp.MustCompile("(?m)^\\| `([^`]+)` \\| ([^|]+) \\|([^|]*)\\|$")

// below returns which of our packages each may import, by their paths within the
// module. "internal/lab" means all of the lab.
func below(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile(contributing)
	if err != nil {
		t.Fatal(err)
	}
	rows := make(map[string][]string)
	for _, row := range tableRow.FindAllStringSubmatch(string(text), -1) {
		name, purpose := row[1], row[2]
		if !strings.HasSuffix(purpose, ".") {
			t.Errorf("what %s is for is no sentence: %q", name, purpose)
		}
		rows[name] = quoted.FindAllString(row[3], -1)
		for i, word := range rows[name] {
			rows[name][i] = strings.Trim(word, "`")
		}
	}
	return rows
}

var quoted = regexp.MustCompile("`[^`]+`")

const lab = "internal/lab"

// goPackage is what go list says of a package.
type goPackage struct {
	ImportPath                         string
	Imports, TestImports, XTestImports []string
}

// TestImportsGoDown holds every package, and its tests, to what it may import.
// Tests may also use the lab.
func TestImportsGoDown(t *testing.T) {
	rows, found := below(t), map[string]bool{lab: true}
	for _, p := range listPackages(t) {
		name := strings.TrimPrefix(p.ImportPath, module)
		if isLab(name) {
			continue
		}
		allowed, ok := rows[name]
		found[name] = true
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
	for name := range rows {
		if !found[name] {
			t.Errorf("there is no package %s", name)
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

// TestChosenLibrariesAreInTheBinary: these were chosen for the product, so they must do
// their work there and not in tests alone. gopacket is the other way round: its tables of
// layers took half of the time that a start takes, and 8 MB, so that package packet
// is compared with it in tests, and it has no place in the binary.
func TestChosenLibrariesAreInTheBinary(t *testing.T) {
	deps := strings.Fields(string(goList(t, "-deps", module+"cmd/mendcap")))
	for _, want := range []string{"github.com/spf13/pflag", "github.com/olekukonko/tablewriter"} {
		if !slices.Contains(deps, want) {
			t.Errorf("the binary does not depend on %s", want)
		}
	}
	const reference = "github.com/google/gopacket"
	if slices.Contains(deps, reference) {
		t.Errorf("the binary depends on %s", reference)
	}
	if tests := strings.Fields(string(goList(t, "-deps", "-test", module+"internal/packet"))); !slices.Contains(tests, reference) {
		t.Errorf("the tests of package packet don't depend on %s", reference)
	}
}
