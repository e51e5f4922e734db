package filesys

import (
	"os"
	"testing"
)

func TestIsNull(t *testing.T) {
	for name, want := range map[string]bool{os.DevNull: true, "null": false, "": false, "-": false} {
		if got := IsNull(name); got != want {
			t.Errorf("IsNull(%q): got %v, want %v", name, got, want)
		}
	}
}
