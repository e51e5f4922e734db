package repair

import (
	"time"

	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/reorder"
	"github.com/mendcap/mendcap/report"
)

// clocks compares the clocks of a capture's interfaces. Where only one of them
// has packets it does nothing.
type clocks struct {
	number    map[interfaceID]int // into facts.interfaces
	reference int                 // the interface with most packets
	survey    *reorder.ClockSurvey
	found     []reorder.Clock
	quiet     bool // stamps can't be compared, so nothing moves
}

// interfaceID names an interface in all passes.
type interfaceID struct {
	section int
	id      uint32
}

func idOf(i *capture.Interface) interfaceID { return interfaceID{i.Section, i.ID} }

// begin starts the comparison, before the second pass.
func (c *clocks) begin(f *facts) {
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
	c.survey = reorder.NewClockSurvey(c.reference)
	c.number = make(map[interfaceID]int, len(f.interfaces))
	for n, i := range f.interfaces {
		c.number[interfaceID{i.Section, i.ID}] = n
	}
}

// observe takes in a packet that has a stamp.
func (c *clocks) observe(u *unit, seg *reorder.Segment) {
	if c.survey == nil || seg == nil {
		return
	}
	stamp, _ := u.stamp()
	c.survey.Add(c.number[idOf(u.block.Interface)], stamp, seg)
}

// compareClocks ends the comparison. Where clocks are apart, laws between their
// interfaces prove nothing about stamps, and nothing may move.
func (j *job) compareClocks() {
	c := &j.clocks
	if c.survey == nil {
		return
	}
	c.found, c.survey = c.survey.Result(), nil
	for _, clock := range c.found {
		if clock.Apart {
			c.quiet = true
			j.profile.Basis = reorder.FileOrder
			j.profile.Violations, j.profile.Unrepaired = [reorder.NumLaws]int64{}, [reorder.NumLaws]int64{}
		}
	}
}

// describe lists the clocks of all interfaces with packets.
func (c *clocks) describe(f *facts) []report.Clock {
	list := []report.Clock{}
	if c.number == nil {
		return list
	}
	known := make(map[int]reorder.Clock)
	for _, clock := range c.found {
		known[clock.Interface] = clock
	}
	for n, i := range f.interfaces {
		if i.Packets == 0 || n == c.reference {
			continue
		}
		clock := known[n]
		one := report.Clock{
			Interface: n, Reference: c.reference, State: stateOf(&clock), Samples: clock.Samples,
			Offset: time.Duration(clock.Offset), Uncertainty: time.Duration(clock.Uncertainty),
			SkewPPB: clock.SkewPPB, SkewUncertaintyPPB: clock.SkewUncertainty,
		}
		if clock.State != reorder.ClockUnknown {
			one.At = utc(clock.At)
		}
		if clock.State == reorder.ClockOneSided {
			one.Bound = "at most"
			if clock.AtLeast {
				one.Bound = "at least"
			}
		}
		list = append(list, one)
	}
	return list
}

func stateOf(c *reorder.Clock) string {
	switch c.State {
	case reorder.ClockAligned:
		return report.ClockAligned
	case reorder.ClockDiffers:
		return report.ClockDiffers
	case reorder.ClockOneSided:
		return report.ClockOneSided
	}
	return report.ClockUnknown
}
