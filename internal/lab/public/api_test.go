package public

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mendcap/mendcap/internal/lab/golden"
)

const module = "github.com/mendcap/mendcap"

// goPackage is what go list says of a package.
type goPackage struct {
	ImportPath, Name, Dir string
	GoFiles, XTestGoFiles []string
}

// packages returns the packages that other modules can import.
func packages(t *testing.T) (list []goPackage) {
	t.Helper()
	out, err := exec.Command("go", "list", "-json", module+"/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if p.Name != "main" && !strings.Contains(p.ImportPath, "/internal/") {
			list = append(list, p)
		}
	}
	if len(list) < 5 {
		t.Fatalf("public packages: got %d, want all", len(list))
	}
	return list
}

// TestAPI holds the exported declarations to those of testdata/api.txt, so that
// each change of them is seen and meant.
func TestAPI(t *testing.T) {
	var api bytes.Buffer
	for _, p := range packages(t) {
		fmt.Fprintf(&api, "package %s\n\n", strings.TrimPrefix(p.ImportPath, module+"/"))
		for _, declaration := range exported(t, &p) {
			fmt.Fprintf(&api, "%s\n\n", declaration)
		}
	}
	golden.Check(t, "api.txt", api.Bytes())
}

// exported returns the exported declarations of p, sorted, without comments.
func exported(t *testing.T, p *goPackage) (list []string) {
	t.Helper()
	files := token.NewFileSet()
	for _, name := range p.GoFiles {
		file, err := parser.ParseFile(files, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.FileExports(file)
		for _, d := range file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if !onExported(d) {
					continue
				}
				d.Body = nil
			case *ast.GenDecl:
				if d.Tok == token.IMPORT {
					continue
				}
			}
			var text bytes.Buffer
			if err := format.Node(&text, files, d); err != nil {
				t.Fatal(err)
			}
			list = append(list, text.String())
		}
	}
	slices.Sort(list)
	return list
}

// onExported reports whether a function is none of an unexported type's methods.
func onExported(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	receiver := d.Recv.List[0].Type
	if pointer, ok := receiver.(*ast.StarExpr); ok {
		receiver = pointer.X
	}
	if generic, ok := receiver.(*ast.IndexExpr); ok {
		receiver = generic.X
	}
	return receiver.(*ast.Ident).IsExported()
}
