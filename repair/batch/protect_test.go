package batch

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mendcap/mendcap/repair"
	"github.com/mendcap/mendcap/report"
)

// TestBatchNeverOverwritesInputs: captures and tables that are named as outputs
// are stay as they are, with Force too; the others are repaired.
func TestBatchNeverOverwritesInputs(t *testing.T) {
	forced := repair.Options{Force: true}
	for name, c := range map[string]struct {
		inputs map[string][]byte
		links  map[string]string
		dir    string
		named  []string // paths of the batch, where not the folder "in"
		want   string
	}{
		"a capture named as a report": {
			inputs: map[string][]byte{"in/x.pcap": packets(3), "in/x.mended.json": packets(4), "in/y.pcap": packets(2)},
			want:   "in/x.mended.json intact\nin/x.pcap failed: output exists: in/x.mended.json is a capture that is read; -o DIR writes elsewhere\nin/y.pcap intact",
		},
		"an output that is named as an input": {
			inputs: map[string][]byte{"in/x.pcap": packets(3), "in/x.mended.pcapng": packets(4)},
			named:  []string{"in/x.pcap", "in/x.mended.pcapng"},
			want:   "in/x.mended.pcapng intact\nin/x.pcap failed: output exists: in/x.mended.pcapng is a capture that is read; -o DIR writes elsewhere",
		},
		"tables named as a report": {
			inputs: map[string][]byte{"in/x.pcap": packets(3), "in/y.pcap": packets(2), "in/x.tables/y.mended.json": []byte("{}")},
			dir:    "in/x.tables", named: []string{"in/x.pcap", "in/y.pcap"},
			want: "in/x.pcap intact\nin/y.pcap failed: output exists: in/x.tables/y.mended.json is a file of network tables; -o DIR writes elsewhere",
		},
		"a link to a capture named as a report": {
			inputs: map[string][]byte{"in/x.pcap": packets(3)}, links: map[string]string{"out/x.mended.json": "../in/x.pcap"},
			dir: "out", named: []string{"in/x.pcap"},
			want: "in/x.pcap failed: output exists: out/x.mended.json is a capture that is read; -o DIR writes elsewhere",
		},
		"an archive named as a report": {
			inputs: map[string][]byte{"in/x.pcap": packets(3), "in/x.mended.json": tarOf(t, entry{"a.pcap", packets(1)})},
			want:   "in/x.mended.json/a.pcap intact\nin/x.pcap failed: output exists: in/x.mended.json is an archive that is read; -o DIR writes elsewhere",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			for path, data := range c.inputs {
				write(t, ".", path, data)
			}
			for link, to := range c.links {
				if err := os.MkdirAll(filepath.Dir(link), 0o777); err != nil {
					t.Fatal(err)
				}
				if err := os.Symlink(to, link); err != nil {
					t.Skip(err)
				}
			}
			named := c.named
			if named == nil {
				named = []string{"in"}
			}
			b := run(t, Options{Dir: c.dir, Repair: forced}, named...)
			if diff := cmp.Diff(c.want, filepath.ToSlash(outcomes(b, "."))); diff != "" {
				t.Errorf("outcomes (-want +got):\n%s", diff)
			}
			for path, data := range c.inputs {
				if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, data) {
					t.Errorf("%s was changed: %v", path, err)
				}
			}
		})
	}
}

// TestPlanHasItsFiles: what a batch reads and writes is no place for its summary.
func TestPlanHasItsFiles(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, ".", "in/x.json", packets(2))
	write(t, ".", "in/x.tables/netstat.csv", []byte("TCP [2001:db8::1]:1 [2001:db8::2]:2"))
	plan, err := Find(context.Background(), []string{"in"}, Options{Dir: "out"})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := plan.Size(), int64(len(packets(2))); got != want {
		t.Errorf("the captures have %d bytes, want %d", got, want)
	}
	for path, want := range map[string]bool{
		"in/x.json": true, "./in/../in/x.json": true, "in/x.tables/netstat.csv": false, "out/in/x.json.mended.json": true,
		"out/in/x.json.mended.pcapng": true, "sum.json": false, "out/sum.json": false,
	} {
		// Tables are named after the capture without its suffix, which .json is none of.
		if what, got := plan.Has(path); got != want {
			t.Errorf("%s: got %v (%s), want %v", path, got, what, want)
		}
	}
}

// TestReportsThatAreNoFiles: pipes, devices and folders in the place of a report
// are neither read nor replaced.
func TestReportsThatAreNoFiles(t *testing.T) {
	for name, create := range map[string]func(string) error{
		"folder": func(at string) error { return os.Mkdir(at, 0o777) },
		"zero":   func(at string) error { return os.Symlink("/dev/zero", at) },
		"gone":   func(at string) error { return os.Symlink("nowhere", at) },
		"pipe":   makePipe,
	} {
		for _, place := range []string{"in/x.mended.json", "in/x.mended.pcapng"} {
			for _, o := range []Options{{}, {Resume: true}, {Resume: true, Repair: repair.Options{Force: true}}} {
				t.Chdir(t.TempDir())
				write(t, ".", "in/x.pcap", packets(3))
				if err := create(place); err != nil {
					t.Logf("%s: %v", name, err)
					continue
				}
				before, err := os.Lstat(place)
				if err != nil {
					t.Fatal(err)
				}
				b := run(t, o, "in")
				if len(b.Captures) != 1 || b.Captures[0].Outcome != report.OutcomeFailed || b.Captures[0].Code != codeIO {
					t.Errorf("%s as %s: got %s, want a failure with code 5", name, place, outcomes(b, "."))
				}
				if after, err := os.Lstat(place); err != nil || after.Mode() != before.Mode() {
					t.Errorf("%s as %s: got %v, %v, want it as it was", name, place, after, err)
				}
				if got := len(files(t, "in")); got > 2 {
					t.Errorf("%s as %s: left %v", name, place, files(t, "in"))
				}
			}
		}
	}
}

