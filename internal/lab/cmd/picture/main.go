// Package picture draws what README.md shows: a connection of the sample capture as
// recorded and as repaired, and below it the first screen of the report.
//
//	lab picture [-o cmd/mendcap/manual/before-and-after.svg]
package picture

import (
	"bytes"
	"cmp"
	"context"
	"flag"
	"fmt"
	"html"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mendcap/mendcap/repair"
	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/render"
)

// The measures of the picture, pixels, and of the screen in it.
const (
	width       = 1132
	screenLines = 24
	columns     = 80
	lineHeight  = 19
	margin      = 16
)

// Main is the command.
func Main() {
	out := flag.String("o", filepath.Join("cmd", "mendcap", "manual", "before-and-after.svg"), "`FILE` to write")
	flag.Parse()
	var b bytes.Buffer
	err := Draw(context.Background(), &b, filepath.Join("testdata", "rawsocket.pcapng"))
	if err == nil {
		err = os.WriteFile(*out, b.Bytes(), 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "picture:", err)
		os.Exit(1)
	}
}

// Draw repairs a capture, without an output, and draws the connection of it of which most
// moved.
func Draw(ctx context.Context, w io.Writer, capture string) error {
	r, err := repair.File(ctx, capture, os.DevNull, repair.Options{})
	if err != nil {
		return err
	}
	flow := slices.MaxFunc(r.Flows.List, func(a, b report.Flow) int { return cmp.Compare(drawn(&a), drawn(&b)) })
	var graph, screen bytes.Buffer
	if err := render.GraphSVG(&graph, &flow); err != nil {
		return err
	}
	if err := render.Terminal(&screen, &r, render.Screen{Width: columns}); err != nil {
		return err
	}
	lines := strings.Split(screen.String(), "\n")
	lines = lines[:min(len(lines), screenLines)]
	_, below := size(graph.String())
	height := below + 2*margin + len(lines)*lineHeight + lineHeight
	fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img" aria-label="A connection as recorded and as repaired, and the first screen of the report">`+"\n", width, height, width, height)
	fmt.Fprintf(w, `<rect width="%d" height="%d" fill="#ffffff"/>`+"\n", width, height)
	io.WriteString(w, graph.String())
	fmt.Fprintf(w, `<g transform="translate(0 %d)"><rect x="%d" width="%d" height="%d" rx="8" style="fill:#1c2026"/>`+"\n", below, margin, width-2*margin, height-below-margin)
	for i, line := range lines {
		if line != "" {
			fmt.Fprintf(w, `<text x="%d" y="%d" xml:space="preserve" style="fill:#e8e6e1;font:13px ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace">%s</text>`+"\n", 2*margin, (i+1)*lineHeight+lineHeight/2, html.EscapeString(line))
		}
	}
	_, err = io.WriteString(w, "</g>\n</svg>\n")
	return err
}

// drawn is how many packets of a connection's picture moved.
func drawn(f *report.Flow) (moved int) {
	if f.Graph == nil {
		return -1
	}
	for _, p := range f.Graph.Points {
		if p.Moved {
			moved++
		}
	}
	return moved
}

// size reads the width and the height of a picture.
func size(svg string) (width, height int) {
	_, rest, _ := strings.Cut(svg, ` width="`)
	fmt.Sscanf(rest, `%d" height="%d"`, &width, &height)
	return width, height
}
