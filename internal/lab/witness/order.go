package witness

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"

	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/internal/lab/judge"
	"github.com/mendcap/mendcap/repair"
)

// Case is packets as a sniffer wrote them, which are repaired with traces beside them.
type Case struct {
	dir           string
	truth, before *judge.File
}

// NewCase writes the files of a case to dir, which is empty.
func NewCase(ctx context.Context, dir string, truth, written []lab.Packet) (*Case, error) {
	c := &Case{dir: dir}
	err := cmp.Or(
		writeForm(c.path("truth.pcapng"), inTruth(truth, written), lab.WithHeaders),
		writeForm(c.path("before.pcapng"), written, lab.WithHeaders),
		writeForm(c.path("in.pcapng"), written, lab.SockaddrWindows),
		lab.WriteTables(c.path("in.tables"), lab.SnapshotOf(truth), lab.Own))
	if err != nil {
		return nil, err
	}
	if c.truth, err = judge.Open(ctx, c.path("truth.pcapng")); err != nil {
		return nil, err
	}
	c.before, err = judge.Open(ctx, c.path("before.pcapng"))
	return c, err
}

func (c *Case) path(name string) string { return filepath.Join(c.dir, name) }

// Judge repairs the packets with a trace beside them or, where that is nil, without, and
// lets tshark compare what comes out with the truth.
func (c *Case) Judge(ctx context.Context, trace []byte) (judge.Score, error) {
	err := errors.Join(os.RemoveAll(c.path("in.etl")), os.RemoveAll(c.path("out.pcapng")))
	if err == nil && trace != nil {
		err = os.WriteFile(c.path("in.etl"), trace, 0o644)
	}
	if err == nil {
		_, err = repair.File(ctx, c.path("in.pcapng"), c.path("out.pcapng"), repair.Options{})
	}
	if err != nil {
		return judge.Score{}, err
	}
	after, err := judge.Open(ctx, c.path("out.pcapng"))
	if err != nil {
		return judge.Score{}, err
	}
	return judge.Compare(c.truth, c.before, after), nil
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
