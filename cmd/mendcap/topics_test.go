package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/pflag"

	"github.com/mendcap/mendcap/reorder"
	"github.com/mendcap/mendcap/report"
)

// Every constant of an exit code has one row, with words of its own.
func TestTableOfExitCodes(t *testing.T) {
	seen := make(map[string]int)
	rows := make(map[int]bool)
	for _, e := range readExitCodes(t) {
		if e.name == "" || e.meaning == "" || e.hint == "" || strings.Contains(e.hint, "\n") {
			t.Errorf("%d: got %+v, want all of it, and one line of each", e.code, e)
		}
		for _, word := range []string{"name " + e.name, "meaning " + e.meaning, "hint " + e.hint} {
			if other, ok := seen[word]; ok {
				t.Errorf("%d has the %s of %d", e.code, word, other)
			}
			seen[word] = e.code
		}
		if rows[e.code] {
			t.Errorf("%d has two rows", e.code)
		}
		rows[e.code] = true
	}
	constants := exitConstants(t)
	for name, code := range constants {
		if !rows[code] {
			t.Errorf("%s = %d has no row", name, code)
		}
	}
	if len(rows) != len(constants) {
		t.Errorf("rows: got %d, want one for each of the %d constants", len(rows), len(constants))
	}
}

// exitCode is what the manual says of one.
type exitCode struct {
	code                int
	name, meaning, hint string
}

func readExitCodes(t *testing.T) (all []exitCode) {
	t.Helper()
	_, codes := exitCodes()
	for _, c := range codes {
		var e exitCode
		var err error
		number, name, _ := strings.Cut(c.Label, " ")
		if e.code, err = strconv.Atoi(number); err != nil {
			t.Fatal(err)
		}
		e.name = name
		e.meaning, e.hint, _ = strings.Cut(c.Text, ".\n")
		all = append(all, e)
	}
	return all
}

// exitConstants are the constants of exit.go that begin with exit.
func exitConstants(t *testing.T) map[string]int {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "exit.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	codes := make(map[string]int)
	ast.Inspect(file, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(v.Names[0].Name, "exit") || len(v.Values) != 1 {
			return true
		}
		if value, ok := v.Values[0].(*ast.BasicLit); ok {
			code, err := strconv.Atoi(value.Value)
			if err != nil {
				t.Fatal(err)
			}
			codes[v.Names[0].Name] = code
		}
		return true
	})
	return codes
}

// A batch ends with the codes of the table.
func TestBatchHasTheExitCodes(t *testing.T) {
	damaged := report.NewEntry("x", "", &report.Report{Damage: []report.Damage{{}}})
	if got := report.NewBatch([]report.Entry{damaged}, report.Skipped{}).Code(); got != exitDamaged {
		t.Errorf("with a damaged capture: got %d, want %d", got, exitDamaged)
	}
	failed := report.Entry{Path: "y", Outcome: report.OutcomeFailed, Code: exitIO}
	if got := report.NewBatch([]report.Entry{damaged, failed}, report.Skipped{}).Code(); got != exitSomeFailed {
		t.Errorf("with a capture that failed: got %d, want %d", got, exitSomeFailed)
	}
}

// The README's tables and the help's topics have every row.
func TestRowsAreDocumented(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	readme := strings.ReplaceAll(string(text), "`", "")
	help := make(map[string]string)
	for _, topic := range topics {
		var b strings.Builder
		if err := topic.write(&b, 1000); err != nil {
			t.Fatal(err)
		}
		help[topic.name] = b.String()
		if _, ok := find(commands(), topic.name); ok || !strings.Contains(overview(), "\n  "+topic.name+" ") {
			t.Errorf("topic %s: not in the overview, or a command too", topic.name)
		}
	}
	for _, e := range readExitCodes(t) {
		if row := fmt.Sprintf("| %d | %s |", e.code, e.meaning); !strings.Contains(readme, row) {
			t.Errorf("README has no row %s", row)
		}
		if !strings.Contains(help["exit-codes"], e.hint) {
			t.Errorf("help exit-codes lacks %d", e.code)
		}
	}
	for _, v := range report.Verdicts() {
		if !strings.Contains(readme, "\n| "+string(v)+" | ") {
			t.Errorf("README has no row for the verdict %s", v)
		}
		if !strings.Contains(help["verdicts"], "\n"+string(v)+" ") || !strings.Contains(help["verdicts"], v.Meaning()) {
			t.Errorf("help verdicts lacks %s", v)
		}
	}
	for _, law := range reorder.LawNames() {
		if !strings.Contains(help["laws"], "\n"+law+" ") {
			t.Errorf("help laws lacks %s", law)
		}
	}
	if got, want := strings.Count(help["laws"], "Broken where "), len(reorder.LawNames()); got != want {
		t.Errorf("help laws: got %d counter-examples, want one a law, %d", got, want)
	}
}

// No help is wider than 80 columns.
func TestHelpFits(t *testing.T) {
	texts := []string{overview()}
	for _, c := range commands() {
		texts = append(texts, c.help())
	}
	for _, topic := range topics {
		var b strings.Builder
		if err := topic.write(&b, helpWidth); err != nil {
			t.Fatal(err)
		}
		texts = append(texts, b.String())
	}
	for _, text := range texts {
		for line := range strings.Lines(text) {
			if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > helpWidth {
				t.Errorf("%d columns, want at most %d: %s", n, helpWidth, line)
			}
		}
	}
}

// Each page of the manual is a command's, the overview or that of the exit codes, and the usage that it
// begins with has every flag; batch refers to those of repair.
func TestManualHasTheFlags(t *testing.T) {
	for name := range manualPages(t) {
		_, command := find(commands(), name)
		_, topic := find(topics, name)
		if !command && !topic && name != "overview" && name != "README" {
			t.Errorf("%s: no command and no topic shows this page", name)
		}
	}
	repairUsage, _, _ := strings.Cut(page("repair"), "\n\n")
	for _, c := range commands() {
		usage, _, _ := strings.Cut(page(c.Name()), "\n\n")
		if strings.Contains(usage, "[FLAG OF repair]") {
			usage += repairUsage
		}
		c.VisitAll(func(f *pflag.Flag) {
			word := regexp.MustCompile(`[\[ ]--` + f.Name + `[\] \n]`) // with brackets, or without where it is needed
			if !word.MatchString(usage) && (f.Shorthand == "" || !strings.Contains(usage, "-"+f.Shorthand)) {
				t.Errorf("usage of %s lacks --%s: %s", c.Name(), f.Name, usage)
			}
		})
	}
}
