//go:build linux

package peers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/internal/lab/cmd/floor"
	"github.com/mendcap/mendcap/internal/lab/cmd/large"
)

// repairOf is a repair of one capture with a JSON report.
func (b *bench) repairOf(name, capture string, env ...string) side {
	return program(name, env, b.mendcap, "repair", "-q", "--report", "OUT/report.json", "-r", capture, "-w", "OUT/out.pcapng")
}

func (b *bench) repairWork(ctx context.Context) error {
	capture, err := b.capture(ctx, disturbed, b.size)
	if err != nil {
		return err
	}
	copied, err := b.repaired(ctx, b.size)
	if err != nil {
		return err
	}
	editcap := program("editcap", nil, "editcap", "-F", "pcapng", copied, "OUT/out.pcapng")
	own, peer, err := b.pair(ctx, b.size+", header-less and disturbed", b.repairOf("mendcap repair", capture), editcap)
	if err != nil {
		return err
	}
	packets, err := floor.Count(capture)
	if err != nil {
		return err
	}
	b.bar("repair beside editcap, by the clock,", median(ratios(own, peer, clock)), 1.5)
	b.bar("its user time a packet, microseconds,", float64(medians(own).user.Nanoseconds())/1e3/float64(packets), 1.2)
	return nil
}

func (b *bench) floorWork(ctx context.Context) error {
	capture, err := b.capture(ctx, disturbed, b.size)
	if err != nil {
		return err
	}
	loop := program("floor", nil, b.lab, "floor", capture, "OUT/out.pcapng")
	own, peer, err := b.pair(ctx, b.size+", header-less and disturbed", b.repairOf("mendcap repair", capture), loop)
	if err != nil {
		return err
	}
	b.bar("repair beside the floor, by the clock,", median(ratios(own, peer, clock)), 2.2)
	return nil
}

func (b *bench) plainWork(ctx context.Context) error {
	capture, err := b.capture(ctx, plain, b.size)
	if err != nil {
		return err
	}
	editcap := program("editcap", nil, "editcap", "-F", "pcapng", capture, "OUT/out.pcapng")
	own, peer, err := b.pair(ctx, b.size+", undisturbed", b.repairOf("mendcap repair", capture), editcap)
	if err != nil {
		return err
	}
	b.bar("repair of what is undisturbed beside editcap, by the clock,", median(ratios(own, peer, clock)), 0.6)
	return nil
}

func (b *bench) checkWork(ctx context.Context) error {
	capture, err := b.capture(ctx, disturbed, b.size)
	if err != nil {
		return err
	}
	copied, err := b.repaired(ctx, b.size)
	if err != nil {
		return err
	}
	tshark := program("tshark -q -z expert", nil, "tshark", "-n", "-q", "-z", "expert", "-r", copied)
	check := program("mendcap check", nil, b.mendcap, "check", "-q", "--fail-on", "loss", "--max", "loss=100%", capture)
	own, peer, err := b.pair(ctx, b.size+", header-less and disturbed", check, tshark)
	if err != nil {
		return err
	}
	b.bar("check beside tshark, by the clock,", median(ratios(own, peer, clock)), 0.1)
	return nil
}

func (b *bench) coresWork(ctx context.Context) error {
	capture, err := b.capture(ctx, disturbed, b.size)
	if err != nil {
		return err
	}
	one, two := b.repairOf("one processor", capture, "GOMAXPROCS=1"), b.repairOf("two processors", capture, "GOMAXPROCS=2")
	faster, slower, err := b.pair(ctx, b.size+", header-less and disturbed", two, one)
	if err != nil {
		return err
	}
	b.bar("two processors beside one, by the clock,", median(ratios(faster, slower, clock)), 1/1.5)
	b.bar("their user time,", median(ratios(faster, slower, func(u usage) time.Duration { return u.user })), 1.1)
	return nil
}

// startWork lets each side start twenty times a run: one start is too short to time.
func (b *bench) startWork(ctx context.Context) error {
	const starts = 20
	twenty := func(name, path string, args ...string) side {
		return side{name: name, run: func(ctx context.Context, _ string) (sum usage, err error) {
			for range starts {
				u, err := measure(ctx, nil, path, args...)
				if err != nil {
					return sum, err
				}
				sum.add(u)
			}
			return sum, nil
		}}
	}
	own, peer, err := b.pair(ctx, strconv.Itoa(starts)+" starts", twenty("mendcap version", b.mendcap, "version"), twenty("/bin/true", "/bin/true"))
	if err != nil {
		return err
	}
	above := (medians(own).wall - medians(peer).wall) / starts
	b.bar("start above that of /bin/true, milliseconds,", float64(above.Microseconds())/1e3, 10)
	return nil
}

