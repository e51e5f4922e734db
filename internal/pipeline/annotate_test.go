package pipeline

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/capture/salvage"
	"github.com/mendcap/mendcap/internal/comment"
	"github.com/mendcap/mendcap/internal/diagnose"
	"github.com/mendcap/mendcap/internal/lab/handmade"
	"github.com/mendcap/mendcap/report"
)

// blocksOf reads all blocks of a capture; they stay valid.
func blocksOf(t *testing.T, content []byte) (list []capture.Block) {
	t.Helper()
	r, err := salvage.NewReader(bytes.NewReader(content), salvage.Options{Refuse: true})
	for err == nil {
		var b *capture.Batch
		if b, err = r.Next(); err == nil {
			list = append(list, b.Blocks...) // the batch is never released
		}
	}
	if err != io.EOF {
		t.Fatal(err)
	}
	return list
}

// awkward is a capture in which nothing has to be repaired and which is not made for
// comments: its section states its length, some packets are in blocks without options, one
// block must not be copied into a changed file, and packets have options and comments.
func awkward(t *testing.T) []byte {
	t.Helper()
	var head, body []byte
	packets := 0
	for _, b := range blocksOf(t, inflated(t, "lossy.pcapng.gz")) {
		f := handmade.File{Order: b.Order}
		switch {
		case b.Kind == capture.Section:
			head = bytes.Clone(b.Raw)
			continue
		case b.Kind == capture.Packet && packets%3 == 1:
			f.SPB(b.OrigLen, string(b.Data))
		case b.Kind == capture.Packet:
			f.EPB(0, b.Ticks, string(b.Data), f.Option(1, []byte("seen by me")), f.Option(2, []byte{1, 0, 0, 0}), f.End())
		default:
			f.Buf = b.Raw
		}
		if b.Kind == capture.Packet {
			packets++
		}
		if packets == 10 {
			f.Block(capture.TypeCustomNC, f.U32(32473), []byte("mine"))
		}
		body = append(body, f.Buf...)
	}
	binary.LittleEndian.PutUint64(head[16:], uint64(len(body)))
	return append(head, body...)
}

// What --annotate writes is, but for the verdicts, what is written without; the verdicts
// are those of the report, each on its frame; and a second time nothing is added.
func TestAnnotated(t *testing.T) {
	raw, err := os.ReadFile(rawsocket)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		content []byte
		changed bool // without verdicts too
	}{
		{"raw socket", raw, true},
		{"lossy", inflated(t, "lossy.pcapng.gz"), false},
		{"duplicating", inflated(t, "duplicating.pcapng.gz"), false},
		{"disturbed", disturbedCapture(t), true},
		{"awkward", awkward(t), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := filepath.Join(t.TempDir(), "in.pcapng")
			if err := os.WriteFile(in, c.content, 0o600); err != nil {
				t.Fatal(err)
			}
			most := func(j *job) { j.o.Findings = 1 << 20 }
			plain, want := repairedBy(t, in, most)
			sum := sha256.New()
			noted, got := repairedBy(t, in, func(j *job) { most(j); j.o.Annotate, j.o.Sum = true, sum })
			if whole := sha256.Sum256(noted); !bytes.Equal(sum.Sum(nil), whole[:]) {
				t.Error("the sum is not that of the annotated output")
			}
			alone, again := repairedBy(t, in, func(j *job) { most(j); j.o.Annotate, j.o.Sequential = true, true })
			if !bytes.Equal(alone, noted) || !reflect.DeepEqual(again, got) {
				t.Errorf("one goroutine wrote other %d bytes than the %d of several, or reported otherwise", len(alone), len(noted))
			}
			forbidden := int64(0)
			for _, b := range blocksOf(t, plain) {
				if b.Type == capture.TypeCustomNC {
					forbidden++
				}
			}
			if got.Output.LeftOut-want.Output.LeftOut != forbidden {
				t.Errorf("left out: got %d, want %d more than %d", got.Output.LeftOut, forbidden, want.Output.LeftOut)
			}
			verdicts, bare := annotatedOver(t, blocksOf(t, plain), blocksOf(t, noted))
			if int64(len(verdicts)) != got.Output.Annotated || !got.Output.Changed || got.Output.Edited != want.Output.Edited || want.Output.Changed != c.changed {
				t.Errorf("output: got %+v, want %d annotated, and all else of %+v", got.Output, len(verdicts), want.Output)
			}
			findingsAreNoted(t, blocksOf(t, c.content), blocksOf(t, noted), got.Findings.List, verdicts, bare)
			notes := slices.DeleteFunc(slices.Clone(got.Notes), func(n string) bool { return strings.Contains(n, "simple packet block") })
			if len(got.Notes) > len(want.Notes)+1 || !slices.Equal(notes, want.Notes) {
				t.Errorf("notes: got %q, want %q", got.Notes, want.Notes)
			}
			got.Output, got.Notes = want.Output, want.Notes
			if !reflect.DeepEqual(got, want) {
				t.Error("the report is another one than without verdicts")
			}
			if err := os.WriteFile(in, noted, 0o600); err != nil {
				t.Fatal(err)
			}
			if twice, _ := repairedBy(t, in, func(j *job) { j.o.Annotate = true }); !bytes.Equal(twice, noted) {
				t.Errorf("annotated again: got other bytes (%d, want %d)", len(twice), len(noted))
			}
		})
	}
}

