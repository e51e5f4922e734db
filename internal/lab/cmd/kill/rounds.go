//go:build unix

package kill

import (
	"os"
	"path/filepath"

	"github.com/mendcap/mendcap/internal/lab/trees"
)

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
		want, err := trees.Read(r.out)
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
	want, err := trees.Read(r.out)
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
