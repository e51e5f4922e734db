package diagnose

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// EvidenceBy renumbers frames and nothing else.
func TestEvidenceByOtherNumbers(t *testing.T) {
	s := verdict(Loss, "open since frame %d; from frame %d on %d ACKs ask for it, after %s", 552, 553, 35, 2e9)
	if got, want := s.Evidence(), "open since frame 552; from frame 553 on 35 ACKs ask for it, after 2.0 s"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	got := s.EvidenceBy(func(frame int64) int64 { return frame - 500 })
	if want := "open since frame 52; from frame 53 on 35 ACKs ask for it, after 2.0 s"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A number in a sentence is that of a frame after the word, or of something that is named
// after it: so nothing else is renumbered, and no frame is forgotten.
func TestNumbersAreOfFramesOrNamed(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	number := regexp.MustCompile(`(frame )?%d( \w+)?`)
	frames := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			text, ok := n.(*ast.BasicLit)
			if !ok || text.Kind != token.STRING {
				return true
			}
			for _, m := range number.FindAllStringSubmatch(text.Value, -1) {
				switch m[2] {
				case " bytes", " ACKs", " packets", " flags":
					if m[1] != "" {
						t.Errorf("%s: %s: got a frame of %s", name, text.Value, m[2])
					}
				default:
					if frames++; m[1] == "" {
						t.Errorf("%s: %s: got a number without what it counts", name, text.Value)
					}
				}
			}
			return true
		})
	}
	if frames < 40 {
		t.Errorf("got %d frames in sentences, want those of about 40 sentences", frames)
	}
}