// annotatedOver compares the blocks of an output with those of the same without verdicts.
// It returns the verdicts on each frame, and the frames that can have none.
func annotatedOver(t *testing.T, plain, noted []capture.Block) (verdicts map[int64][]comment.Verdict, bare map[int64]bool) {
	t.Helper()
	verdicts, bare = make(map[int64][]comment.Verdict), make(map[int64]bool)
	plain = slices.DeleteFunc(plain, func(b capture.Block) bool { return b.Type == capture.TypeCustomNC })
	if len(plain) != len(noted) {
		t.Fatalf("got %d blocks, want %d", len(noted), len(plain))
	}
	for i := range plain {
		p, n := &plain[i], &noted[i]
		bare[p.Frame] = p.Type == capture.TypeSPB
		switch {
		case bytes.Equal(p.Raw, n.Raw):
			continue
		case p.Kind == capture.Section && n.Kind == capture.Section:
			open := bytes.Clone(p.Raw)
			p.Order.PutUint64(open[16:], capture.UnstatedLength)
			if !bytes.Equal(open, n.Raw) {
				t.Errorf("section: got % x, want % x", n.Raw, open)
			}
			continue
		case p.Kind != capture.Packet || !bytes.Equal(p.Data, n.Data) || p.Ticks != n.Ticks || p.OrigLen != n.OrigLen || p.Interface.ID != n.Interface.ID || p.HasStamp != n.HasStamp:
			t.Fatalf("block %d (frame %d) is another one", i, p.Frame)
		}
		before := p.Comments()
		all := n.Comments()
		if len(all) <= len(before) || !slices.Equal(all[:len(before)], before) || !bytes.HasPrefix(n.Options, bytes.TrimSuffix(p.Options, make([]byte, 4))) {
			t.Errorf("frame %d: got the comments %q, want more than %q", p.Frame, all, before)
			continue
		}
		for _, text := range all[len(before):] {
			c, _ := comment.Parse(text)
			if c.Verdict == nil {
				t.Fatalf("frame %d: got the comment %q, want a verdict", p.Frame, text)
			}
			verdicts[p.Frame] = append(verdicts[p.Frame], *c.Verdict)
		}
	}
	return verdicts, bare
}

var frameWord = regexp.MustCompile(`frame (\d+)`)

// findingsAreNoted compares findings with verdicts: by frame in the output, about, verdict
// and what speaks for it, in which frames are those of the output: they hold the same.
func findingsAreNoted(t *testing.T, in, out []capture.Block, list []report.Finding, verdicts map[int64][]comment.Verdict, bare map[int64]bool) {
	t.Helper()
	type said struct {
		frame int64
		about string
	}
	noted := make(map[said]comment.Verdict)
	for frame, all := range verdicts {
		for _, v := range all {
			for about := range strings.SplitSeq(v.About, ", ") {
				if _, twice := noted[said{frame, about}]; twice {
					t.Errorf("frame %d: two verdicts on %s", frame, about)
				}
				noted[said{frame, about}] = v
			}
		}
	}
	data := func(blocks []capture.Block, frame string) []byte {
		i := slices.IndexFunc(blocks, func(b capture.Block) bool { return fmt.Sprint(b.Frame) == frame })
		if i < 0 {
			t.Fatalf("no frame %s", frame)
		}
		return blocks[i].Data
	}
	other := 0
	for i := range list {
		f := &list[i]
		if bare[f.FrameAfter] {
			continue
		}
		key := said{f.FrameAfter, f.Label()}
		v, ok := noted[key]
		delete(noted, key)
		if !ok || v.Verdict != f.Verdict || v.Detail != f.Detail || frameWord.ReplaceAllString(v.Evidence, "") != frameWord.ReplaceAllString(f.Evidence, "") {
			t.Fatalf("frame %d, %s: got %+v, want %s (%s): %s", f.FrameAfter, f.Label(), v, f.Verdict, f.Detail, f.Evidence)
		}
		was, is := frameWord.FindAllStringSubmatch(f.Evidence, -1), frameWord.FindAllStringSubmatch(v.Evidence, -1)
		for n := range was {
			a, b := data(in, was[n][1]), data(out, is[n][1])
			if !bytes.HasSuffix(b, a[max(0, len(a)-20):]) {
				t.Errorf("frame %d, %s: %q names another packet than %q", f.FrameAfter, f.Label(), v.Evidence, f.Evidence)
			}
			if was[n][1] != is[n][1] {
				other++
			}
		}
	}
	if len(list) == 0 || len(noted) > 0 {
		t.Errorf("got %d findings, and verdicts that are of none: %v", len(list), noted)
	}
	t.Logf("%d findings; %d times another number of a frame", len(list), other)
}

