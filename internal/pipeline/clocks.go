package pipeline

import (
	"fmt"
	"time"

	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/reorder/clocks"
	"github.com/mendcap/mendcap/report"
)

// interfaceClocks compares the clocks of a capture's interfaces. Where only one of them
// has packets it does nothing.
type interfaceClocks struct {
	number    map[interfaceID]int // into facts.interfaces
	reference int                 // the interface with most packets
	survey    *clocks.Survey
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

// begin starts the comparison, before the second pass.
func (c *interfaceClocks) begin(f *facts) {
	seen := 0
	for n, i := range f.interfaces {
		if i.Packets > 0 {
			seen++
		}
		if i.Packets > f.interfaces[c.reference].Packets {
			c.reference = n
		}
	}
	if seen < 2 {
		return
	}
	c.survey = clocks.NewSurvey(c.reference)
	c.number = make(map[interfaceID]int, len(f.interfaces))
	for n, i := range f.interfaces {
		c.number[interfaceID{i.Section, i.ID}] = n
	}
}

// observe takes in a packet.
func (c *interfaceClocks) observe(u *unit) {
	if c.survey == nil || !u.tracked.ruled {
		return
	}
	if stamp, ok := u.recorded(); ok {
		if n, listed := c.number[idOf(u.block.Interface)]; listed {
			c.survey.Add(n, stamp, &u.seg)
		}
	}
}

// compareClocks ends the comparison. Where clocks are apart and not corrected,
// laws prove nothing about stamps, and nothing may move.
func (j *job) compareClocks() {
	c := &j.clocks
	if c.survey != nil {
		c.found, c.survey = c.survey.Result(), nil
		for i := range c.found {
			c.quiet = c.quiet || c.found[i].Apart
		}
	}
	j.settleProfile()
}

// comment says that the packet's stamp was corrected.
func (c *interfaceClocks) comment(u *unit) string {
	recorded, _ := u.recorded()
	now, _ := u.stamp()
	return fmt.Sprintf("%s%s of interface %d corrected by %v to that of interface %d; was %s", commentMark, wordClock,
		c.number[idOf(u.block.Interface)], time.Duration(now-recorded), c.reference, seconds(recorded))
}

// noteClocks says what the difference of clocks keeps from being repaired.
func (j *job) noteClocks(forced int64) {
	c := &j.clocks
	for i := range c.found {
		clock := &c.found[i]
		if !clock.Apart || c.corrections != nil && clock.State == clocks.Differs {
			continue
		}
		how := "how far can't be told, since answers were seen in one direction only"
		if clock.State == clocks.Differs {
			how = "--align-interfaces corrects them"
		}
		j.note("the clocks of interfaces %d and %d are apart, so their stamps can't be compared and no packet was moved; %s",
			clock.Reference, clock.Interface, how)
	}
	if forced > 0 {
		j.note("interfaces were merged through a window of %d packets, too small for the clocks' difference %s", maxMerged, timesOver(forced))
	}
}

// describe lists the clocks of all interfaces with packets.
func (c *interfaceClocks) describe(f *facts) []report.Clock {
	list := []report.Clock{}
	if c.number == nil {
		return list
	}
	known := make(map[int]clocks.Clock)
	for _, clock := range c.found {
		known[clock.Interface] = clock
	}
	for n, i := range f.interfaces {
		if i.Packets == 0 || n == c.reference {
			continue
		}
		clock := known[n]
		one := report.Clock{
			Interface: n, Reference: c.reference, State: c.stateOf(&clock), Samples: clock.Samples,
			Offset: time.Duration(clock.Offset), Uncertainty: time.Duration(clock.Uncertainty),
			SkewPPB: clock.SkewPPB, SkewUncertaintyPPB: clock.SkewUncertainty,
		}
		if clock.State != clocks.Unknown {
			one.At = utc(clock.At)
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

func (c *interfaceClocks) stateOf(clock *clocks.Clock) string {
	switch clock.State {
	case clocks.Aligned:
		return report.ClockAligned
	case clocks.Differs:
		if c.corrections != nil {
			return report.ClockCorrected
		}
		return report.ClockDiffers
	case clocks.OneSided:
		return report.ClockOneSided
	}
	return report.ClockUnknown
}
