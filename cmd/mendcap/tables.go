package main

import (
	"context"
	"fmt"
	"io"

	"github.com/mendcap/mendcap/infer"
	"github.com/mendcap/mendcap/infer/tables"
	"github.com/mendcap/mendcap/repair"
	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/render"
)

func tablesCommand() *command {
	flags := newFlags("tables")
	asJSON := flags.Bool("json", false, "print the union of all tables in mendcap's own JSON form")
	script := flags.String("script", "", "print a script that records a `system`'s tables: "+alternatives(scriptSystems))
	return &command{flags, func(ctx context.Context, s *streams, args []string) int {
		if *script != "" {
			return s.showScript(*script, args)
		}
		return s.showTables(ctx, args, *asJSON)
	}}
}

// showScript prints the script that records a system's tables.
func (s *streams) showScript(system string, args []string) int {
	text, ok := tables.Script(system)
	switch {
	case !ok:
		return s.fail("", usagef(seeCommand, "--script: there is none for %q: %s", system, alternatives(scriptSystems)))
	case len(args) > 0:
		return s.fail("", usagef(seeCommand, "--script takes no path"))
	}
	return s.print(text)
}

func (s *streams) showTables(ctx context.Context, args []string, asJSON bool) int {
	paths, err := expandGlobs("file or folder of tables", args)
	if err != nil {
		return s.fail("", err)
	}
	snapshot, results, loadErr := tables.Load(ctx, paths...)
	if ctx.Err() != nil {
		return s.fail("", ctx.Err())
	}
	files, code := s.tableFiles(results, loadErr == nil)
	if loadErr != nil {
		code = max(code, s.fail("", fmt.Errorf("%w: %w", repair.ErrNoTables, loadErr)))
	}
	json := func(w io.Writer) error { return tables.WriteJSON(w, snapshot) }
	text := func(w io.Writer) error {
		if len(files) == 0 {
			return nil
		}
		return render.Tables(w, files, roles(snapshot), s.width)
	}
	return max(code, s.show(asJSON, json, text))
}

// roles counts what the tables together say.
func roles(snapshot *infer.Snapshot) (list []render.TableRole) {
	for _, r := range tables.Roles(snapshot) {
		list = append(list, render.TableRole(r))
	}
	return list
}

// tableFiles returns results as the report shows them, and prints what could
// not be used, and where all were there that nothing could.
func (s *streams) tableFiles(results []tables.Result, all bool) (files []render.TableFile, code int) {
	rows := 0
	for _, r := range results {
		f := render.TableFile{Problem: r.Problem, Table: report.Table{Name: r.Name, Format: r.Format,
			Rows: r.Rows, Addresses: r.Addresses, NotUnderstood: r.NotUnderstood, Cut: r.Cut}}
		for _, line := range r.Lines {
			f.Lines = append(f.Lines, render.TableLine(line))
		}
		if r.Packets > 0 {
			f.Format += fmt.Sprintf(", and %d events about single packets, for the capture that was recorded meanwhile", r.Packets)
		}
		files = append(files, f)
		rows += r.Rows + r.Packets
		if r.Problem != "" {
			code = exitDamaged
			fmt.Fprintf(s.err, "mendcap: %s: %s\n", report.Sanitise(r.Name), report.Sanitise(r.Problem))
		}
	}
	if rows == 0 {
		code = exitNoCapture
		if all {
			fmt.Fprintln(s.err, "mendcap: no row was found in any file")
		}
	}
	return files, code
}
