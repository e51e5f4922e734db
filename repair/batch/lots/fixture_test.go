//go:build unix

package lots

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"testing"

	"github.com/mendcap/mendcap/internal/lab/handmade"
	"github.com/mendcap/mendcap/repair/batch"
	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/render"
)

// helper is the variable that makes a test binary a worker: its value is what that does.
const helper = "MENDCAP_TEST_WORKER"

func TestMain(m *testing.M) {
	if how := os.Getenv(helper); how != "" {
		os.Exit(help(how, os.Args[1], os.Args[2]))
	}
	os.Exit(func() int {
		var err error
		if sharedFolder, err = os.MkdirTemp("", "lots-test-"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(sharedFolder)
		return m.Run()
	}())
}

// sharedFolder is for captures that no test changes.
var sharedFolder string

// help works at a lot and kills itself: once so many captures are done, or while it
// writes the page of one.
func help(how, run, lot string) int {
	o := options()
	after, err := strconv.Atoi(how)
	if err == nil {
		o.Jobs = 1
		o.Progress = func(p batch.Progress) {
			if p.Done >= after {
				die()
			}
		}
	}
	o.Page = func(w io.Writer, r *report.Report) error {
		if r.Capture.Name == how {
			die()
		}
		return page(w, r)
	}
	r, err := Open(context.Background(), run)
	if err == nil {
		var n int
		n, err = strconv.Atoi(lot)
		err = errors.Join(err, r.Do(context.Background(), n, o))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func die() {
	syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

// killed starts a worker that kills itself.
func killed(t *testing.T, r *Run, lot int, how string) {
	t.Helper()
	cmd := exec.Command(os.Args[0], r.URL(), strconv.Itoa(lot))
	cmd.Env = append(os.Environ(), helper+"="+how)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatalf("worker that was to be killed: got %v, %s", err, out)
	}
}

// options are those of all runs.
func options() batch.Options { return batch.Options{Program: "test", Page: page} }

// page is a short one.
func page(w io.Writer, r *report.Report) error {
	_, err := fmt.Fprintf(w, "%s\n", r.Capture.Name)
	return err
}

// captures writes folders of captures of many kinds into in, and returns them as they are given
// on a command line: undisturbed, header-less with tables, damaged, in archives, with
// names in conflict, and what is none.
func captures(t *testing.T, in string) (inputs []string) {
	t.Helper()
	var more []string
	data := func(name string) []byte {
		text, err := os.ReadFile(filepath.Join("..", "..", "..", "testdata", filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	headerless, records := data("rawsocket.pcapng"), data("sockaddr.pcap")
	plain := handmade.PcapOf(binary.LittleEndian, handmade.RecordOf(1, 1, handmade.IPv4(40, 1)), handmade.RecordOf(1, 2, handmade.IPv4(60, 2)))
	at, broken := handmade.BrokenPcapng()
	files := map[string][]byte{
		"a/caps/headerless.pcapng":      headerless,
		"a/caps/deep/disturbed.pcap":    records,
		"a/caps/deep.pcap":              plain,
		"a/caps/plain":                  plain, // by its content
		"a/caps/everything.pcapng":      handmade.Everything(),
		"a/caps/damaged.pcapng":         broken["garbage"],
		"a/caps/cut.pcapng":             headerless[:len(headerless)/2],
		"a/caps/empty.pcapng":           broken["garbage"][:at],
		"a/caps/none.pcap":              []byte("no capture"),
		"a/caps/x.pcap":                 plain,
		"a/caps/x.pcapng":               handmade.Resolutions(),
		"a/caps/X.PCAP":                 records,
		"a/caps/x.dmp":                  []byte("a dump of something else"),
		"a/caps/x.pcap.pcap":            plain,
		"a/caps/x.txt":                  []byte("words"),
		"a/caps/own.mended.pcapng":      plain,
		"a/caps/skip/x.pcap":            plain,
		"a/caps/two.zip":                zipOf(t, "y.pcap", plain, "d/y.pcap", records, "words.txt", []byte("words")),
		"a/caps/two.tar":                tarOf(t, "y.pcap", plain, "y.pcapng", headerless, "y.pcap", records),
		"b/caps/x.pcap":                 records, // which has the name of another's output
		"b/caps/two.zip":                zipOf(t, "y.pcap", records, "z.pcap", plain),
		"b/caps/two.zip.mended/y.pcap":  plain,
		"b/caps/lone.zip":               zipOf(t, "y.pcap", records),
		"b/caps/lone.zip.mended/y.pcap": plain, // as a member's output
		"b/caps/last.pcap":              plain,
	}
	if runtime.GOOS == "linux" { // whose file systems take any bytes
		for _, name := range []string{"\xff", "\xfe", "\U0010ffff", "😀", "line\n"} {
			files["a/caps/bytes/"+name+".pcap"] = plain
		}
		files["a/caps/\xff/none.pcap"] = []byte("no capture")
		files["b/\xff/x.pcap"] = records
		more = append(more, filepath.Join(in, "b", "\xff"))
	}
	for _, tables := range []string{"rawsocket.tables", "sockaddr.tables"} {
		to := map[string]string{"rawsocket.tables": "a/caps/headerless.tables", "sockaddr.tables": "a/caps/deep/disturbed.tables"}[tables]
		inside, err := os.ReadDir(filepath.Join("..", "..", "..", "testdata", tables))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range inside {
			files[to+"/"+e.Name()] = data(tables + "/" + e.Name())
		}
	}
	for name, text := range files {
		write(t, filepath.Join(in, filepath.FromSlash(name)), text)
	}
	if err := os.Symlink("x.pcap", filepath.Join(in, "a", "caps", "link.pcap")); err != nil {
		t.Fatal(err)
	}
	return append([]string{filepath.Join(in, "a", "caps"), filepath.Join(in, "b", "caps"), filepath.Join(in, "a", "caps", "x.pcap"), filepath.Join(in, "missing")}, more...)
}

func write(t *testing.T, name string, text []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, text, 0o666); err != nil {
		t.Fatal(err)
	}
}

// zipOf and tarOf make archives of members, each a name and its bytes.
func zipOf(t *testing.T, members ...any) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(members); i += 2 {
		f, err := w.Create(members[i].(string))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(members[i+1].([]byte)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func tarOf(t *testing.T, members ...any) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := 0; i < len(members); i += 2 {
		text := members[i+1].([]byte)
		if err := w.WriteHeader(&tar.Header{Name: members[i].(string), Mode: 0o644, Size: int64(len(text)), Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(text); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// plan makes a plan of about so many lots.
func plan(t *testing.T, out string, lots int, inputs ...string) *Run {
	t.Helper()
	o := options()
	o.Dir, o.Exclude = out, []string{"skip"}
	r, existed, err := Plan(t.Context(), inputs, Options{Batch: o, Lots: lots})
	if err != nil || existed {
		t.Fatalf("plan: %v, was there already: %v", err, existed)
	}
	return r
}

// work works at a lot.
func work(t *testing.T, r *Run, lot int) {
	t.Helper()
	if err := r.Do(t.Context(), lot, worked()); err != nil {
		t.Fatal(err)
	}
}

func worked() batch.Options {
	o := options()
	o.Exclude = []string{"skip"}
	return o
}

// summaries are the merged summary of a plan in all forms.
func merged(t *testing.T, r *Run) (json, csv, html string) {
	t.Helper()
	m, err := r.Merge(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Missing) > 0 {
		t.Errorf("lots without a summary: %v", m.Missing)
	}
	var asJSON, asCSV, asHTML bytes.Buffer
	j, err := report.NewBatchWriter(&asJSON, m.Head)
	if err != nil {
		t.Fatal(err)
	}
	c, err := render.NewBatchCSV(&asCSV)
	if err != nil {
		t.Fatal(err)
	}
	list := render.NewShortlist()
	err = m.Each(t.Context(), func(e *report.Entry) error { return errors.Join(j.Add(e), c.Add(e), list.Add(e)) })
	if err := errors.Join(err, j.Close(), c.Close(), render.BatchHTML(&asHTML, list.Batch(m.Head), render.BatchOptions{})); err != nil {
		t.Fatal(err)
	}
	return asJSON.String(), asCSV.String(), asHTML.String()
}
