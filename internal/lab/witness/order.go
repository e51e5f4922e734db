package witness

import (
	"cmp"
	"context"
	"os"
	"path/filepath"
	"slices"

	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/internal/lab/judge"
	"github.com/mendcap/mendcap/repair"
)

// Judge repairs packets as a sniffer wrote them, with a trace beside them or, where that is
// nil, without, and lets tshark compare what comes out with the truth. Files are written
// to dir, which is empty.
func Judge(ctx context.Context, dir string, truth, written []lab.Packet, trace []byte) (judge.Score, error) {
	path := func(name string) string { return filepath.Join(dir, name) }
	err := cmp.Or(
		writeForm(path("truth.pcapng"), inTruth(truth, written), lab.WithHeaders),
		writeForm(path("before.pcapng"), written, lab.WithHeaders),
		writeForm(path("in.pcapng"), written, lab.SockaddrWindows),
		lab.WriteTables(path("in.tables"), lab.SnapshotOf(truth), lab.Own))
	if err == nil && trace != nil {
		err = os.WriteFile(path("in.etl"), trace, 0o644)
	}
	if err == nil {
		_, err = repair.File(ctx, path("in.pcapng"), path("out.pcapng"), repair.Options{})
	}
	if err != nil {
		return judge.Score{}, err
	}
	var files [3]*judge.File
	for i, name := range []string{"truth.pcapng", "before.pcapng", "out.pcapng"} {
		if files[i], err = judge.Open(ctx, path(name)); err != nil {
			return judge.Score{}, err
		}
	}
	return judge.Compare(files[0], files[1], files[2]), nil
}

// inTruth is the packets that were written, in their true order and with their true times.
func inTruth(truth, written []lab.Packet) []lab.Packet {
	stamps := make(map[int]int64, len(truth))
	for _, p := range truth {
		stamps[p.Index] = p.Stamp
	}
	written = slices.Clone(written)
	slices.SortFunc(written, func(a, b lab.Packet) int { return cmp.Compare(a.Index, b.Index) })
	for i := range written {
		written[i].Stamp = stamps[written[i].Index]
	}
	return written
}

func writeForm(path string, packets []lab.Packet, form lab.Form) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return cmp.Or(lab.WriteForm(f, packets, form, lab.Pcapng), f.Close())
}
