package tshark

import (
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestNoneIsNamed(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if _, err := Find(t.Context()); !errors.Is(err, ErrNone) {
		t.Errorf("without tshark: got %v, want %v", err, ErrNone)
	}
	if err := Each(t.Context(), "any.pcap", nil, nil); !errors.Is(err, ErrNone) {
		t.Errorf("rows without tshark: got %v, want %v", err, ErrNone)
	}
}

func TestEachFailsWithTshark(t *testing.T) {
	Need(t)
	missing := filepath.Join(t.TempDir(), "missing.pcap")
	err := Each(t.Context(), missing, []string{"frame.number"}, func([]string) error { return nil })
	var exit *exec.ExitError
	if !errors.As(err, &exit) || !strings.Contains(err.Error(), "missing.pcap") {
		t.Errorf("a missing file: got %v, want tshark's exit and the file's name", err)
	}
}

func TestEachStopsWithRow(t *testing.T) {
	Need(t)
	enough := errors.New("enough")
	n := 0
	err := Each(t.Context(), filepath.Join("..", "..", "..", "testdata", "rawsocket.pcapng"), []string{"frame.number", "ip.src"}, func(cells []string) error {
		if n++; n == 3 {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) || n != 3 {
		t.Errorf("got %v after %d rows, want %v after 3", err, n, enough)
	}
}