// A compressed output has the same verdicts.
func TestAnnotatedAndCompressed(t *testing.T) {
	noted, _ := repairedBy(t, rawsocket, func(j *job) { j.o.Annotate = true })
	packed, _ := repairedBy(t, rawsocket, func(j *job) { j.o.Annotate, j.o.Compress = true, "zstd" })
	got, want := blocksOf(t, packed), blocksOf(t, noted)
	same := func(a, b capture.Block) bool { return bytes.Equal(a.Raw, b.Raw) }
	if len(packed) >= len(noted) || !slices.EqualFunc(got, want, same) {
		t.Errorf("got %d bytes of %d blocks, want fewer than %d of the same %d", len(packed), len(got), len(noted), len(want))
	}
}

// However little of the annotations is kept in memory, they come in the order of frames
// and flags.
func TestAnnotationsAreSorted(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	const frames = 500
	want := make(map[int64]map[int8]string)
	var all []*annotations
	for _, most := range []int{1, 100, 1 << 20} {
		a, err := newAnnotations()
		if err != nil {
			t.Fatal(err)
		}
		defer a.remove()
		a.most = most
		a.restart()
		all = append(all, a)
	}
	for n := range 2000 {
		f := diagnose.Finding{FrameAfter: 1 + r.Int64N(frames), FlagNumber: int8(r.IntN(10))}
		if want[f.FrameAfter] == nil {
			want[f.FrameAfter] = make(map[int8]string)
		}
		if want[f.FrameAfter][f.FlagNumber] != "" {
			continue // no frame has two of one flag
		}
		f.Detail = fmt.Sprint("detail", n)
		v := comment.Verdict{Verdict: f.Verdict.Reported(), Detail: f.Detail, About: f.Flag()}
		want[f.FrameAfter][f.FlagNumber] = string(v.Append(nil))
		for _, a := range all {
			a.add(&f)
		}
	}
	for _, a := range all {
		runs, err := a.merge()
		if err != nil {
			t.Fatal(err)
		}
		many := len(runs)
		for frame := range int64(frames + 1) {
			list, none, err := runs.comments(frame, nil)
			var texts []string
			for _, flag := range slices.Sorted(maps.Keys(want[frame])) {
				texts = append(texts, want[frame][flag])
			}
			var got []string
			for _, text := range list {
				got = append(got, string(text))
			}
			if err != nil || none != (len(texts) == 0) || !slices.Equal(got, texts) {
				t.Fatalf("with %d bytes, frame %d: got %q, %v, want %q", a.most, frame, got, err, texts)
			}
		}
		if (many > 1) != (a.most < 1000) {
			t.Errorf("with %d bytes: got %d runs", a.most, many)
		}
	}
}

// Where the verdicts can't be kept there is no output.
func TestAnnotationsFail(t *testing.T) {
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "missing"))
	out := filepath.Join(t.TempDir(), "out.pcapng")
	_, err := File(context.Background(), rawsocket, out, Options{Annotate: true})
	if !errors.Is(err, ErrIO) {
		t.Errorf("got %v, want %v", err, ErrIO)
	}
	if _, err := os.Lstat(out); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("output: got %v, want none", err)
	}
	a, err := func() (*annotations, error) { t.Setenv("TMPDIR", t.TempDir()); return newAnnotations() }()
	if err != nil {
		t.Fatal(err)
	}
	defer a.remove()
	a.sorted.Close()
	a.add(&diagnose.Finding{FrameAfter: 1})
	if _, err := a.merge(); err == nil {
		t.Error("a run that can't be written: got no error")
	}
}
