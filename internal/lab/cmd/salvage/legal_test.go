package salvage

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/mendcap/mendcap/internal/lab/tshark"
)

// usual are packets of one recording.
func usual(t *testing.T) *file {
	t.Helper()
	good, err := load([]string{"../../../../testdata/recordings/clean.pcapng.gz"}, 30)
	if err != nil {
		t.Fatal(err)
	}
	return good[0]
}

// oddFile is a capture of a kind in which some packets are odd, but not the first
// ones, by which tshark guesses the form of a pcap file.
func oddFile(f *file, k oddKind) []byte {
	s := newSheet(f.packets, f.link(), k.ng, orders[len(k.name)%2], false)
	k.apply(rand.New(rand.NewPCG(1, uint64(len(k.name)))), s, "20 %", 4)
	return s.lay()
}

// What walk reads of the odd captures is what tshark reads, but where a kind says
// that it can't judge: time, original length and captured length. Those of pcapng
// are sections of one file.
func TestWalkAgreesWithTshark(t *testing.T) {
	if testing.Short() {
		t.Skip("short: one run of tshark for each kind of pcap")
	}
	tshark.Need(t)
	f := usual(t)
	files := map[string][]byte{}
	for _, k := range oddKinds() {
		name := k.name
		if k.ng {
			name = "all of pcapng"
		}
		if k.blind == "" {
			files[name] = append(files[name], oddFile(f, k)...)
		}
	}
	var wait sync.WaitGroup
	turns := make(chan struct{}, 2)
	for kind, data := range files {
		wait.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			walked, err := walk(data)
			if err != nil {
				t.Errorf("%s: %v", kind, err)
				return
			}
			name := filepath.Join(t.TempDir(), "odd")
			if err := os.WriteFile(name, data, 0o600); err != nil {
				t.Error(err)
				return
			}
			var lines []string
			err = tshark.Each(t.Context(), name, []string{"frame.time_epoch", "frame.len", "frame.cap_len"}, func(cells []string) error {
				lines = append(lines, strings.Join(cells, "\t"))
				return nil
			})
			if err != nil {
				t.Errorf("%s: %v", kind, err)
			}
			if got, want := strings.Join(lines, "\n"), shown(walked); got != want {
				t.Errorf("%s: tshark reads\n%s\nwalk reads\n%s", kind, got, want)
			}
		})
	}
	wait.Wait()
}

// shown are packets as tshark shows them. It has no more than 31 bits for an
// original length, and none for a time that a simple packet block lacks.
func shown(packets []seen) string {
	var lines []string
	for _, p := range packets {
		when := ""
		if p.stamped {
			when = fmt.Sprintf("%d.%09d", p.seconds, p.fraction)
		}
		lines = append(lines, fmt.Sprintf("%s\t%d\t%d", when, min(p.original, 1<<31-1), len(p.data)))
	}
	return strings.Join(lines, "\n")
}

// No packet of any kind is lost, and none of those captures called damaged.
func TestLegal(t *testing.T) {
	f := usual(t)
	dir := t.TempDir()
	for _, k := range oddKinds() {
		lost, wrong, damaged, err := judgeLegal(t.Context(), oddFile(f, k), dir)
		if err != nil || lost+wrong+damaged > 0 {
			t.Errorf("%s: %d lost, %d false, damaged %d, %v", k.name, lost, wrong, damaged, err)
		}
	}
}

// The judge sees what is missing, changed or too much.
func TestJudgeLegalSees(t *testing.T) {
	f := usual(t)
	s := newSheet(f.packets, f.link(), false, orders[0], false)
	whole := s.lay()
	if _, err := walk(whole[:len(whole)-1]); err == nil {
		t.Error("a cut file was walked to its end")
	}
	lost, wrong, damaged, err := judgeLegal(t.Context(), append(s.lay(), make([]byte, 160)...), t.TempDir())
	if err != nil || lost != 10 || wrong != 0 || damaged != 1 {
		t.Errorf("ten records of zeros behind a capture: %d lost, %d false, damaged %d, %v; want 10, 0 and 1", lost, wrong, damaged, err)
	}
}
