//go:build unix

package wine

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// trial is a command line, what it is given and what it has to do.
type trial struct {
	name  string
	args  []string
	in    string // a file that standard input is
	code  int
	says  string // in standard error
	makes string // a file that has to be there afterwards, and to be equal to
	as    string // this one, both in the folder of the captures
	out   string // a file that standard output has to be equal to
}

// drive is the path of a file in the captures' folder as Windows has it: Wine shows the
// root of this system as drive Z.
func (b *bench) drive(name string) string {
	return "Z:" + strings.ReplaceAll(filepath.Join(b.captures, name), "/", `\`)
}

func (b *bench) trials() []trial {
	const mended = "rawsocket.mended.pcapng"
	return []trial{
		{name: "the plain name", args: []string{"rawsocket.pcapng"}, makes: mended},
		{name: "a drive and backslashes", args: []string{"-r", b.drive("rawsocket.pcapng"), "-w", b.drive("drive.pcapng")}, makes: "drive.pcapng", as: mended},
		{name: "slashes and a drive", args: []string{"-r", strings.ReplaceAll(b.drive("rawsocket.pcapng"), `\`, "/"), "-w", `.\slashes.pcapng`}, makes: "slashes.pcapng", as: mended},
		{name: "capitals, as in a file system that doesn't tell them apart", args: []string{"-r", "RAWSOCKET.PCAPNG", "-w", "rawsocket.pcapng"}, code: 2, says: "which is the capture"},
		{name: "the null device", args: []string{"-r", "rawsocket.pcapng", "-w", "NUL"}},
		{name: "the null device in small letters", args: []string{"-r", "rawsocket.pcapng", "-w", "nul"}},
		{name: "the null device by its path", args: []string{"-r", "rawsocket.pcapng", "-w", `\\.\NUL`}},
		{name: "a device's name with a suffix", args: []string{"-r", "rawsocket.pcapng", "-w", "AUX.pcapng"}, code: 5, says: "AUX.pcapng"},
		{name: "the console", args: []string{"-r", "rawsocket.pcapng", "-w", "CON"}, code: 5, says: "CON"},
		{name: "a pattern", args: []string{"-o", "patterns", "rawsocket.p*"}, makes: `patterns/rawsocket.mended.pcapng`, as: mended},
		{name: "a pattern that nothing matches", args: []string{"none*.pcapng"}, code: 2, says: "no file matches"},
		{name: "standard streams", args: []string{"-r", "-", "-w", "-", "--tables", "rawsocket.tables"}, in: "rawsocket.pcapng", out: mended},
		{name: "a capture that isn't there", args: []string{"-r", b.drive("none.pcapng")}, code: 4, says: "none.pcapng"},
		{name: "a folder as output", args: []string{"-r", "rawsocket.pcapng", "-w", "rawsocket.tables"}, code: 5, says: "rawsocket.tables"},
		{name: "an output that exists and differs", args: []string{"-r", "sockaddr.pcap", "-w", mended}, code: 5, says: "exists"},
		{name: "a batch", args: []string{"batch", "-q", "-o", "all", "."}, makes: "all/rawsocket.mended.pcapng", as: mended},
	}
}

// tryAll goes through all trials.
func (b *bench) tryAll() {
	for _, t := range b.trials() {
		b.try(&t)
	}
	b.closedPipe()
}

func (b *bench) try(t *trial) {
	args := t.args
	if args[0] != "batch" {
		args = append([]string{"repair", "-q"}, args...)
	}
	c := b.wine(args...)
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	if t.in != "" {
		in, err := os.Open(filepath.Join(b.captures, t.in))
		if err != nil {
			b.fail(t.name, "%v", err)
			return
		}
		defer in.Close()
		c.Stdin = in
	}
	before := b.failures
	if code := codeOf(c.Run()); code != t.code {
		b.fail(t.name, "exit code: got %d, want %d: %s", code, t.code, errs.Bytes())
	}
	if !strings.Contains(errs.String(), t.says) || t.says == "" && errs.Len() > 0 {
		b.fail(t.name, "standard error: got %q, want %q in it", errs.Bytes(), t.says)
	}
	if t.makes != "" {
		b.same(t.name, b.read(t.name, t.makes), t.as)
	}
	if t.out != "" {
		b.same(t.name, out.Bytes(), t.out)
	}
	if b.failures == before {
		fmt.Println("ok:", t.name)
	}
}

// codeOf is the exit code of a program that was run, -1 where it was not.
func codeOf(err error) int {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	}
	return -1
}

func (b *bench) read(what, name string) []byte {
	data, err := os.ReadFile(filepath.Join(b.captures, name))
	if err != nil {
		b.fail(what, "%v", err)
	}
	return data
}

// same compares bytes with a file, "" for any.
func (b *bench) same(what string, got []byte, name string) {
	if name != "" && !bytes.Equal(got, b.read(what, name)) {
		b.fail(what, "%d bytes are not those of %s", len(got), name)
	}
}

// closedPipe lets nobody read what is written.
func (b *bench) closedPipe() {
	const what = "a closed pipe"
	c := b.wine("repair", "-q", "-r", "rawsocket.pcapng", "-w", "-")
	var errs bytes.Buffer
	c.Stderr = &errs
	out, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		b.fail(what, "%v", err)
		return
	}
	_, _ = io.ReadFull(out, make([]byte, 1000))
	out.Close()
	code := codeOf(c.Wait())
	if code != 5 || !strings.Contains(errs.String(), "standard output") {
		b.fail(what, "got exit code %d and %q, want 5 and a word about standard output", code, errs.Bytes())
		return
	}
	fmt.Println("ok:", what)
}
