package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mendcap/mendcap/internal/store"
	"github.com/mendcap/mendcap/repair/batch/lots"
	"github.com/mendcap/mendcap/report"
)

// batchUses are the words that may come first after batch, where no captures do.
var batchUses = []string{"plan", "merge", "submit"}

// misspelt refuses a first word that is no file and much like one of batchUses: what
// comes after it would be repaired instead.
func misspelt(args []string) error {
	if len(args) == 0 || slices.Contains(batchUses, args[0]) || hasGlob(args[0]) || strings.ContainsAny(args[0], `./\`) {
		return nil
	}
	meant, near := nearest(args[0], batchUses)
	if _, err := os.Lstat(args[0]); !near || !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return usagef(seeCommand, "%s: no such file or folder; did you mean batch %s?", args[0], meant)
}

// sayMissing says which paths of a plan there are not: it lists them as failed, but in the
// merged summary only.
func (s *streams) sayMissing(paths []string) {
	for _, path := range paths {
		if _, err := os.Lstat(path); !store.IsURL(path) && errors.Is(err, fs.ErrNotExist) {
			fmt.Fprintf(s.err, "mendcap: %s: no such file or folder; the merged summary lists it as failed\n", report.Sanitise(path))
		}
	}
}

// openPlan opens the plan in a folder. Its error names the plans that may be meant.
func openPlan(ctx context.Context, at string) (*lots.Run, error) {
	run, err := lots.Open(ctx, at)
	if err != nil && errors.Is(err, lots.ErrPlan) {
		if hint := plansOf(at); hint != "" {
			return nil, hinted{err, exitUsage, hint}
		}
	}
	return run, err
}

// mostPlans is how many plans of a folder a hint names.
const mostPlans = 3

// plansOf is the hint for the folder of the outputs, which was named in place of a plan
// in it: where that is, or "" if there is none.
func plansOf(dir string) string {
	if store.IsURL(dir) {
		return ""
	}
	within := filepath.Join(dir, lots.Folder)
	if filepath.Base(dir) == lots.Folder {
		within = dir
	}
	folders, err := os.ReadDir(within)
	if err != nil {
		return ""
	}
	var plans []string
	for _, folder := range folders {
		if plan := filepath.Join(within, folder.Name()); len(plans) <= mostPlans && lots.IsPlan(plan) {
			plans = append(plans, plan)
		}
	}
	switch {
	case len(plans) == 0:
		return ""
	case len(plans) > mostPlans:
		return "the plans of this folder are in " + within
	}
	return "did you mean " + strings.Join(plans, " or ") + "?"
}
