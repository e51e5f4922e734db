package compare

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
)

// build builds the command of the present tree, and that of another revision in
// a checkout of its own.
func (b *bench) build(ctx context.Context, revision string) (err error) {
	b.now, b.other = filepath.Join(b.dir, "now"), filepath.Join(b.dir, "other")
	if err := runIn(ctx, "", "go", "build", "-o", b.now, "github.com/mendcap/mendcap/cmd/mendcap"); err != nil {
		return err
	}
	tree := filepath.Join(b.dir, "tree")
	if err := runIn(ctx, "", "git", "worktree", "add", "--quiet", "--detach", tree, revision); err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, runIn(context.WithoutCancel(ctx), "", "git", "worktree", "remove", "--force", tree))
	}()
	return runIn(ctx, tree, "go", "build", "-o", b.other, "./cmd/mendcap")
}

// runIn runs a program in a folder. What it prints is told with its failure.
func runIn(ctx context.Context, dir, program string, args ...string) error {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w\n%s", program, args[0], err, bytes.TrimSpace(out))
	}
	return nil
}
