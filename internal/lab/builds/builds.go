// Package builds builds mendcap's command, of the present tree and of other revisions, to
// compare them.
package builds

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
)

// Here builds the command of the present tree into a file.
func Here(ctx context.Context, file string) error {
	return Run(ctx, "", "go", "build", "-o", file, "github.com/mendcap/mendcap/cmd/mendcap")
}

// Of builds the command of another revision into a file, in a checkout of its own.
func Of(ctx context.Context, revision, file string) (err error) {
	tree, err := os.MkdirTemp("", "builds-*")
	if err != nil {
		return err
	}
	if err := Run(ctx, "", "git", "worktree", "add", "--quiet", "--detach", tree, revision); err != nil {
		return errors.Join(err, os.RemoveAll(tree))
	}
	defer func() {
		err = errors.Join(err, Run(context.WithoutCancel(ctx), "", "git", "worktree", "remove", "--force", tree))
	}()
	return Run(ctx, tree, "go", "build", "-o", file, "./cmd/mendcap")
}

// Run runs a program in a folder. What it prints is told with its failure.
func Run(ctx context.Context, dir, program string, args ...string) error {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w\n%s", program, args[0], err, bytes.TrimSpace(out))
	}
	return nil
}
