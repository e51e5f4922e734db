//go:build unix

package kill

import (
	"archive/tar"
	"archive/zip"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/klauspost/compress/gzip"
)

// writeArchives puts files into a compressed tar and a zip archive.
func writeArchives(dir string, files tree) error {
	names := slices.Sorted(maps.Keys(files))
	return errors.Join(writeTar(filepath.Join(dir, "packed.tar.gz"), names, files), writeZip(filepath.Join(dir, "packed.zip"), names, files))
}

func writeTar(path string, names []string, files tree) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	packed := gzip.NewWriter(f)
	w := tar.NewWriter(packed)
	for _, name := range names {
		if err := w.WriteHeader(&tar.Header{Name: filepath.ToSlash(name), Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(files[name]))}); err != nil {
			return err
		}
		if _, err := w.Write([]byte(files[name])); err != nil {
			return err
		}
	}
	return errors.Join(w.Close(), packed.Close())
}

func writeZip(path string, names []string, files tree) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w := zip.NewWriter(f)
	for _, name := range names {
		member, err := w.Create(filepath.ToSlash(name))
		if err != nil {
			return err
		}
		if _, err := member.Write([]byte(files[name])); err != nil {
			return err
		}
	}
	return w.Close()
}

// killRepairs kills repairs of a file and of standard input in turns, each once
// before it completes.
func (b *bench) killRepairs(kills int) (tally, error) {
	t := tally{command: "repair"}
	capture := filepath.Join(b.in, "000", "capture-00000.pcapng")
	for _, stdin := range []bool{false, true} {
		r := &runner{b: b, out: filepath.Join(b.dir, "out"), tmp: filepath.Join(b.dir, "tmp")}
		r.args = []string{"repair", "-q", "-w", filepath.Join(r.out, "out.pcapng"), capture}
		if stdin {
			r.args[4], r.stdin = "-", capture
		}
		length, err := r.complete()
		if err != nil {
			return t, err
		}
		want, err := readTree(r.out)
		if err != nil {
			return t, err
		}
		if err := os.RemoveAll(r.out); err != nil {
			return t, err
		}
		share := kills / 2
		if stdin {
			share = kills - kills/2
		}
		for met := 0; met < share; {
			alive, err := r.kill(b.moment(length))
			if err != nil {
				return t, err
			}
			if alive {
				met++
				t.kills++
			}
			if err := r.inspect(&t, want); err != nil {
				return t, err
			}
			if err := r.finish(&t, want); err != nil {
				return t, err
			}
		}
	}
	return t, nil
}

// mostKills is how often in a row a batch is killed before it completes.
const mostKills = 6

// killBatches kills batches that resume, up to mostKills times in a row.
func (b *bench) killBatches(kills int) (tally, error) {
	t := tally{command: "batch"}
	r := &runner{b: b, out: filepath.Join(b.dir, "out"), tmp: filepath.Join(b.dir, "tmp")}
	r.args = []string{"batch", "-q", "--resume", "-o", r.out, "--report", filepath.Join(r.out, "summary.json"), "in"}
	length, err := r.complete()
	if err != nil {
		return t, err
	}
	want, err := readTree(r.out)
	if err != nil {
		return t, err
	}
	if err := os.RemoveAll(r.out); err != nil {
		return t, err
	}
	for t.kills < kills {
		for range 1 + b.moments.IntN(mostKills) {
			alive, err := r.kill(b.moment(length / 2))
			if err != nil {
				return t, err
			}
			if !alive {
				break
			}
			t.kills++
			if err := r.inspect(&t, want); err != nil {
				return t, err
			}
		}
		if err := r.finish(&t, want); err != nil {
			return t, err
		}
	}
	return t, nil
}
