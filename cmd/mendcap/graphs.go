package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/mendcap/mendcap/internal/atomicfile"
	"github.com/mendcap/mendcap/internal/naming"
	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/render"
)

// graphStem returns what the names of a capture's graphs begin with.
func (f *repairFlags) graphStem(capture string) string {
	return filepath.Join(f.graphs, filepath.Base(naming.Stem(capture)))
}

// checkGraphs checks the folder of --graphs.
func (f *repairFlags) checkGraphs() error {
	if info, err := os.Stat(f.graphs); f.graphs != "" && err == nil && !info.IsDir() {
		return usagef("--graphs takes a folder, or the name of one to make", "%s is not a folder", f.graphs)
	}
	return nil
}

// claimGraphs claims the names of a capture's graphs by the first of them: captures of one
// name from several folders would replace each other's.
func (f *repairFlags) claimGraphs(of *claims, capture string) error {
	if f.graphs == "" {
		return nil
	}
	first := f.graphStem(capture) + "-01.svg"
	if what, ok := of.find(first); ok {
		return usagef("draw them in two runs, into two folders", "the first graph of %s would be %s, which is %s", capture, first, what)
	}
	of.add(first, "the first graph of "+capture)
	return nil
}

// writeGraphs writes the graphs of a capture's connections into the folder of --graphs, in
// the order of the report: X-01.svg, and for xplot X-01.before.xpl and X-01.after.xpl. All
// of them, or none where one would replace another file unasked.
func (f *repairFlags) writeGraphs(capture string, r *report.Report) error {
	if f.graphs == "" {
		return nil
	}
	var files []smallFile
	number := 0
	for i := range r.Flows.List {
		flow := &r.Flows.List[i]
		if flow.Graph == nil {
			continue
		}
		number++
		stem := fmt.Sprintf("%s-%02d", f.graphStem(capture), number)
		for _, form := range []struct {
			suffix string
			write  func(io.Writer) error
		}{
			{".svg", func(w io.Writer) error { return render.GraphSVG(w, flow) }},
			{".before.xpl", func(w io.Writer) error { return render.GraphXplot(w, flow, false) }},
			{".after.xpl", func(w io.Writer) error { return render.GraphXplot(w, flow, true) }},
		} {
			var b bytes.Buffer
			if err := form.write(&b); err != nil {
				return fmt.Errorf("draw a graph: %w", err)
			}
			files = append(files, smallFile{stem + form.suffix, b.Bytes()})
		}
	}
	return writeFiles(files, atomicfile.Permissions(capture), f.options.Force)
}
