package salvage

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/lab/strict"
	"github.com/mendcap/mendcap/repair"
)

// contender is a program that salvages: it reads one file and writes another.
type contender struct {
	name string
	run  func(ctx context.Context, in, out string) error // nil: not installed
}

// contenders are the programs that are compared, mendcap first.
func contenders(dir string) []contender {
	all := []contender{
		{"mendcap", func(ctx context.Context, in, out string) error {
			_, err := repair.File(ctx, in, out, repair.Options{Force: true})
			if errors.Is(err, repair.ErrNoCapture) {
				return nil
			}
			return err
		}},
		{name: "pcapfix"}, {name: "wireshark"},
	}
	arguments := map[string]func(in, out string) []string{
		"pcapfix":   func(in, out string) []string { return []string{"pcapfix", "-k", "-o", out, in} },
		"wireshark": func(in, out string) []string { return []string{"editcap", "-F", "pcapng", in, out} },
	}
	for i := range all[1:] {
		c := &all[i+1]
		command := arguments[c.name]
		if _, err := exec.LookPath(command("", "")[0]); err != nil {
			fmt.Fprintf(os.Stderr, "salvage: %s is not installed: left out\n", command("", "")[0])
			continue
		}
		c.run = func(ctx context.Context, in, out string) error {
			a := command(in, out)
			cmd := exec.CommandContext(ctx, a[0], a[1:]...)
			cmd.Dir = dir
			_ = cmd.Run() // all of them end with errors on damage; what they wrote counts
			return ctx.Err()
		}
	}
	return all
}

// score is what one contender made of files.
type score struct{ recovered, wrong, written, below int }

// row is one kind of damage.
type row struct {
	name        string
	files       int
	recoverable int
	scores      []score
}

// measure damages every file in one way.
func measure(ctx context.Context, o options, k kind, good []*file, judges []contender) (row, error) {
	result := row{name: k.name, scores: make([]score, len(judges))}
	dir, err := os.MkdirTemp("", "salvage-kind-*")
	if err != nil {
		return result, err
	}
	defer os.RemoveAll(dir)
	for i, f := range good {
		for seed := range o.seeds {
			r := rand.New(rand.NewPCG(uint64(i), uint64(seed)))
			other := good[(i+3)%len(good)] // another recording in the same form
			data, left := k.damage(r, f, other)
			if data == nil {
				continue
			}
			in := filepath.Join(dir, "in")
			if err := os.WriteFile(in, data, 0o666); err != nil {
				return result, err
			}
			result.files++
			result.recoverable += len(left)
			t := newTruth(left, f, other)
			best, mine := 0, 0
			for n, c := range judges {
				if c.run == nil {
					continue
				}
				out := filepath.Join(dir, "out")
				os.Remove(out)
				if err := c.run(ctx, in, out); err != nil {
					return result, fmt.Errorf("%s on %s, %s, seed %d: %w", c.name, f.name, k.name, seed, err)
				}
				one, err := t.judge(out)
				if err != nil {
					return result, fmt.Errorf("read what %s made of %s: %w", c.name, f.name, err)
				}
				s := &result.scores[n]
				s.recovered, s.wrong, s.written = s.recovered+one.recovered, s.wrong+one.wrong, s.written+one.written
				if n == 0 {
					mine = one.recovered
				}
				best = max(best, one.recovered)
				if o.verbose && n == 0 && one.wrong > 0 {
					fmt.Printf("%s, %s, seed %d: %d false packets\n", k.name, f.name, seed, one.wrong)
				}
			}
			if best > mine {
				result.scores[0].below++
			}
			if o.verbose && best > mine {
				fmt.Printf("%s, %s, seed %d: mendcap %d of %d, best %d\n", k.name, f.name, seed, mine, len(left), best)
			}
		}
	}
	return result, nil
}

type digest [sha256.Size]byte

// place is the time and length of a packet.
type place struct {
	micros uint64
	length int
}

// truth is what can be in an output.
type truth struct {
	left   map[digest]int // packets that can be recovered, how often
	all    map[digest]bool
	places map[place]bool
}

func newTruth(left []packet, files ...*file) *truth {
	t := &truth{left: map[digest]int{}, all: map[digest]bool{}, places: map[place]bool{}}
	for _, p := range left {
		t.left[sha256.Sum256(p.data)]++
		t.places[place{p.micros, len(p.data)}] = true
	}
	for _, f := range files {
		for _, p := range f.packets {
			t.all[sha256.Sum256(p.data)] = true
			t.places[place{p.micros, len(p.data)}] = true
		}
	}
	return t
}

// judge counts the packets of an output. One that is missing has none.
func (t *truth) judge(name string) (score, error) {
	in, err := os.Open(name)
	if errors.Is(err, os.ErrNotExist) {
		return score{}, nil
	}
	if err != nil {
		return score{}, err
	}
	defer in.Close()
	left := make(map[digest]int, len(t.left))
	for d, n := range t.left {
		left[d] = n
	}
	var s score
	r, err := strict.NewReader(in, capture.ReaderOptions{})
	if err != nil {
		return s, nil // nothing that can be read
	}
	for {
		batch, err := r.Next()
		if err == io.EOF {
			return s, nil
		}
		if err != nil {
			return s, nil // what follows can't be read
		}
		for i := range batch.Blocks {
			b := &batch.Blocks[i]
			if b.Kind != capture.Packet || b.Interface == nil {
				continue
			}
			s.written++
			d := digest(sha256.Sum256(b.Data))
			switch {
			case left[d] > 0:
				left[d]--
				s.recovered++
			case !t.all[d] && !t.places[place{uint64(b.Interface.Nanos(b.Ticks) / 1000), len(b.Data)}]:
				s.wrong++
			}
		}
		batch.Release()
	}
}