// TestMembersThatStandTwice: of tables the last ones count, as where an archive
// is unpacked, and a note says so; of captures each is repaired and listed.
func TestMembersThatStandTwice(t *testing.T) {
	const row = "  TCP    [2001:db8::10]:49152  [2001:db8::%d]:443  ESTABLISHED  4711\r\n"
	old := entry{"x.tables/netstat.txt", []byte(strings.ReplaceAll(row, "%d", "1"))}
	later := entry{"x.tables/netstat.txt", []byte(strings.Repeat(strings.ReplaceAll(row, "%d", "2"), 2))}
	upper := entry{"x.tables/NETSTAT.txt", []byte(strings.ReplaceAll(row, "%d", "3"))}
	for name, archive := range map[string][]byte{
		"t.tar": tarOf(t, entry{"x.pcap", packets(3)}, old, upper, entry{"x.pcap", packets(4)}, entry{"x.pcap~2", packets(2)}, later, entry{"x.pcap", packets(5)}),
		"t.zip": zipOf(t, entry{"x.pcap", packets(3)}, old, upper, entry{"x.pcap", packets(4)}, entry{"x.pcap~2", packets(2)}, later, entry{"x.pcap", packets(5)}),
	} {
		dir := t.TempDir()
		write(t, dir, name, archive)
		b := run(t, Options{Dir: filepath.Join(dir, "out")}, filepath.Join(dir, name))
		want := name + "/x.pcap intact\n" + name + "/x.pcap~2 intact\n" + name + "/x.pcap~3 intact\n" + name + "/x.pcap~4 intact"
		if diff := cmp.Diff(want, outcomes(b, dir)); diff != "" {
			t.Errorf("%s: outcomes (-want +got):\n%s", name, diff)
		}
		packets := make(map[int64]bool)
		for _, e := range b.Captures {
			packets[e.Packets] = true
			if info, err := os.Stat(filepath.Join(dir, "out", filepath.FromSlash(e.Output))); err != nil || info.Size() == 0 {
				t.Errorf("%s: output of %s: %v", name, e.Path, err)
			}
		}
		if !packets[2] || !packets[3] || !packets[4] || !packets[5] {
			t.Errorf("%s: got packets %v, want those of all four", name, packets)
		}
		f, err := os.Open(filepath.Join(dir, "out", filepath.FromSlash(strings.Replace(b.Captures[0].Output, ".mended.pcapng", ".mended.json", 1))))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		r, err := report.ReadOne(f)
		if err != nil {
			t.Fatal(err)
		}
		rows := 0
		for _, table := range r.Tables {
			rows += table.Rows
		}
		if len(r.Tables) != 2 || rows != 3 {
			t.Errorf("%s: tables: got %+v, want the later ones and those of another case", name, r.Tables)
		}
		if note := strings.Join(r.Notes, "; "); !strings.Contains(note, name+"/x.tables/netstat.txt are in the archive 2 times: the last ones count") || strings.Contains(note, "NETSTAT") {
			t.Errorf("%s: notes: got %q", name, note)
		}
	}
}

// TestSamplesThatStandTwice is TestMembersThatStandTwice with archives of other tools.
func TestSamplesThatStandTwice(t *testing.T) {
	samples := os.Getenv("MENDCAP_SAMPLES")
	if samples == "" {
		t.Skip("MENDCAP_SAMPLES names no folder of samples")
	}
	for name, want := range map[string]int{"A-table-twice.tar": 1, "A-member-twice.tar": 3} {
		b := run(t, Options{Dir: t.TempDir()}, filepath.Join(samples, "faults", name))
		if got := int(b.Totals.Captures); got != want || b.Totals.ByOutcome[report.OutcomeFailed] > 0 {
			t.Errorf("%s: got\n%s\nwant %d captures, none failed", name, outcomes(b, samples), want)
		}
		if name == "A-table-twice.tar" && b.Captures[0].Notes == 0 {
			t.Errorf("%s: no note says which tables count", name)
		}
	}
}

// TestPermissionsOfMembers: outputs of a private archive are private.
func TestPermissionsOfMembers(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no permissions of this kind on Windows")
	}
	dir := t.TempDir()
	archive := write(t, dir, "t.tar", tarOf(t, entry{"x.pcap", packets(3)}))
	if err := os.Chmod(archive, 0o640); err != nil {
		t.Fatal(err)
	}
	run(t, Options{Dir: filepath.Join(dir, "out")}, archive)
	written := files(t, filepath.Join(dir, "out"))
	if len(written) != 2 {
		t.Fatalf("outputs: got %v, want a capture and its report", written)
	}
	for _, name := range written {
		info, err := os.Stat(filepath.Join(dir, "out", name))
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got&^0o640 != 0 || got&0o400 == 0 {
			t.Errorf("%s: got %v of an archive with 0640", name, got)
		}
	}
}

// However many jobs are asked for, no more are begun than there are captures.
func TestJobsBeyondCaptures(t *testing.T) {
	dir := t.TempDir()
	in := write(t, dir, "in/one.pcap", packets(10))
	b := run(t, Options{Dir: filepath.Join(dir, "out"), Jobs: 1 << 30}, in)
	if n := b.Totals.ByOutcome[report.OutcomeFailed]; n != 0 || len(b.Captures) != 1 {
		t.Errorf("got %d captures, %d of them failed, want one that is repaired", len(b.Captures), n)
	}
}
