//go:build unix

package lots

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/mendcap/mendcap/internal/lab/handmade"
	"github.com/mendcap/mendcap/internal/store"
	"github.com/mendcap/mendcap/repair/batch"
	"github.com/mendcap/mendcap/report"
)

// asked is a store far away that counts what is read of it. One read fails, or all from
// that one on.
type asked struct {
	away
	reads, bytes atomic.Int64
	failAt       int64 // number of the read that fails, from 1
	failed       error
	forGood      bool
}

func (a *asked) Open(ctx context.Context, key, version string, offset, length int64) (io.ReadCloser, error) {
	if n := a.reads.Add(1); n == a.failAt || a.forGood && n > a.failAt {
		return nil, a.failed
	}
	if length >= 0 {
		a.bytes.Add(length)
	}
	return a.away.Open(ctx, key, version, offset, length)
}

// inPlace plans one lot in a store all of whose archives are read in place.
func inPlace(t *testing.T, out string, inputs ...string) (*Run, *asked) {
	t.Helper()
	var from *asked
	r := planFrom(t, &away{Folder: store.NewFolder(out)}, 1, func(s store.Store) Source {
		from = &asked{away: away{Folder: s.(*store.Folder)}}
		return Source{Store: from, whole: 1}
	}, inputs...)
	from.reads.Store(0)
	return r, from
}

// TestArchivesInPlaceAreOneBatch: read by ranges, archives give what they give as files,
// and nothing of them is left on the disk.
func TestArchivesInPlaceAreOneBatch(t *testing.T) {
	scratch := t.TempDir()
	t.Setenv("TMPDIR", scratch)
	inputs, one, sum := oneBatch(t)
	out := t.TempDir()
	r, _ := inPlace(t, out, inputs...)
	work(t, r, 0)
	compare(t, r, out, one, sum)
	if left, err := os.ReadDir(scratch); err != nil || len(left) > 0 {
		t.Errorf("left in the folder for temporary files: %v, %v", left, err)
	}
}

// smallArchives writes a zip and a tar of many small members and a few large ones, some of
// which are captures, have tables, are damaged, are archives, or compressed.
func smallArchives(t *testing.T) string {
	t.Helper()
	plain := handmade.PcapOf(binary.LittleEndian, handmade.RecordOf(1, 1, handmade.IPv4(40, 1)))
	headerless, err := os.ReadFile(filepath.Join("..", "..", "..", "testdata", "rawsocket.pcapng"))
	if err != nil {
		t.Fatal(err)
	}
	routes, err := os.ReadFile(filepath.Join("..", "..", "..", "testdata", "rawsocket.tables", "mendcap.json"))
	if err != nil {
		t.Fatal(err)
	}
	noise := make([]byte, 8<<20)
	rand.NewChaCha8([32]byte{20}).Read(noise)
	_, broken := handmade.BrokenPcapng()
	members := []any{"large-0.bin", noise, "headerless.pcapng", headerless, "damaged.pcapng", broken["garbage"],
		"inner.zip", zipOf(t, "deep.pcap", plain), "large-1.bin", noise, "large-2.bin", noise}
	for i := range 1000 {
		name, text := fmt.Sprintf("small/%03d.txt", i), noise[i*100:i*100+100]
		if i%100 == 0 {
			name, text = fmt.Sprintf("small/%03d.pcap", i), plain
		}
		members = append(members, name, text)
	}
	members = append(members, "headerless.tables/mendcap.json", routes)
	in := filepath.Join(t.TempDir(), "in")
	write(t, filepath.Join(in, "all.zip"), zipOf(t, members...))
	tarball := tarOf(t, members...)
	write(t, filepath.Join(in, "all.tar"), tarball)
	write(t, filepath.Join(in, "cut.tar"), tarball[:20<<20]) // within a large member
	return in
}

