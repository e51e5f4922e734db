package pipeline

import (
	"fmt"
	"time"

	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/comment"
	"github.com/mendcap/mendcap/reorder"
	"github.com/mendcap/mendcap/reorder/clocks"
	"github.com/mendcap/mendcap/report"
)

// interfaceClocks are what is known of the clocks of a capture's interfaces. Where only
// one of them has packets it is nothing.
type interfaceClocks struct {
	number    map[interfaceID]int // into contents.interfaces
	reference int                 // the interface with most packets
	found     []clocks.Clock
	quiet     bool // stamps can't be compared, so nothing moves

	corrections map[int]*clocks.Clock // by interface; nil where nothing is corrected
	uncertainty int64                 // of corrected stamps, nanoseconds
	low, high   int64                 // by how much stamps are ahead of the reference, nanoseconds
	// merge: the file is sorted by stamps that can't be compared, so that its
	// order says nothing about packets of different interfaces.
	merge bool
}

// interfaceID names an interface in all passes.
type interfaceID struct {
	section int
	id      uint32
}

func idOf(i *capture.Interface) interfaceID { return interfaceID{i.Section, i.ID} }

// numberClocks tells the interfaces apart, before the survey. It says nothing where only one
// of them has packets.
func numberClocks(c *contents) interfaceClocks {
	seen, reference := 0, 0
	for n, i := range c.interfaces {
		if i.Packets > 0 {
			seen++
		}
		if i.Packets > c.interfaces[reference].Packets {
			reference = n
		}
	}
	clocks := interfaceClocks{reference: reference}
	if seen < 2 {
		return clocks
	}
	clocks.number = make(map[interfaceID]int, len(c.interfaces))
	for n, i := range c.interfaces {
		clocks.number[interfaceID{i.Section, i.ID}] = n
	}
	return clocks
}

// clockComparer is the stage of the first survey that compares the clocks of interfaces.
// In: packets in file order, with their stamps as recorded.
type clockComparer struct {
	number map[interfaceID]int // nil where there is nothing to compare
	survey *clocks.Survey
}

func newClockComparer(c *interfaceClocks) *clockComparer {
	return &clockComparer{c.number, clocks.NewSurvey(c.reference)}
}

// take takes in a packet.
func (c *clockComparer) take(u *unit) {
	if c.number == nil || !u.tracked.ruled {
		return
	}
	if stamp, ok := u.recorded(); ok {
		if n, listed := c.number[idOf(u.block.Interface)]; listed {
			c.survey.Add(n, stamp, (*reorder.Segment)(&u.seg))
		}
	}
}

// compares reports whether there is something to compare.
func (c *clockComparer) compares() bool { return c.number != nil }

// result ends the comparison.
func (c *clockComparer) result() []clocks.Clock { return c.survey.Result() }

// comment says that the packet's stamp was corrected.
func (c *interfaceClocks) comment(u *unit) string {
	recorded, _ := u.recorded()
	now, _ := u.stamp()
	return fmt.Sprintf("%s%s of interface %d corrected by %v to that of interface %d; was %s", comment.Mark, comment.Clock,
		c.number[idOf(u.block.Interface)], time.Duration(now-recorded), c.reference, seconds(recorded))
}

// noteClocks says what the difference of clocks keeps from being repaired.
func (r *reportBuilder) noteClocks(c *interfaceClocks, forced int64) {
	for i := range c.found {
		clock := &c.found[i]
		if !clock.Apart || c.corrections != nil && clock.State == clocks.Differs {
			continue
		}
		how := "how far can't be told, since answers were seen in one direction only"
		if clock.State == clocks.Differs {
			how = "--align-interfaces corrects them"
		}
		r.note("the clocks of interfaces %d and %d are apart, so their stamps can't be compared and no packet was moved; %s",
			clock.Reference, clock.Interface, how)
	}
	r.noteIf(forced, "interfaces were merged through a window of %d packets, too small for the clocks' difference %s",
		maxMerged, timesOver(forced))
}

// describe lists the clocks of all interfaces with packets.
func (c *interfaceClocks) describe(interfaces []report.Interface) []report.Clock {
	list := []report.Clock{}
	if c.number == nil {
		return list
	}
	known := make(map[int]clocks.Clock)
	for _, clock := range c.found {
		known[clock.Interface] = clock
	}
	for n, i := range interfaces {
		if i.Packets == 0 || n == c.reference {
			continue
		}
		clock := known[n]
		one := report.Clock{
			Interface: n, Reference: c.reference, State: stateNames[clock.State], Samples: clock.Samples,
			Offset: time.Duration(clock.Offset), Uncertainty: time.Duration(clock.Uncertainty),
			SkewPPB: clock.SkewPPB, SkewUncertaintyPPB: clock.SkewUncertainty,
		}
		if clock.State != clocks.Unknown {
			one.At = utc(clock.At)
		}
		if clock.State == clocks.Differs && c.corrections != nil {
			one.State = report.ClockCorrected
		}
		if clock.State == clocks.OneSided {
			one.Bound = "at most"
			if clock.AtLeast {
				one.Bound = "at least"
			}
		}
		list = append(list, one)
	}
	return list
}

// stateNames are the report's, of clocks that are not corrected.
var stateNames = [...]string{
	clocks.Unknown: report.ClockUnknown, clocks.Aligned: report.ClockAligned,
	clocks.Differs: report.ClockDiffers, clocks.OneSided: report.ClockOneSided,
}
