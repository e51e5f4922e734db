package page

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/mendcap/mendcap/internal/lab/browser"
	"github.com/mendcap/mendcap/internal/lab/builds"
)

// axeVersion is that of axe-core.
const axeVersion = "4.14.1"

// axeCore returns the script of axe-core, which npm fetches where the folder lacks it.
func axeCore(ctx context.Context, dir string) (string, error) {
	file := filepath.Join(dir, "node_modules", "axe-core", "axe.min.js")
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return "", err
		}
		if err := builds.Run(ctx, "", "npm", "install", "--prefix", dir, "--no-save", "--ignore-scripts", "--silent", "axe-core@"+axeVersion); err != nil {
			return "", err
		}
		text, err = os.ReadFile(file)
	}
	return string(text), err
}

// finding is a rule that a page breaks.
type finding struct {
	ID, Impact, Help string
	Nodes            []string
}

// askAxe asks axe-core about the present page. Findings that are serious or critical are
// returned, others printed.
func askAxe(s *browser.Session, axe string) (wrong []string, err error) {
	if err := s.Run(axe, nil); err != nil {
		return nil, err
	}
	var found []finding
	const ask = `return (await axe.run(document, {resultTypes: ["violations"]})).violations.map((v) =>
		({id: v.id, impact: v.impact, help: v.help, nodes: v.nodes.slice(0, 3).map((n) => n.html.slice(0, 120))}));`
	if err := s.Run(ask, &found); err != nil {
		return nil, err
	}
	for _, f := range found {
		said := fmt.Sprintf("axe: %s, %s: %s: %s", f.Impact, f.ID, f.Help, strings.Join(f.Nodes, " "))
		if f.Impact == "serious" || f.Impact == "critical" {
			wrong = append(wrong, said)
		} else {
			fmt.Println(said)
		}
	}
	return wrong, nil
}
