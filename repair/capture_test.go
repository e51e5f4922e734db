package repair_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mendcap/mendcap/internal/lab/schema"
	"github.com/mendcap/mendcap/repair"
	"github.com/mendcap/mendcap/report"
)

// opens is a Source that opens what a function returns for the n-th time, from 0.
type opens func(n int) (io.ReadCloser, error)

// counted is a Source that counts, and holds those who read it to its rules.
type counted struct {
	t       *testing.T
	open    opens
	opened  int
	reading bool
}

func (c *counted) Name() string { return "counted.pcapng" }

func (c *counted) Open() (io.ReadCloser, error) {
	if c.reading {
		c.t.Error("opened before what was opened is closed")
	}
	r, err := c.open(c.opened)
	c.opened++
	if err != nil {
		return nil, err
	}
	c.reading = true
	return &countedReader{r, c}, nil
}

type countedReader struct {
	io.ReadCloser
	of *counted
}

func (r *countedReader) Read(p []byte) (int, error) {
	if !r.of.reading {
		r.of.t.Error("read after it was closed")
	}
	return r.ReadCloser.Read(p)
}

func (r *countedReader) Close() error {
	r.of.reading = false
	return r.ReadCloser.Close()
}

func always(content []byte) opens {
	return func(int) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil }
}

// sample is a capture of testdata.
func sample(t *testing.T, name string) (path string, content []byte) {
	t.Helper()
	path = filepath.Join("..", "testdata", name)
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return path, content
}

// TestCaptureIsFile: what is repaired from a Source and from a file is the same,
// and so is what Check and Explain say of it.
func TestCaptureIsFile(t *testing.T) {
	path, content := sample(t, "rawsocket.pcapng")
	out := filepath.Join(t.TempDir(), "out.pcapng")
	o := repair.Options{Tables: []string{filepath.Join("..", "testdata", "rawsocket.tables")}}
	if _, err := os.Stat(o.Tables[0]); err != nil {
		t.Fatal(err)
	}
	want, err := repair.File(t.Context(), path, out, o)
	if err != nil {
		t.Fatal(err)
	}
	src := &counted{t: t, open: always(content)}
	var dst bytes.Buffer
	got, err := repair.Capture(t.Context(), src, &dst, o)
	if err != nil {
		t.Fatal(err)
	}
	if whole, err := os.ReadFile(out); err != nil || !bytes.Equal(dst.Bytes(), whole) {
		t.Errorf("output: got other %d bytes than the %d of File (%v)", dst.Len(), len(whole), err)
	}
	if src.opened < 2 || src.reading {
		t.Errorf("source: opened %d times, left open %v, want 2 at least, and none", src.opened, src.reading)
	}
	if got.Capture.Name != "counted.pcapng" || got.Output.Name != "" || got.Output.Status != "written" {
		t.Errorf("got %q, output %q %q, want the Source's name and an output without one", got.Capture.Name, got.Output.Name, got.Output.Status)
	}
	got.Capture.Name, got.Output = want.Capture.Name, want.Output
	same(t, "Capture", &got, &want)

	want, err = repair.Check(t.Context(), path, o)
	if err != nil {
		t.Fatal(err)
	}
	if got, err = repair.CheckCapture(t.Context(), src, o); err != nil {
		t.Fatal(err)
	}
	got.Capture.Name = want.Capture.Name
	same(t, "CheckCapture", &got, &want)

	explained, err := repair.Explain(t.Context(), path, []int64{1, 77}, o)
	if err != nil {
		t.Fatal(err)
	}
	fromSource, err := repair.ExplainCapture(t.Context(), src, []int64{1, 77}, o)
	if err != nil {
		t.Fatal(err)
	}
	fromSource.Capture = explained.Capture
	same(t, "ExplainCapture", &fromSource, &explained)
}

// same compares what is written as JSON, and holds it to its schema.
func same(t *testing.T, what string, got, want interface{ WriteJSON(io.Writer) error }) {
	t.Helper()
	var g, w bytes.Buffer
	if err := errors.Join(got.WriteJSON(&g), want.WriteJSON(&w)); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(g.Bytes(), w.Bytes()) {
		t.Errorf("%s: got another report than that of the file", what)
	}
	set, err := schema.Compile(report.Schemas(), report.SchemaText)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := set.Check(g.Bytes()); n != 1 || err != nil {
		t.Errorf("%s: got %d documents, %v; want a valid one", what, n, err)
	}
}

