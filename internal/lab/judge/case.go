package judge

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/mendcap/mendcap/internal/lab"
)

// Case is a recording that many trials degrade and judge: what is the same for
// all of them is done once. It is safe for concurrent use.
type Case struct {
	Name  string
	truth []lab.Packet // as the host's stack delivers them
	table map[int]fact // by Index

	whole    func() (*File, error) // the truth as tshark sees it, asked once
	passages func() *passages      // worked out once
}

// fact is what the judge knows of a packet of the truth.
type fact struct {
	place int
	id    identity
	flow  lab.Flow
	known segment
}

// NewCase prepares a recording. The context is that of all its trials.
func NewCase(ctx context.Context, r lab.Recording) *Case {
	c := &Case{Name: r.Name, truth: lab.Delivered(r.Packets), table: map[int]fact{}}
	c.whole = sync.OnceValues(func() (*File, error) { return openAs(ctx, "truth", c.truth) })
	flows := flowNumbers{}
	for place, p := range c.truth {
		c.table[p.Index] = fact{place, identify(lab.LinkRaw, p.Data), lab.FlowOf(p.Data), flows.segment(p)}
	}
	c.passages = sync.OnceValue(func() *passages { return newPassages(c.truth, c.table, r.Events, flows) })
	return c
}

// survivors are the packets of the truth that the sniffer did not drop.
func (c *Case) survivors(degraded []lab.Packet) []lab.Packet {
	there := make(map[int]bool, len(degraded))
	for _, p := range degraded {
		there[p.Index] = true
	}
	kept := make([]lab.Packet, 0, len(degraded))
	for _, p := range c.truth {
		if there[p.Index] {
			kept = append(kept, p)
		}
	}
	return kept
}

// judged has tshark dissect surviving packets.
func (c *Case) judged(ctx context.Context, kept []lab.Packet) (*File, error) {
	if len(kept) == len(c.truth) {
		return c.whole()
	}
	return openAs(ctx, "truth", kept)
}

// openAs writes packets to a temporary file and opens that.
func openAs(ctx context.Context, name string, packets []lab.Packet) (*File, error) {
	dir, err := os.MkdirTemp("", "judge")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, name+".pcapng")
	if err := writeFile(path, packets, lab.WithHeaders); err != nil {
		return nil, fmt.Errorf("write %s: %w", name, err)
	}
	return Open(ctx, path)
}
