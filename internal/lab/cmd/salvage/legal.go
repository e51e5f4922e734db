package salvage

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"text/tabwriter"

	"github.com/mendcap/mendcap/reorder"
	"github.com/mendcap/mendcap/repair"
)

// The bars of the second half: no packet may be lost or false, and nothing called
// damaged, of so many kinds, and with enough seeds of so many packets.
const (
	leastKinds   = 40
	leastPackets = 100_000
	enoughSeeds  = 4
)

// oddRow is what became of one kind of legal captures.
type oddRow struct {
	name                 string
	files, packets       int
	lost, wrong, damaged int
}

// measureLegal makes captures that are legal, or nearly so, and odd in one way:
// in one packet, in a fifth of them, in all; small ones and large ones.
func measureLegal(ctx context.Context, o options, good []*file) ([]oddRow, error) {
	dir, err := os.MkdirTemp("", "salvage-legal-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	good = append(good[:len(good):len(good)], layPcap("small packets", binary.LittleEndian, 1, small(o.packets)))
	var rows []oddRow
	for n, k := range oddKinds() {
		if !o.chosen(k.name) {
			continue
		}
		row := oddRow{name: k.name}
		for seed := range o.seeds {
			if err := measureOdd(ctx, o, k, good, rand.New(rand.NewPCG(uint64(n), uint64(seed))), seed, dir, &row); err != nil {
				return nil, fmt.Errorf("%s, seed %d: %w", k.name, seed, err)
			}
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// measureOdd makes the captures of one kind and seed.
func measureOdd(ctx context.Context, o options, k oddKind, good []*file, r *rand.Rand, seed int, dir string, row *oddRow) error {
	for _, size := range []int{2, 3 + r.IntN(8), 11 + r.IntN(40), o.packets} {
		for e, extent := range extents {
			if k.file != nil && e > 0 {
				break
			}
			f := good[len(good)-1]
			if r.IntN(2) == 0 {
				f = good[r.IntN(len(good))]
			}
			at := r.IntN(max(1, len(f.packets)-size))
			s := newSheet(f.packets[at:min(at+size, len(f.packets))], f.link(), k.ng, orders[seed%2], seed%4 >= 2)
			k.apply(r, s, extent, 0)
			lost, wrong, damaged, err := judgeLegal(ctx, s.lay(), dir)
			if err != nil {
				return err
			}
			if o.verbose && lost+wrong+damaged > 0 {
				fmt.Printf("%s, %s of %d, seed %d: %d lost, %d false, damaged: %v\n", k.name, extent, size, seed, lost, wrong, damaged > 0)
			}
			row.files++
			row.packets += len(s.entries)
			row.lost, row.wrong, row.damaged = row.lost+lost, row.wrong+wrong, row.damaged+damaged
		}
	}
	return nil
}

// apply makes a capture odd.
func (k oddKind) apply(r *rand.Rand, s *sheet, extent string, from int) {
	if k.file != nil {
		k.file(s)
		return
	}
	for _, i := range choose(r, extent, len(s.entries), from) {
		k.entry(s, i)
	}
}

// judgeLegal repairs a file without the laws of order, and compares the packets that
// walk finds in what came in and in what came out.
func judgeLegal(ctx context.Context, data []byte, dir string) (lost, wrong, damaged int, err error) {
	want, err := walk(data)
	if err != nil {
		return 0, 0, 0, err
	}
	in, out := filepath.Join(dir, "in"), filepath.Join(dir, "out.pcapng")
	if err := os.WriteFile(in, data, 0o666); err != nil {
		return 0, 0, 0, err
	}
	os.Remove(out)
	o := repair.Options{Force: true}
	for law := range reorder.Law(reorder.NumLaws) {
		o.Without = append(o.Without, law)
	}
	report, err := repair.File(ctx, in, out, o)
	if errors.Is(err, repair.ErrNoCapture) {
		return len(want), 0, 1, nil
	}
	if err != nil {
		return 0, 0, 0, err
	}
	damaged = min(len(report.Damage), 1)
	data, err = os.ReadFile(out)
	if err != nil {
		return 0, 0, 0, err
	}
	got, err := walk(data)
	if err != nil {
		return 0, 0, 0, fmt.Errorf("the output: %w", err)
	}
	left := map[seen]int{}
	for _, p := range got {
		left[p]++
	}
	for _, p := range want {
		if left[p]--; left[p] < 0 {
			lost++
		}
	}
	return lost, len(got) - len(want) + lost, damaged, nil
}

// printLegal prints one row for each kind.
func printLegal(w io.Writer, rows []oddRow) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "legal and odd\tfiles\tpackets\tlost\tfalse\tcalled damaged\t")
	for _, r := range append(rows, allLegal(rows)) {
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t%d\t\n", r.name, r.files, r.packets, r.lost, r.wrong, r.damaged)
	}
	_ = table.Flush() // writing to the terminal is best effort
}

func allLegal(rows []oddRow) oddRow {
	all := oddRow{name: fmt.Sprintf("all %d kinds", len(rows))}
	for _, r := range rows {
		all.files, all.packets, all.lost = all.files+r.files, all.packets+r.packets, all.lost+r.lost
		all.wrong, all.damaged = all.wrong+r.wrong, all.damaged+r.damaged
	}
	return all
}

// missesLegal names the bars that mendcap misses with legal captures.
func missesLegal(o options, rows []oddRow) (missed []string) {
	all := allLegal(rows)
	if all.lost+all.wrong+all.damaged > 0 {
		missed = append(missed, fmt.Sprintf("missed: of %d packets in legal captures %d lost, %d false; %d of %d captures called damaged",
			all.packets, all.lost, all.wrong, all.damaged, all.files))
	}
	if o.kinds == "" && len(rows) < leastKinds {
		missed = append(missed, fmt.Sprintf("missed: %d kinds of legal captures, want %d", len(rows), leastKinds))
	}
	if o.kinds == "" && o.seeds >= enoughSeeds && all.packets < leastPackets {
		missed = append(missed, fmt.Sprintf("missed: %d packets in legal captures, want %d", all.packets, leastPackets))
	}
	return missed
}
