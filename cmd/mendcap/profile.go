package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/mendcap/mendcap/internal/atomicfile"
	"github.com/mendcap/mendcap/internal/comment"
	"github.com/mendcap/mendcap/internal/filesys"
	"github.com/mendcap/mendcap/repair"
)

func profileCommand() *command {
	flags := newFlags("wireshark-profile")
	force := flags.Bool("force", false, "replace other files of the same names")
	return &command{flags, func(_ context.Context, s *streams, args []string) int {
		if len(args) != 1 {
			return s.fail("", usagef(seeCommand, "one folder must be named, not %d", len(args)))
		}
		return s.writeProfile(args[0], *force)
	}}
}

// writeProfile writes all files of the profile, or none that would replace
// another one.
func (s *streams) writeProfile(dir string, force bool) int {
	files := comment.WiresharkProfile()
	for _, f := range files {
		name := filepath.Join(dir, f.Name)
		same, err := filesys.Holds(name, []byte(f.Text))
		switch {
		case errors.Is(err, os.ErrNotExist):
		case err != nil:
			return s.fail("", fmt.Errorf("read what is there: %w", err))
		case !force && !same:
			return s.fail("", fmt.Errorf("%w: %s", repair.ErrExists, name))
		}
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return s.fail("", fmt.Errorf("make the folder: %w", err))
	}
	for _, f := range files {
		write := func(w io.Writer) error { _, err := io.WriteString(w, f.Text); return err }
		if err := atomicfile.Write(filepath.Join(dir, f.Name), 0o666, write); err != nil {
			return s.fail("", fmt.Errorf("write the profile: %w", err))
		}
	}
	return exitDone
}
