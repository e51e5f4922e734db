package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// promiseRow matches a row of CONTRIBUTING's table of promises: the promise, a package,
// a test, and a script that the test runs.
var promiseRow = regexp.MustCompile("(?m)^\\| (.+) \\| `([a-z/]+)` `(Test\\w+)(?:/([a-z]+))?` \\|$")

// TestPromisesHaveTests holds each row to README.md or the manual, of which one must have
// its words, and to a test of that name that does not ask for the samples.
func TestPromisesHaveTests(t *testing.T) {
	root := filepath.Join("..", "..")
	said := readText(t, filepath.Join(root, "README.md"))
	for name := range manualPages(t) {
		said += "\n\n" + page(name)
	}
	said = strings.Join(strings.Fields(said), " ")
	rows := promiseRow.FindAllStringSubmatch(readText(t, contributing), -1)
	for _, row := range rows {
		promise, pkg, test, script := row[1], row[2], row[3], row[4]
		if !strings.Contains(said, promise) {
			t.Errorf("neither README.md nor the manual promises %q", promise)
		}
		if !showsWithoutSamples(t, filepath.Join(root, pkg), test) {
			t.Errorf("%s has no %s that runs without the samples", pkg, test)
		}
		if script != "" {
			readText(t, filepath.Join(root, pkg, "testdata", "script", script+".txtar"))
		}
	}
	if table := strings.Count(readText(t, contributing), "` `Test"); len(rows) != table || table == 0 {
		t.Errorf("rows: read %d, want the %d that name a test", len(rows), table)
	}
}

// showsWithoutSamples reports whether a folder has a test of that name which neither
// reads MENDCAP_SAMPLES nor calls what does.
func showsWithoutSamples(t *testing.T, folder, test string) (found bool) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	functions := make(map[string]*ast.FuncDecl)
	for _, path := range paths {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil {
				functions[f.Name.Name] = f
			}
		}
	}
	asks, seen := false, make(map[string]bool)
	var look func(name string)
	look = func(name string) {
		if seen[name] || functions[name] == nil {
			return
		}
		seen[name] = true
		ast.Inspect(functions[name], func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BasicLit:
				asks = asks || strings.Contains(n.Value, "MENDCAP_SAMPLES")
			case *ast.Ident:
				look(n.Name)
			}
			return true
		})
	}
	look(test)
	return functions[test] != nil && !asks
}

func readText(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
