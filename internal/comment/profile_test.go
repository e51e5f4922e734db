package comment

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"

	"github.com/mendcap/mendcap/report"
)

// Each word of the comments has a colouring rule and a button that filter by it, and
// nothing else of the profile filters by a comment.
func TestProfileHasTheWords(t *testing.T) {
	filters := map[string]string{"verdict": fmt.Sprintf("frame.comment matches %q", Mark+"("+strings.Join(asking(), "|")+")[ ,]")}
	for _, word := range wordsOf(t) {
		filters[word] = fmt.Sprintf("frame.comment contains %q", Mark+word)
	}
	for word, filter := range filters {
		if want := "\n@mendcap " + word + "@" + filter + "@["; strings.Count(colouring, want) != 1 {
			t.Errorf("colorfilters: got\n%s\nwant one line that begins with %q", colouring, want)
		}
		want := fmt.Sprintf("\"TRUE\",\"mendcap//%s\",\"%s\",\"\"\n", word, strings.ReplaceAll(filter, `"`, `\x22`))
		if strings.Count(buttons, want) != 1 {
			t.Errorf("dfilter_buttons: got\n%s\nwant one line %q", buttons, want)
		}
	}
	if got := strings.Count(colouring, "@frame.comment"); got != len(filters) {
		t.Errorf("rules for comments: got %d, want %d", got, len(filters))
	}
	if got := strings.Count(buttons, ",\"frame.comment"); got != len(filters)+1 {
		t.Errorf("buttons for comments: got %d, want %d and one for all of them", got, len(filters))
	}
	if flags, first := strings.Index(colouring, "@tcp.analysis.flags"), strings.Index(colouring, "frame.comment"); flags < 0 || flags > first {
		t.Error("no rule for the analyser's flags is before those for comments, which would win")
	}
	if last, first := strings.LastIndex(colouring, "frame.comment"), strings.Index(colouring, "\n@TCP@"); last > first {
		t.Error("a rule for comments comes after one for protocols, which would win")
	}
}

// A program's name is data in the script: what Lua would read in it is escaped.
func TestScriptQuotesTheProgram(t *testing.T) {
	got := WiresharkScript("C:\\a \"b\"\n]]é")
	if want := `local default_program = "C:\092a \034b\034\010]]\195\169" -- set by`; !strings.Contains(got, want) {
		t.Errorf("got\n%s\nwant a line that begins with\n%s", got[:600], want)
	}
}

// asking are the verdicts that ask for attention.
func asking() (names []string) {
	for _, v := range report.Verdicts() {
		if report.FailsCheck(v) && v != report.NotCaptured {
			names = append(names, string(v))
		}
	}
	return names
}

// wordsOf returns the constants of comment.go but for the Mark.
func wordsOf(t *testing.T) (words []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "comment.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok && v.Names[0].Name != "Mark" {
			word, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			words = append(words, word)
		}
		return true
	})
	if len(words) < 7 {
		t.Fatalf("words: got %v, want all constants", words)
	}
	return words
}
