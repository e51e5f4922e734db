package pipeline

import (
	"github.com/mendcap/mendcap/infer"
	"github.com/mendcap/mendcap/internal/capture/salvage"
	"github.com/mendcap/mendcap/internal/conn"
	"github.com/mendcap/mendcap/internal/tcp"
	"github.com/mendcap/mendcap/reorder"
)

// facts are what passes have learnt. The job writes them between passes, from what the
// stages of the last one have found; during a pass they are read alone.
type facts struct {
	contents                  // of the whole capture, but where they are partial
	damage   *salvage.Damages // that was met
	answers  *infer.Answers   // to what packets lack
	local    conn.Vantage     // from which host the capture was taken
	tick     int64            // of the clock, nanoseconds; 0 if it is fine
	clocks   interfaceClocks  // of interfaces, and what corrects them
	copies   copies           // of connections that were recorded twice
	left     left             // connections that are left as recorded
	profile  reorder.Profile  // how order is disturbed
}

// expectsEdits reports whether anything may have to be repaired. Otherwise the
// capture is only analysed.
func (f *facts) expectsEdits() bool {
	return f.headerless > 0 || f.converted > 0 || f.profile.Broken() || f.clocks.corrections != nil
}

// takeFirstLook takes in what the first survey has found besides, and the damage of a pass
// that has counted what the one before had not.
func (f *facts) takeFirstLook(l *firstLook, broken *salvage.Damages) {
	if f.Partial {
		f.contents, f.damage = l.rest.contents, broken
		f.Partial = false
	}
	f.takeSightings(l.twice)
	f.takeClocks(l.clocks)
}

// takeClocks takes in what the comparison of clocks has found. Where clocks are apart
// and not corrected, laws prove nothing about stamps, and nothing may move.
func (f *facts) takeClocks(c *clockComparer) {
	f.clocks.found = c.result()
	for i := range f.clocks.found {
		f.clocks.quiet = f.clocks.quiet || f.clocks.found[i].Apart
	}
}

// takeSightings leaves the connections that were seen more than once.
func (f *facts) takeSightings(s *sightings) {
	s.finish()
	f.left.by = make(map[uint64]leftFor)
	for hash, how := range s.found {
		f.left.seen[how]++
		f.left.by[hash] = leftSeenTwice
	}
	f.left.all, f.left.apart, f.left.most = len(s.found) > maxLeft, s.mostly(), s.nearlyAll()
	f.copies = copies{apart: s.apart, delay: s.delay()}
}

// takeSurvey takes in how order is disturbed.
func (f *facts) takeSurvey(s *reorder.Survey) {
	f.profile = s.Profile()
	f.settleProfile()
}

// leaveRisen leaves the connections whose flags have risen in a run, and reports
// whether the capture has to be repaired again for that.
func (f *facts) leaveRisen(g *guard, run int) bool {
	if !f.profile.Broken() {
		return false // nothing has moved
	}
	risen := 0
	for hash := range g.risen() {
		if f.left.by[hash] != 0 {
			continue // one that is left can only have other times, of a clock that was corrected
		}
		if risen++; len(f.left.by) < maxLeft {
			f.left.by[hash] = leftRisen
			f.left.risen++
		} else {
			f.left.all = true
		}
	}
	if risen == 0 {
		return false
	}
	f.left.all = f.left.all || run >= maxRuns
	f.settleProfile()
	return true
}

// settleProfile lets nothing move where the whole capture is left as recorded.
func (f *facts) settleProfile() {
	if !f.left.all && !f.left.stays && !f.clocks.quiet {
		return
	}
	f.profile.Basis = reorder.FileOrder
	f.profile.Violations, f.profile.Unrepaired = [reorder.NumLaws]int64{}, [reorder.NumLaws]int64{}
}

// flagsApart are the flags that are apart. Where a driver hands up bursts in reverse,
// those of bare ACKs are too: the highest comes first, and nobody flags the others.
func (f *facts) flagsApart() tcp.Analysis {
	if f.profile.Reverses {
		return apart | tcp.DuplicateAck | tcp.WindowUpdate
	}
	return apart
}