// The captures of smallWork.
const small, smallPackets = 10_000, 20

func (b *bench) smallWork(ctx context.Context) error {
	recording, err := lab.Load(filepath.Join(filepath.Dir(strings.Split(b.recordings, ",")[0]), "many-flows.pcapng.gz"))
	if err != nil {
		return err
	}
	folder := filepath.Join(b.dir, "small")
	if err := lab.WriteArchive(folder, recording.Packets, small, smallPackets); err != nil {
		return err
	}
	batch := program("mendcap batch", nil, b.mendcap, "batch", "-q", "-o", "OUT", folder)
	batch.keep = true
	own, peer, err := b.pair(ctx, fmt.Sprintf("%d captures of %d packets", small, smallPackets), batch, copier(folder))
	if err != nil {
		return err
	}
	for _, s := range []struct {
		name string
		runs []usage
	}{{"mendcap batch", own}, {"loop", peer}} {
		fmt.Printf("%s: %.0f captures a second\n", s.name, small/medians(s.runs).wall.Seconds())
	}
	b.bar("batch beside a loop that writes and syncs, by the clock,", median(ratios(own, peer, clock)), 1/0.8)
	for n := range b.runs {
		err = errors.Join(err, os.RemoveAll(b.out(n+1)))
	}
	return errors.Join(err, os.RemoveAll(folder))
}

// batchWork has 20 captures of a hundredth of the size. Its peer repairs one after the
// other, each by a process of its own; a second one writes a JSON report of each besides,
// as the batch does.
func (b *bench) batchWork(ctx context.Context) error {
	const captures = 20
	total, err := large.ParseSize(b.size)
	if err != nil {
		return err
	}
	one, err := b.capture(ctx, disturbed, fmt.Sprintf("%dKB", max(total/100/1000, 1)))
	if err != nil {
		return err
	}
	folder := filepath.Join(b.dir, "batch")
	if err := copies(one, folder, captures); err != nil {
		return err
	}
	singles := func(name string, reports bool) side {
		return side{name: name, run: func(ctx context.Context, out string) (sum usage, err error) {
			for n := range captures {
				to := filepath.Join(out, strconv.Itoa(n))
				args := []string{"repair", "-q", "-r", copyName(folder, n), "-w", to + ".pcapng"}
				if reports {
					args = append(args, "--report", to+".json")
				}
				u, err := measure(ctx, nil, b.mendcap, args...)
				if err != nil {
					return sum, err
				}
				sum.add(u)
			}
			return sum, nil
		}}
	}
	title := fmt.Sprintf("%d captures of %s", captures, filepath.Base(one))
	for jobs, most := range []float64{1: 1, 2: 1 / 1.6} {
		if jobs == 0 {
			continue
		}
		batch := program(fmt.Sprintf("mendcap batch, jobs: %d", jobs), nil, b.mendcap, "batch", "-q", "--jobs", strconv.Itoa(jobs), "-o", "OUT", folder)
		own, peer, err := b.pair(ctx, title, batch, singles("repairs, one by one", false))
		if err != nil {
			return err
		}
		b.bar(fmt.Sprintf("batch with jobs: %d beside single repairs, by the clock,", jobs), median(ratios(own, peer, clock)), most)
		if _, _, err := b.pair(ctx, title+", a report of each", batch, singles("the same with reports", true)); err != nil {
			return err
		}
	}
	return os.RemoveAll(folder)
}

// scaleWork compares a capture with one of an eighth of its size.
func (b *bench) scaleWork(ctx context.Context) error {
	total, err := large.ParseSize(b.size)
	if err != nil {
		return err
	}
	for _, k := range []struct {
		kind string
		most float64 // MiB
	}{{plain, 128}, {disturbed, 192}} {
		kind, most := k.kind, k.most
		whole, err := b.capture(ctx, kind, b.size)
		if err != nil {
			return err
		}
		eighth, err := b.capture(ctx, kind, fmt.Sprintf("%dKB", total/8/1000))
		if err != nil {
			return err
		}
		own, peer, err := b.pair(ctx, kind, b.repairOf(b.size, whole), b.repairOf("an eighth of it", eighth))
		if err != nil {
			return err
		}
		b.bar(kind+": time of the whole beside an eighth", median(ratios(own, peer, clock)), 8*1.1)
		b.bar(kind+": memory of the whole beside an eighth", float64(medians(own).peak)/float64(medians(peer).peak), 1.1)
		b.bar(kind+": memory, MiB,", float64(medians(own).peak)/(1<<20), most)
	}
	return nil
}