// TestArchivesInPlaceTakeFewRequests, and of members that nobody wants little is read:
// each archive is passed over three times, for what is in it, for tables, and for captures.
func TestArchivesInPlaceTakeFewRequests(t *testing.T) {
	in := smallArchives(t)
	one, sum := makeOne(t, []string{in})
	if len(one) < 3*2*12 || sum.Totals.ByOutcome[report.OutcomeDamaged] < 3 {
		t.Fatalf("got %d files and %v, want those of twelve captures of two archives and more", len(one), sum.Totals.ByOutcome)
	}
	for name, most := range map[string]struct{ reads, blocks int64 }{
		"all.zip": {3 * 8, 3 * 24}, // deflated, its large members are as large
		"all.tar": {3 * 8, 3 * 12},
		"cut.tar": {3 * 8, 3 * 12},
	} {
		t.Run(name, func(t *testing.T) {
			one, sum := makeOne(t, []string{filepath.Join(in, name)})
			out := t.TempDir()
			r, from := inPlace(t, out, filepath.Join(in, name))
			work(t, r, 0)
			compare(t, r, out, one, sum)
			reads, bytes := from.reads.Load(), from.bytes.Load()
			t.Logf("%d requests, %d bytes", reads, bytes)
			if reads > most.reads || bytes > most.blocks<<20 {
				t.Errorf("it took %d requests of %d bytes, want at most %d of %d", reads, bytes, most.reads, most.blocks<<20)
			}
		})
	}
}

// TestReadingInPlaceIsInterrupted: whichever read of the store fails for a moment, no
// member is taken for a damaged one, and another attempt ends as one batch does. The
// archive has more parts than are kept, so that the last reads are of its last member.
func TestReadingInPlaceIsInterrupted(t *testing.T) {
	headerless, err := os.ReadFile(filepath.Join("..", "..", "..", "testdata", "rawsocket.pcapng"))
	if err != nil {
		t.Fatal(err)
	}
	var members []any
	for i := range 20 {
		members = append(members, fmt.Sprintf("large-%d.bin", i), make([]byte, 5<<19))
	}
	members = append(members, "larger.bin", make([]byte, 12<<20)) // so that nothing is read ahead after it
	in := filepath.Join(t.TempDir(), "all.tar")
	write(t, in, tarOf(t, append(members, "headerless.pcapng", headerless)...))
	one, sum := makeOne(t, []string{in})
	out := t.TempDir()
	r, from := inPlace(t, out, in)
	work(t, r, 0)
	all := from.reads.Load()
	out = t.TempDir()
	r, from = inPlace(t, out, in)
	from.failed = fmt.Errorf("x: %w", store.ErrUnreachable)
	for _, from.failAt = range []int64{1, 2, all / 2, all - 1, all} {
		from.reads.Store(0)
		if err := r.Do(t.Context(), 0, worked()); !errors.Is(err, ErrAgain) {
			t.Errorf("read %d of %d fails: got %v, want %v", from.failAt, all, err, ErrAgain)
		}
		if files := tree(t, out); len(files) > 0 {
			t.Errorf("read %d of %d fails: there are %d files, and no member was read to its end", from.failAt, all, len(files))
		}
	}
	from.failAt = 0
	work(t, r, 0)
	compare(t, r, out, one, sum)
}

// TestArchiveChangesInPlace while it is read: then no part of it is what was planned.
func TestArchiveChangesInPlace(t *testing.T) {
	in := smallArchives(t)
	for _, failAt := range []int64{1, 2, 4} {
		r, from := inPlace(t, t.TempDir(), filepath.Join(in, "all.tar"))
		from.forGood, from.failAt, from.failed = true, failAt, fmt.Errorf("x: %w", store.ErrChanged)
		work(t, r, 0)
		json, _, _ := merged(t, r)
		b, err := report.ReadBatch(strings.NewReader(json))
		if err != nil {
			t.Fatal(err)
		}
		if len(b.Captures) != 1 || b.Captures[0].Code != codeIO || !strings.Contains(b.Captures[0].Error, "changed after the lot was planned") {
			t.Errorf("read %d: got %+v, want one capture that was changed", failAt, b.Captures)
		}
	}
}

// TestReadsInPlace tells archives of which parts can be read from those that can't be.
func TestReadsInPlace(t *testing.T) {
	plain := tarOf(t, "x", []byte("y"))
	for name, c := range map[string]struct {
		head []byte
		want bool
	}{
		"zip": {zipOf(t, "x", []byte("y")), true}, "empty zip": {zipOf(t), true}, "tar": {plain, true},
		"a part of a header": {plain[:511], false}, "nothing": {nil, false}, "zeros": {make([]byte, 512), false},
		"gzip": {append([]byte("\x1f\x8b\x08"), bytes.Repeat([]byte("x"), 512)...), false}, "capture": {handmade.Everything(), false},
	} {
		if got := batch.ReadsInPlace(c.head[:min(len(c.head), 512)]); got != c.want {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}
