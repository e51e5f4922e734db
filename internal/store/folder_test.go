package store

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestFolder(t *testing.T) {
	conform(t, NewFolder(filepath.Join(t.TempDir(), "made by the first")))
}

// TestFolderKeepsKeysInside: no key leads out of the folder, and links are told.
func TestFolderKeepsKeysInside(t *testing.T) {
	ctx, s := context.Background(), NewFolder(t.TempDir())
	for _, key := range []string{"../x", "/x", "d/../../x", ""} {
		if err := s.Put(ctx, key, writing(nil)); err == nil {
			t.Errorf("%q was taken as a key", key)
		}
	}
	put(ctx, t, s, "d/x", nil)
	if err := os.Symlink("x", s.Local("d/z")); err != nil {
		t.Skip(err)
	}
	for o, err := range s.List(ctx, "d/z") {
		if err != nil || o.Mode != fs.ModeSymlink {
			t.Errorf("a link: got %v, %v, want %v", o.Mode, err, fs.ModeSymlink)
		}
	}
}
