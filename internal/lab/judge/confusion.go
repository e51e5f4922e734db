package judge

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"

	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/internal/tcp"
	"github.com/mendcap/mendcap/repair"
	"github.com/mendcap/mendcap/report"
)

// Confusion counts the flags of degraded captures by what they were, and what
// the report says of them.
type Confusion struct {
	Counts  map[[2]string]int // truth, verdict
	Kinds   map[[2]string]int // kind, verdict with its detail, of flags that are of a kind
	Open    int               // flags of which the events don't tell what they were
	Unheard int               // flags without a verdict
	Twice   int               // flags with more than one
	Floors  map[string]int    // wrong verdicts by the floor that they belong to, where they do
}

// The kinds of flags that are counted besides, with what is right of them.
const (
	KindReversed = "reversed bursts"
	KindCopies   = "copies of the capture's"
	KindRefusals = "connects tried again"
)

// Kinds lists the kinds, each with its right verdict.
func Kinds() [][2]string {
	return [][2]string{
		{KindReversed, string(report.Artefact)}, {KindCopies, string(report.Duplicate) + " (" + report.ByCapture + ")"}, {KindRefusals, string(report.Genuine)},
	}
}

// Add adds another one.
func (c *Confusion) Add(o Confusion) {
	if c.Counts == nil {
		c.Counts, c.Kinds, c.Floors = map[[2]string]int{}, map[[2]string]int{}, map[string]int{}
	}
	for why, n := range o.Floors {
		c.Floors[why] += n
	}
	for pair, n := range o.Counts {
		c.Counts[pair] += n
	}
	for pair, n := range o.Kinds {
		c.Kinds[pair] += n
	}
	c.Open, c.Unheard, c.Twice = c.Open+o.Open, c.Unheard+o.Unheard, c.Twice+o.Twice
}

// All counts the flags whose truth is known.
func (c *Confusion) All() (n int) {
	for _, count := range c.Counts {
		n += count
	}
	return n
}

// Row counts the flags of one truth, and Column those of one verdict.
func (c *Confusion) Row(truth string) int { return c.sum(0, truth) }

// Column counts the flags of one verdict.
func (c *Confusion) Column(verdict string) int { return c.sum(1, verdict) }

func (c *Confusion) sum(side int, name string) (n int) {
	for pair, count := range c.Counts {
		if pair[side] == name {
			n += count
		}
	}
	return n
}

// Truths lists what the flags were, in the order of report.Verdicts.
func (c *Confusion) Truths() (names []string) {
	for _, name := range report.Verdicts() {
		if c.Row(string(name)) > 0 {
			names = append(names, string(name))
		}
	}
	return names
}

// F1 is the harmonic mean of precision and recall of one verdict.
func (c *Confusion) F1(name string) float64 {
	both := c.Row(name) + c.Column(name)
	if both == 0 {
		return 0
	}
	return 2 * float64(c.Counts[[2]string{name, name}]) / float64(both)
}

// MacroF1 is the mean of F1 over all that the flags were.
func (c *Confusion) MacroF1() float64 {
	sum, truths := 0.0, c.Truths()
	for _, name := range truths {
		sum += c.F1(name)
	}
	return sum / math.Max(1, float64(len(truths)))
}

// OfKind counts the flags of a kind, one of Kinds, and those of them with the right
// verdict.
func (c *Confusion) OfKind(kind [2]string) (all, right int) {
	for pair, n := range c.Kinds {
		if pair[0] == kind[0] {
			all += n
		}
	}
	return all, c.Kinds[kind]
}

// Mistake is one flag whose verdict is not its truth.
type Mistake struct {
	Frame          int64 // in the degraded capture
	Recorded       int64 // its frame in the recording
	Flag           string
	Truth, Verdict string
	Evidence, Flow string
}

// Verdicts degrades and repairs the recording in dir, and sets the report's
// verdicts beside the truth.
func (t Trial) Verdicts(ctx context.Context, dir string) (Confusion, []Mistake, report.Report, error) {
	degraded := t.degraded()
	in, out := filepath.Join(dir, "input.pcapng"), filepath.Join(dir, "repaired.pcapng")
	if err := writeFile(in, degraded, t.Form); err != nil {
		return Confusion{}, nil, report.Report{}, err
	}
	if err := t.writeTables(filepath.Join(dir, "input.tables")); err != nil {
		return Confusion{}, nil, report.Report{}, err
	}
	o := t.Options
	o.Findings = math.MaxInt32
	r, err := repair.File(ctx, in, out, o)
	if err != nil {
		return Confusion{}, nil, r, fmt.Errorf("repair: %w", err)
	}
	c, mistakes := t.Case.confusion(degraded, r.Findings.List)
	if t.Degradation.Reverse > 0 {
		for pair, n := range c.Counts {
			if pair[0] == string(report.Artefact) {
				c.Kinds[[2]string{KindReversed, pair[1]}] += n
			}
		}
	}
	return c, mistakes, r, nil
}

// said is one flag of one frame.
type said struct {
	frame int64
	flag  string
}

func detailed(f *report.Finding) string {
	if f.Detail == "" {
		return string(f.Verdict)
	}
	return string(f.Verdict) + " (" + f.Detail + ")"
}

func (c *Case) confusion(degraded []lab.Packet, findings []report.Finding) (y Confusion, mistakes []Mistake) {
	y.Counts, y.Kinds, y.Floors = map[[2]string]int{}, map[[2]string]int{}, map[string]int{}
	verdicts := map[said]*report.Finding{}
	for i := range findings {
		f := &findings[i]
		if f.Flag == "" || f.Verdict == report.Created {
			continue
		}
		key := said{f.Frame, f.Flag}
		if verdicts[key] != nil {
			y.Twice++
		}
		verdicts[key] = f
	}
	degraded = inTurn(degraded)
	causes, names := c.causes(degraded), tcp.AnalysisNames()
	causes.findAlike(degraded)
	recorded := map[int]bool{} // by Index
	for i, row := range c.analysed(degraded).rows {
		again := recorded[degraded[i].Index]
		recorded[degraded[i].Index] = true
		for bit, name := range names {
			flag := tcp.Analysis(1) << bit
			if row.Flags&flag == 0 {
				continue
			}
			f := verdicts[said{int64(i + 1), name}]
			truth := causes.of(degraded[i].Index, flag)
			if again {
				truth = causes.ofCopy(degraded[i].Index, flag)
			}
			if f == nil {
				y.Unheard++
				mistakes = append(mistakes, Mistake{Frame: int64(i + 1), Recorded: int64(degraded[i].Index + 1), Flag: name, Truth: string(truth), Verdict: "nothing"})
				continue
			}
			if truth == unknown {
				y.Open++
				continue
			}
			y.Counts[[2]string{string(truth), string(f.Verdict)}]++
			if kind := causes.kind(degraded[i].Index, truth, again, flag); kind != "" {
				y.Kinds[[2]string{kind, detailed(f)}]++
			}
			if truth != f.Verdict {
				if why := causes.floor(degraded[i].Index, flag, truth, f.Verdict); why != "" {
					y.Floors[why]++
				}
				mistakes = append(mistakes, Mistake{Frame: f.Frame, Recorded: int64(degraded[i].Index + 1), Flag: name,
					Truth: string(truth), Verdict: string(f.Verdict), Evidence: f.Evidence, Flow: f.Flow.String()})
			}
		}
	}
	slices.SortStableFunc(mistakes, func(a, b Mistake) int { return int(a.Frame - b.Frame) })
	return y, mistakes
}
