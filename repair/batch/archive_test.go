package batch

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mendcap/mendcap/report"
)

func TestArchivesAreReadInPlace(t *testing.T) {
	dir, tmp := t.TempDir(), t.TempDir()
	t.Setenv("TMPDIR", tmp)
	tables := entry{"a/x.tables/netstat.txt", []byte("  TCP    [2001:db8::10]:49152  [2001:db8::1]:443  ESTABLISHED  4711\r\n")}
	inner := tarOf(t, entry{"deep.pcap", packets(2)})
	members := []entry{
		{"a/x.pcap", packets(3)}, tables, {"b/no-suffix", gzipped(t, packets(4))}, {"notes.txt", []byte("text")},
		{"inner.tar.gz", gzipped(t, inner)}, {"a/old.mended.pcapng", packets(1)},
	}
	write(t, dir, "arch/t.tar", tarOf(t, append(members, entry{"link.pcap", nil})...))
	write(t, dir, "arch/t.tgz", gzipped(t, tarOf(t, members...)))
	write(t, dir, "arch/z.zip", zipOf(t, members...))
	out := filepath.Join(dir, "out")
	b := run(t, Options{Dir: out}, filepath.Join(dir, "arch"))
	var want []string
	for _, a := range []string{"t.tar", "t.tgz", "z.zip"} {
		for _, m := range []string{"a/x.pcap", "b/no-suffix", "inner.tar.gz/deep.pcap"} {
			want = append(want, "arch/"+a+"/"+m+" intact")
		}
	}
	if diff := cmp.Diff(strings.Join(want, "\n"), outcomes(b, dir)); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
	if b.Skipped.Own != 3 || b.Skipped.Other != 6 {
		t.Errorf("skipped: got %+v, want 3 outputs, 3 notes and 3 tables", b.Skipped)
	}
	f, err := os.Open(filepath.Join(out, "arch", "z.zip.mended", "a", "x.mended.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := report.ReadOne(f)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Tables) != 1 || r.Tables[0].Addresses != 2 || !strings.HasSuffix(r.Tables[0].Name, "arch/z.zip/a/x.tables/netstat.txt") {
		t.Errorf("tables: got %+v, want those beside the member", r.Tables)
	}
	if left := files(t, tmp); len(left) > 0 {
		t.Errorf("temporary files left: %v", left)
	}
	again := contents(t, out)
	run(t, Options{Dir: out, Resume: true}, filepath.Join(dir, "arch"))
	if diff := cmp.Diff(again, contents(t, out)); diff != "" {
		t.Errorf("a second run changed outputs:\n%s", diff)
	}
}

func TestHostileMemberNamesStayInside(t *testing.T) {
	dir := t.TempDir()
	names := []string{
		"../../escape.pcap", "/etc/passwd.pcap", `..\..\win.pcap`, `C:\Windows\x.pcap`, "a/../../b.pcap", "..", "CON.pcap", "nul", "com1.pcapng",
		"bell\a.pcap", "line\nfeed.pcap", "dots...", "Case.pcap", "case.pcap", "CASE.PCAP", "\xff\xfe.pcap", "rtl\u202etxt.pcap",
		strings.Repeat("long", 70) + ".pcap", strings.Repeat("d/", 100) + "x.pcap", "a.pcap/b.pcap", "a.pcap",
	}
	var members []entry
	for i, name := range names {
		members = append(members, entry{name, packets(i + 1)})
	}
	for name, archive := range map[string][]byte{"x.tar": tarOf(t, members...), "x.zip": zipOf(t, members...)} {
		in, out := t.TempDir(), filepath.Join(dir, name, "deep", "out")
		write(t, in, name, archive)
		b := run(t, Options{Dir: out}, filepath.Join(in, name))
		if len(b.Captures) != len(names) || b.Totals.ByOutcome[report.OutcomeIntact] != int64(len(names)) {
			t.Errorf("%s: got %v, want all %d captures", name, b.Totals.ByOutcome, len(names))
		}
		inside := "deep/out/" + name + ".mended/"
		outputs := 0
		for _, f := range files(t, filepath.Join(dir, name)) {
			if !strings.HasPrefix(f, inside) {
				t.Errorf("%s: wrote %s, outside %s", name, f, inside)
			}
			if strings.HasSuffix(f, ".pcapng") {
				outputs++
			}
		}
		if outputs != len(names) {
			t.Errorf("%s: got %d outputs, want one a capture, %d", name, outputs, len(names))
		}
		folded := make(map[string]bool)
		for _, e := range b.Captures {
			if key := strings.ToLower(e.Output); folded[key] {
				t.Errorf("%s: %s is the output of two, where case does not count", name, e.Output)
			} else {
				folded[key] = true
			}
		}
	}
}

// An archive or a compressed capture that goes beyond a limit is refused there;
// what came before is repaired, and so is the rest of the folder.
func TestBombs(t *testing.T) {
	small := generous()
	small.members, small.nesting, small.name, small.unpacked, small.ratio, small.grace = 8, 1, 100, 1<<20, 20, 1<<16
	small.directory, small.alone, small.names = 1<<12, 1<<16, 400
	zeros := make([]byte, 1<<19)
	nest := func(pack func(testing.TB, ...entry) []byte, suffix string, depth int) []byte {
		data := packets(1)
		name := "x.pcap"
		for range depth {
			data, name = pack(t, entry{name, data}), "in"+suffix
		}
		return data
	}
	many := make([]entry, 9)
	for i := range many {
		many[i] = entry{fmt.Sprintf("%d.pcap", i), packets(1)}
	}
	long := make([]entry, 5)
	for i := range long {
		long[i] = entry{fmt.Sprintf("%d%s.pcap", i, strings.Repeat("n", 90)), packets(1)}
	}
	first, bomb := entry{"first.pcap", packets(1)}, gzipped(t, repeated(1<<19))
	for name, c := range map[string]struct {
		archive []byte
		want    string
	}{
		"ratio.tgz":     {gzipped(t, tarOf(t, first, entry{"zeros", zeros})), "more than 20 times as large"},
		"ratio.zip":     {zipOf(t, first, entry{"zeros.pcap", append(packets(1), zeros...)}), "more than 20 times as large"},
		"size.tar":      {tarOf(t, first, entry{"big.pcap", append(packets(1), make([]byte, 1<<20)...)}), "more than 1048576 bytes"},
		"count.tar":     {tarOf(t, many...), "more than 8 members"},
		"count.zip":     {zipOf(t, many...), "more than 8 members"},
		"names.tar":     {tarOf(t, long...), "captures and tables whose names take more than 400 bytes together"},
		"name.zip":      {zipOf(t, first, entry{strings.Repeat("n", 101), nil}), "a name of 101 bytes"},
		"list.zip":      {zipOf(t, first, entry{strings.Repeat("n", 5000), nil}), "a list of members of more than 4096 bytes"},
		"ratio.pcap.gz": {bomb, "ratio.pcap.gz failed: no usable capture: beyond a limit: unpacked it is more than 20 times as large"},
		"zeros.pcap.gz": {gzipped(t, append(packets(1), zeros...)), "zeros.pcap.gz failed: no usable capture: beyond a limit: unpacked it is more than 20 times as large"},
		"size.pcap.gz":  {gzipped(t, packets(40_000)), "size.pcap.gz failed: no usable capture: beyond a limit: more than 1048576 bytes unpacked"},
		"within.zip":    {zipOf(t, first, entry{"bomb.pcap.gz", bomb}, entry{"last.pcap", packets(1)}), "within.zip/bomb.pcap.gz failed: the archive could not be read that far: beyond a limit: unpacked it is more than 20 times as large"},
		"within.tgz":    {gzipped(t, tarOf(t, first, entry{"bomb.pcap.gz", bomb})), "within.tgz/bomb.pcap.gz failed: the archive could not be read that far: beyond a limit: unpacked it is more than 20 times as large"},
		"nested.tar":    {nest(tarOf, ".tar", 3), "more than 1 archives within each other"},
		"nested.zip":    {nest(zipOf, ".zip", 3), "more than 1 archives within each other"},
	} {
		t.Run(name, func(t *testing.T) {
			dir, out, tmp := t.TempDir(), t.TempDir(), t.TempDir()
			t.Setenv("TMPDIR", tmp)
			write(t, dir, "bombs/"+name, c.archive)
			write(t, dir, "bombs/good.pcap", packets(2))
			b := runWithin(t, Options{Dir: out}, small, filepath.Join(dir, "bombs"))
			if got := outcomes(b, dir); !strings.Contains(got, c.want) || !strings.Contains(got, "bombs/good.pcap intact") {
				t.Errorf("outcomes: got\n%s\nwant the limit %q and the good capture", got, c.want)
			}
			if b.Code() != 6 {
				t.Errorf("exit code: got %d, want 6", b.Code())
			}
			for _, f := range files(t, out) {
				if strings.Contains(f, "bomb.") || strings.HasSuffix(name, ".gz") && !strings.Contains(f, "good.") {
					t.Errorf("%s was written", f)
				}
				if info, err := os.Stat(filepath.Join(out, f)); err != nil || info.Size() > 1<<20 {
					t.Errorf("%s: %v, %v", f, info.Size(), err)
				}
			}
			if left := files(t, tmp); len(left) > 0 {
				t.Errorf("temporary files left: %v", left)
			}
		})
	}
}

// Of members that are neither captures nor tables no name is kept, and none counts.
func TestNamesOfOtherMembers(t *testing.T) {
	dir, small := t.TempDir(), generous()
	small.names = 10
	members := []entry{{"a.pcap", packets(1)}}
	for i := range 100 {
		members = append(members, entry{fmt.Sprintf("%d%s.txt", i, strings.Repeat("n", 90)), []byte("text")})
	}
	write(t, dir, "in/a.tar", tarOf(t, members...))
	b := runWithin(t, Options{Dir: filepath.Join(dir, "out")}, small, filepath.Join(dir, "in"))
	if got, want := outcomes(b, dir), "in/a.tar/a.pcap intact"; got != want || b.Skipped.Other != 100 {
		t.Errorf("outcomes: got\n%s\nwant\n%s; other files: got %d, want 100", got, want, b.Skipped.Other)
	}
}

// A compressed capture may be as dense as it likes while it is small.
func TestDenseCaptures(t *testing.T) {
	dir := t.TempDir()
	data := gzipped(t, repeated(4<<20))
	if l := generous(); int64(len(data))*l.ratio > 4<<20 {
		t.Fatalf("the capture takes %d bytes, and is not dense", len(data))
	}
	write(t, dir, "in/dense.pcap.gz", data)
	write(t, dir, "in/a.zip", zipOf(t, entry{"dense.pcap.gz", data}))
	b := run(t, Options{Dir: filepath.Join(dir, "out")}, filepath.Join(dir, "in"))
	if got, want := outcomes(b, dir), "in/a.zip/dense.pcap.gz intact\nin/dense.pcap.gz intact"; got != want {
		t.Errorf("outcomes: got\n%s\nwant\n%s", got, want)
	}
}

func TestMostUnpacked(t *testing.T) {
	l := generous()
	for _, c := range []struct{ packed, want int64 }{
		{0, 1 << 30}, {4 << 20, 1 << 30}, {8 << 20, 250 * 8 << 20}, {2 << 30, 256 << 30}, {1 << 62, 256 << 30},
	} {
		if got := l.most(c.packed); got != c.want {
			t.Errorf("%d bytes: got %d, want %d", c.packed, got, c.want)
		}
	}
}

// Of a damaged archive, what can be read is repaired.
func TestDamagedArchives(t *testing.T) {
	members := []entry{{"a.pcap", packets(40)}, {"b.pcap", packets(5000)}, {"c.pcap", packets(40)}}
	whole := tarOf(t, members...)
	zipped := gzipped(t, whole)
	bad := zipOf(t, members...)
	copy(bad[40+len("a.pcap"):], "damaged in the middle")
	for name, c := range map[string]struct {
		archive []byte
		want    []string
	}{
		"cut.tar":  {whole[:2048+100*48], []string{"cut.tar damaged: ", "cut.tar/a.pcap intact", "cut.tar/b.pcap damaged: only a part could be unpacked"}},
		"cut.tgz":  {zipped[:len(zipped)*2/3], []string{"cut.tgz damaged: ", "cut.tgz/a.pcap intact", "cut.tgz/b.pcap damaged: only a part could be unpacked"}},
		"bad.zip":  {bad, []string{"bad.zip/a.pcap failed: flate", "bad.zip/b.pcap intact", "bad.zip/c.pcap intact"}},
		"none.zip": {[]byte("PK\x03\x04 and nothing else"), []string{"none.zip failed: it is no whole zip archive"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, name, c.archive)
			b := run(t, Options{Dir: t.TempDir()}, filepath.Join(dir, name))
			got := outcomes(b, dir)
			for _, want := range c.want {
				if !strings.Contains("\n"+got, "\n"+want) {
					t.Errorf("outcomes: got\n%s\nwant %s", got, want)
				}
			}
			if b.Code() == 0 {
				t.Error("exit code: got 0, want one that says so")
			}
		})
	}
}

