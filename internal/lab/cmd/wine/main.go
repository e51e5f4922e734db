//go:build unix

// Wine runs the Windows build of mendcap under Wine, and sets it beside the build for
// this system.
//
//	go run ./internal/lab/cmd wine [-keep DIR]
//
// Each capture of testdata is repaired by both: the captures and the reports have to be
// the same, but for the separators in names. Then it is tried what only Windows has:
// drives and backslashes in names, names that lead to devices, patterns that no shell
// has expanded, standard streams that have to carry bytes as they are, a closed pipe.
//
// Go 1.26 asks bcryptprimitives.dll for ProcessPrng, which Wine 8 doesn't have: a library
// of that name without code, which leads to a function of advapi32.dll that does the
// same, is put into Wine's folder.
//
// It exits with 1 where something differs, and with 2 where Wine can't be run.
package wine

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const program = "github.com/mendcap/mendcap/cmd/mendcap"

// bench has both builds and a folder of captures.
type bench struct {
	dir      string // of all
	captures string // the folder in which commands are run
	windows  string // the build for Windows
	native   string
	failures int
}

// Main is the command: its flags follow its name.
func Main() {
	keep := flag.String("keep", "", "make Wine's folder, and leave everything, in this folder (default a temporary one)")
	flag.Parse()
	if err := run(*keep); err != nil {
		fmt.Fprintln(os.Stderr, "lab wine:", err)
		if errors.Is(err, errDiffers) {
			os.Exit(1)
		}
		os.Exit(2)
	}
}

// errDiffers says that something was not as it has to be; what was printed.
var errDiffers = errors.New("the build for Windows does not do what it has to")

func run(dir string) error {
	if dir == "" {
		var err error
		if dir, err = os.MkdirTemp("", "wine"); err != nil {
			return err
		}
		defer os.RemoveAll(dir)
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	b := &bench{
		dir: dir, captures: filepath.Join(dir, "captures"),
		windows: filepath.Join(dir, "mendcap.exe"), native: filepath.Join(dir, "mendcap"),
	}
	if err := b.prepare(); err != nil {
		return err
	}
	defer b.command("wineserver", "-k").Run()
	if err := b.compareAll(); err != nil {
		return err
	}
	b.tryAll()
	if b.failures > 0 {
		return fmt.Errorf("%w: %d failures", errDiffers, b.failures)
	}
	return nil
}

// prepare builds mendcap twice, copies the captures and makes Wine's folder.
func (b *bench) prepare() error {
	for path, system := range map[string]string{b.windows: "GOOS=windows", b.native: "GOOS="} {
		build := exec.Command("go", "build", "-o", path, program)
		build.Env = append(os.Environ(), "CGO_ENABLED=0", system)
		if out, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("build: %w\n%s", err, out)
		}
	}
	for _, name := range []string{"rawsocket.pcapng", "rawsocket.tables", "sockaddr.pcap", "sockaddr.tables"} {
		if err := copyTree(filepath.Join("testdata", name), filepath.Join(b.captures, name)); err != nil {
			return err
		}
	}
	system := filepath.Join(b.dir, "prefix", "drive_c", "windows", "system32")
	if err := os.MkdirAll(filepath.Join(b.dir, "prefix"), 0o755); err != nil {
		return err
	}
	if out, err := b.command("wineboot", "-i").CombinedOutput(); err != nil {
		return fmt.Errorf("wineboot: %w\n%s", err, out)
	}
	library := forwarder("bcryptprimitives.dll", "ProcessPrng", "advapi32.SystemFunction036")
	if err := os.WriteFile(filepath.Join(system, "bcryptprimitives.dll"), library, 0o644); err != nil {
		return err
	}
	version, err := b.wine("version").Output()
	if err != nil {
		return fmt.Errorf("run the build for Windows: %w", err)
	}
	fmt.Printf("%s", version)
	return nil
}

// copyTree copies a file, or a folder of files.
func copyTree(from, to string) error {
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	if info.IsDir() {
		return os.CopyFS(to, os.DirFS(from))
	}
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o644)
}

// command is a program of Wine's, with its folder.
func (b *bench) command(name string, args ...string) *exec.Cmd {
	c := exec.Command(name, args...)
	c.Dir = b.captures
	c.Env = append(os.Environ(), "WINEPREFIX="+filepath.Join(b.dir, "prefix"), "WINEARCH=win64", "WINEDEBUG=-all",
		"WINEDLLOVERRIDES=mscoree,mshtml=;bcryptprimitives=n")
	return c
}

// wine is a run of the build for Windows.
func (b *bench) wine(args ...string) *exec.Cmd {
	return b.command("wine", append([]string{b.windows}, args...)...)
}

// fail prints what is not as it has to be.
func (b *bench) fail(what, format string, args ...any) {
	b.failures++
	fmt.Printf("FAILED %s: %s\n", what, fmt.Sprintf(format, args...))
}

// compareAll repairs every capture with both builds.
func (b *bench) compareAll() error {
	for _, name := range []string{"rawsocket.pcapng", "sockaddr.pcap"} {
		args := []string{"repair", "-q", "--force", "--json", "-r", name, "-w", "out.pcapng"}
		native := exec.Command(b.native, args...)
		native.Dir = b.captures
		want, err := native.Output()
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		wantCapture, err := os.ReadFile(filepath.Join(b.captures, "out.pcapng"))
		if err != nil {
			return err
		}
		os.Remove(filepath.Join(b.captures, "out.pcapng"))
		got, err := b.wine(args...).Output()
		if err != nil {
			b.fail(name, "%v", err)
			continue
		}
		gotCapture, err := os.ReadFile(filepath.Join(b.captures, "out.pcapng"))
		if err != nil {
			b.fail(name, "%v", err)
		}
		if !bytes.Equal(gotCapture, wantCapture) {
			b.fail(name, "the repaired capture differs")
		}
		if got := strings.ReplaceAll(string(got), `\\`, "/"); got != string(want) {
			b.fail(name, "the report differs: got\n%s\nwant\n%s", got, want)
		}
		fmt.Printf("%s: %d bytes and a report of %d, the same\n", name, len(gotCapture), len(got))
	}
	return nil
}