// TestSequential: one goroutine makes of a capture what several do, also of a small one, which
// is kept; the sum is that of the output.
func TestSequential(t *testing.T) {
	for _, name := range []string{"rawsocket.pcapng", "sockaddr.pcap"} {
		path, content := sample(t, name)
		small := filepath.Join(t.TempDir(), "small.pcap")
		if err := os.WriteFile(small, content[:min(len(content), 60_000)], 0o600); err != nil {
			t.Fatal(err)
		}
		for _, in := range []string{path, small} {
			content, err := os.ReadFile(in)
			if err != nil {
				t.Fatal(err)
			}
			var want bytes.Buffer
			wantReport, err := repair.Capture(t.Context(), &counted{t: t, open: always(content)}, &want, repair.Options{})
			if err != nil {
				t.Fatal(err)
			}
			out, sum := filepath.Join(t.TempDir(), "out.pcapng"), sha256.New()
			got, err := repair.File(t.Context(), in, out, repair.Options{Sequential: true, Sum: sum, Tables: []string{}})
			if err != nil {
				t.Fatal(err)
			}
			written, err := os.ReadFile(out)
			if err != nil || !bytes.Equal(written, want.Bytes()) {
				t.Errorf("%s of %d bytes: got %d bytes, %v, want those %d that several goroutines write", name, len(content), len(written), err, want.Len())
			}
			if whole := sha256.Sum256(written); !bytes.Equal(sum.Sum(nil), whole[:]) {
				t.Errorf("%s of %d bytes: the sum is not that of the output", name, len(content))
			}
			got.Capture.Name, got.Output.Name = wantReport.Capture.Name, wantReport.Output.Name
			same(t, name+": report", &got, &wantReport)
		}
	}
}

// TestCaptureFails: each way to fail is the error that is promised, and nothing is
// written.
func TestCaptureFails(t *testing.T) {
	_, content := sample(t, "rawsocket.pcapng")
	gone := errors.New("gone")
	again := func(then []byte, err error) opens {
		return func(n int) (io.ReadCloser, error) {
			if n == 0 {
				return always(content)(n)
			}
			return io.NopCloser(bytes.NewReader(then)), err
		}
	}
	flipped := slices.Clone(content)
	flipped[len(flipped)-100] ^= 1
	for name, c := range map[string]struct {
		open  opens
		o     repair.Options
		wants []error
	}{
		"can't be opened":       {open: func(int) (io.ReadCloser, error) { return nil, gone }, wants: []error{repair.ErrNoCapture, gone}},
		"can't be opened twice": {open: again(nil, gone), wants: []error{repair.ErrIO, gone}},
		"is no capture":         {open: always([]byte("no capture")), wants: []error{repair.ErrNoCapture}},
		"is empty":              {open: always(nil), wants: []error{repair.ErrNoCapture}},
		"can't be read": {open: func(int) (io.ReadCloser, error) {
			return io.NopCloser(io.MultiReader(bytes.NewReader(content[:len(content)/2]), failing{gone})), nil
		}, wants: []error{repair.ErrIO, gone}},
		"can't be read the second time": {open: func(n int) (io.ReadCloser, error) {
			if n == 0 {
				return always(content)(n)
			}
			return io.NopCloser(failing{gone}), nil
		}, wants: []error{repair.ErrIO, gone}},
		"is longer the second time":       {open: again(append(slices.Clone(content), content...), nil), wants: []error{repair.ErrIO}},
		"is cut the second time":          {open: again(content[:len(content)/3], nil), wants: []error{repair.ErrIO}},
		"is empty the second time":        {open: again(nil, nil), wants: []error{repair.ErrIO}},
		"has another bit the second time": {open: again(flipped, nil), wants: []error{repair.ErrIO}},
		"a bad option":                    {open: always(content), o: repair.Options{Confidence: 2}, wants: []error{repair.ErrUsage}},
		"a bad compression":               {open: always(content), o: repair.Options{Compression: "rar"}, wants: []error{repair.ErrUsage}},
		"a bad layout":                    {open: always(content), o: repair.Options{Layout: 77}, wants: []error{repair.ErrUsage}},
	} {
		t.Run(name, func(t *testing.T) {
			var dst bytes.Buffer
			r, err := repair.Capture(t.Context(), &counted{t: t, open: c.open}, &dst, c.o)
			for _, want := range c.wants {
				if !errors.Is(err, want) {
					t.Errorf("got %v, want %v", err, want)
				}
			}
			if errors.Is(err, repair.ErrIO) && errors.Is(err, repair.ErrNoCapture) {
				t.Errorf("got %v, which is both %v and %v", err, repair.ErrIO, repair.ErrNoCapture)
			}
			if dst.Len() > 0 || r.Schema != "" || r.Capture.Packets != 0 {
				t.Errorf("got %d bytes and a report of %d packets, want nothing", dst.Len(), r.Capture.Packets)
			}
		})
	}
}

type failing struct{ error }

func (f failing) Read([]byte) (int, error) { return 0, f.error }