// Sparse members, which GNU tar marks as of another type, are captures too.
func TestSparseMembers(t *testing.T) {
	if testing.Short() {
		t.Skip("the race detector needs less")
	}
	gnuTar, err := exec.LookPath("tar")
	if err != nil {
		t.Skip("no tar is installed")
	}
	for _, format := range []string{"oldgnu", "pax"} {
		dir := t.TempDir()
		write(t, dir, "x.pcap", append(packets(3), make([]byte, 1<<20)...))
		if err := os.Truncate(filepath.Join(dir, "x.pcap"), int64(len(packets(3)))); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(filepath.Join(dir, "x.pcap"), 1<<20); err != nil { // a hole after the packets
			t.Fatal(err)
		}
		if out, err := exec.Command(gnuTar, "--sparse", "--format="+format, "-C", dir, "-cf", filepath.Join(dir, "s.tar"), "x.pcap").CombinedOutput(); err != nil {
			t.Skipf("tar makes no sparse archives: %v\n%s", err, out)
		}
		b := run(t, Options{Dir: filepath.Join(dir, "out")}, filepath.Join(dir, "s.tar"))
		if len(b.Captures) != 1 || b.Captures[0].Packets < 3 {
			t.Errorf("%s: got\n%s\nwant the capture with its three packets", format, outcomes(b, dir))
		}
	}
}
