package picture

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// README's picture is what the command draws.
func TestPictureIsDrawn(t *testing.T) {
	root := filepath.Join("..", "..", "..", "..")
	var b bytes.Buffer
	if err := Draw(t.Context(), &b, filepath.Join(root, "testdata", "rawsocket.pcapng")); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(root, "cmd", "mendcap", "manual", "before-and-after.svg"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, b.Bytes()) {
		t.Error("the picture is not what is drawn today; go run ./internal/lab/cmd picture draws it")
	}
}