// writes is a writer that is a function.
type writes func(p []byte) (int, error)

func (w writes) Write(p []byte) (int, error) { return w(p) }

// TestCaptureCannotWrite: an error of the writer is an ErrIO that wraps it.
func TestCaptureCannotWrite(t *testing.T) {
	_, content := sample(t, "rawsocket.pcapng")
	full := errors.New("full")
	_, err := repair.Capture(t.Context(), &counted{t: t, open: always(content)}, writes(func([]byte) (int, error) { return 0, full }), repair.Options{})
	if !errors.Is(err, repair.ErrIO) || !errors.Is(err, full) || strings.Contains(err.Error(), "standard output") {
		t.Errorf("got %v, want an ErrIO that says that it is full", err)
	}
}

// TestCaptureEnds: a context that is done ends each function with its error.
func TestCaptureEnds(t *testing.T) {
	_, content := sample(t, "rawsocket.pcapng")
	for name, run := range map[string]func(context.Context, repair.Source, io.Writer) error{
		"Capture": func(ctx context.Context, src repair.Source, dst io.Writer) error {
			_, err := repair.Capture(ctx, src, dst, repair.Options{})
			return err
		},
		"CheckCapture": func(ctx context.Context, src repair.Source, _ io.Writer) error {
			_, err := repair.CheckCapture(ctx, src, repair.Options{})
			return err
		},
		"ExplainCapture": func(ctx context.Context, src repair.Source, _ io.Writer) error {
			_, err := repair.ExplainCapture(ctx, src, []int64{1}, repair.Options{})
			return err
		},
	} {
		for pass := range 2 {
			ctx, stop := context.WithCancel(t.Context())
			src := &counted{t: t, open: func(n int) (io.ReadCloser, error) {
				if n == pass {
					stop()
				}
				return always(content)(n)
			}}
			var dst bytes.Buffer
			if err := run(ctx, src, &dst); !errors.Is(err, context.Canceled) || dst.Len() > 0 || src.reading {
				t.Errorf("%s ended in pass %d: got %v, %d bytes, left open %v, want %v and nothing", name, pass+1, err, dst.Len(), src.reading, context.Canceled)
			}
			stop()
		}
	}
}

// TestNothingGiven: a Source or a writer that is nil is an ErrUsage.
func TestNothingGiven(t *testing.T) {
	_, content := sample(t, "rawsocket.pcapng")
	src := &counted{t: t, open: always(content)}
	for name, run := range map[string]func() error{
		"Capture of nil":      func() error { _, err := repair.Capture(t.Context(), nil, io.Discard, repair.Options{}); return err },
		"Capture to nil":      func() error { _, err := repair.Capture(t.Context(), src, nil, repair.Options{}); return err },
		"CheckCapture of nil": func() error { _, err := repair.CheckCapture(t.Context(), nil, repair.Options{}); return err },
		"ExplainCapture of nil": func() error {
			_, err := repair.ExplainCapture(t.Context(), nil, []int64{1}, repair.Options{})
			return err
		},
	} {
		if err := run(); !errors.Is(err, repair.ErrUsage) {
			t.Errorf("%s: got %v, want %v", name, err, repair.ErrUsage)
		}
	}
}

// TestTally: a tally counts what Check finds, whoever else takes findings.
func TestTally(t *testing.T) {
	path, _ := sample(t, "rawsocket.pcapng")
	want, err := repair.Check(t.Context(), path, repair.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if want.Findings.Total == 0 {
		t.Fatal("the capture has no findings")
	}
	each := func(*report.Finding) {}
	for name, o := range map[string]repair.Options{
		"alone":                           {},
		"beside a function":               {EachFinding: each},
		"beside one that can take back":   {EachFinding: each, TakeBack: func() error { return nil }},
		"alone, with somebody to be told": {TakeBack: func() error { return nil }},
	} {
		t.Run(name, func(t *testing.T) {
			rules := report.Rules{FailOn: []report.Kind{}, Passing: true}
			for _, v := range report.Verdicts() {
				rules.FailOn = append(rules.FailOn, report.Kind{Verdict: v})
			}
			o.Findings, o.Tally = 1, rules.Begin("capture")
			r, err := repair.Check(t.Context(), path, o)
			if err != nil {
				t.Fatal(err)
			}
			var total int64
			for _, c := range o.Tally.Checks(&r)[1:] {
				total += c.Found
				if len(c.Examples) > 0 && strings.HasSuffix(c.Examples[0], ": ") {
					t.Errorf("%s: got the example %q without evidence", c.Name, c.Examples[0])
				}
			}
			if total != want.Findings.Total {
				t.Errorf("got %d findings, want %d", total, want.Findings.Total)
			}
		})
	}
}
