// Package tshark runs tshark, the judge of what is in a capture, and reads the
// fields that it prints.
//
// It promises nothing for versions other than that of Line: their rules differ.
package tshark

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

// Line is the version line of Wireshark that is taken for the judge.
const Line = "4.0"

// ErrNone says that there is no tshark of that line.
var ErrNone = errors.New("no tshark " + Line)

// Find returns the path of a tshark of the right line, or an error that wraps
// ErrNone and says what was found instead.
func Find(ctx context.Context) (string, error) {
	path, err := exec.LookPath("tshark")
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrNone, err)
	}
	first, asked := versions.Load(path)
	if !asked {
		out, err := exec.CommandContext(ctx, path, "--version").Output()
		if err != nil {
			return "", fmt.Errorf("%w: tshark --version: %w", ErrNone, err)
		}
		first, _, _ = strings.Cut(string(out), "\n")
		versions.Store(path, first)
	}
	if !strings.HasPrefix(first.(string), "TShark (Wireshark) "+Line+".") {
		return "", fmt.Errorf("%w: found %q", ErrNone, first)
	}
	return path, nil
}

// versions are the first lines of what each tshark says of its version, by path.
var versions sync.Map

// Need skips the test where there is no tshark of the right line.
func Need(t testing.TB) {
	t.Helper()
	if _, err := Find(t.Context()); err != nil {
		t.Skipf("%s is not compared with tshark: %v", t.Name(), err)
	}
}

// Each has tshark read the capture at path, with options added to its command
// line, and calls row with the values of fields of each packet that it prints, in
// the file's order; cells are valid until row returns. A packet's several values of
// one field are separated by commas. Where tshark itself failed the error wraps an
// *exec.ExitError: it does so on a damaged file, after the packets before the
// damage. What it complains of without failing is an error too.
func Each(ctx context.Context, path string, fields []string, row func(cells []string) error, options ...string) error {
	tshark, err := Find(ctx)
	if err != nil {
		return err
	}
	args := append([]string{"-n", "-r", path, "-T", "fields"}, options...)
	for _, field := range fields {
		args = append(args, "-e", field)
	}
	cmd := exec.CommandContext(ctx, tshark, args...)
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("run tshark: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("run tshark: %w", err)
	}
	if err := eachLine(out, len(fields), row); err != nil {
		_ = cmd.Process.Kill() // it would wait for its output to be read
		_ = cmd.Wait()
		return fmt.Errorf("tshark on %s: %w", path, err)
	}
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("tshark on %s: %w: %s", path, err, bytes.TrimSpace(complaints.Bytes()))
	}
	for line := range strings.Lines(complaints.String()) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "Running as user") {
			return fmt.Errorf("tshark on %s complains: %s", path, line)
		}
	}
	return nil
}

func eachLine(r io.Reader, columns int, row func(cells []string) error) error {
	lines := bufio.NewScanner(r)
	n := 0
	for lines.Scan() {
		n++
		cells := strings.Split(lines.Text(), "\t")
		if len(cells) != columns {
			return fmt.Errorf("row %d has %d columns, want %d: %q", n, len(cells), columns, lines.Text())
		}
		if err := row(cells); err != nil {
			return fmt.Errorf("row %d: %w", n, err)
		}
	}
	return lines.Err()
}

// Rows returns what Each gives, or skips the test without a tshark of the right
// line, and fails it where tshark fails.
func Rows(t testing.TB, path string, fields []string, options ...string) (rows [][]string) {
	t.Helper()
	Need(t)
	err := Each(t.Context(), path, fields, func(cells []string) error {
		rows = append(rows, cells)
		return nil
	}, options...)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}
