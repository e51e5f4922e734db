package pipeline

import (
	"context"
	"math"
	"time"

	"github.com/mendcap/mendcap/infer"
	"github.com/mendcap/mendcap/infer/tables"
	"github.com/mendcap/mendcap/internal/packet"
	"github.com/mendcap/mendcap/internal/tcp"
	"github.com/mendcap/mendcap/internal/witness"
	"github.com/mendcap/mendcap/report"
)

// matchEvents finds which events of the traces among the tables are about which packets
// of the capture: a pass of its own, where there are such events.
func (j *job) matchEvents(ctx context.Context, results []tables.Result) error {
	var events []witness.Event
	for i := range results {
		for d := range results[i].Deliveries() {
			if d.Source.Is4() || !d.Destination.IsValid() {
				continue // IPv4's headers are whole
			}
			events = append(events, witness.Event{
				Source: packet.AddrOf(d.Source), Destination: packet.AddrOf(d.Destination), Length: uint32(d.Length),
				Socket: d.Socket, Time: d.Time.UnixNano(), Protocol: d.NextHeader,
			})
		}
	}
	if len(events) == 0 && j.logs == nil {
		return nil
	}
	s := eventMatcher{matcher: witness.New(events), logs: j.logs}
	j.logs = nil // until they are matched
	_, err := j.pass(ctx, newDecoder(&j.config, &facts{}), s.take)
	if err == errConvert {
		return nil // such captures have all headers
	}
	if err != nil {
		return err
	}
	j.passed++
	result := s.matcher.Match()
	j.tellMatched(result)
	if s.logs != nil {
		s.logs.match(result.Clock)
	}
	j.events, j.logs = s.matcher, s.logs
	return nil
}

// tellMatched reports what traces and capture have in common.
func (j *job) tellMatched(r witness.Result) {
	if r.Packets == 0 {
		return
	}
	e := report.EventTrace{Packets: int64(r.Packets), Matched: int64(r.Matched), Unchecked: int64(r.Unchecked)}
	if c := &r.Clock; c.Known {
		e.Clock = &report.TraceClock{
			Offset: time.Duration(c.Offset), At: time.Unix(0, c.Start).UTC(), Samples: int64(c.Pairs),
		}
		if c.Drifts {
			e.Clock.SkewPPB = int64(math.Round(c.Drift * 1e9))
		}
	}
	j.report.EventTrace = &e
	j.report.noteIf(r.Beyond, "events of raw sockets: %d packets more were not looked at", r.Beyond)
}

// eventMatcher is the stage that shows packets to the matcher of events. In: chunks in
// the order of the file, which it releases.
type eventMatcher struct {
	matcher *witness.Matcher
	logs    *hostLogs // nil where the traces tell nothing of the order
	fit     []witness.Fit
}

func (s *eventMatcher) take(c *chunk) error {
	for i := range c.units {
		s.packet(&c.units[i])
	}
	c.release(len(c.units))
	return nil
}

func (s *eventMatcher) packet(u *unit) {
	stamp, ok := u.recorded()
	if !ok {
		return
	}
	if s.logs != nil {
		s.showLogs(u, stamp)
	}
	if u.facts == nil {
		return
	}
	p := witness.Packet{Source: u.view.Src, Length: uint32(u.view.UpperLen), Stamp: stamp, Frame: u.block.Frame}
	claims := s.matcher.Claims(p.Source, p.Length)
	if len(claims) == 0 {
		return
	}
	s.fit = s.fit[:0]
	for i := range claims {
		s.fit = append(s.fit, fits[u.facts.Match(claims[i].Protocol, claims[i].Destination.Netip())])
	}
	p.Fit = s.fit
	s.matcher.Add(&p)
}

// showLogs shows the packet as raw sockets have it, and what is a segment or looks like
// one: what was logged tells.
func (s *eventMatcher) showLogs(u *unit, stamp int64) {
	if u.view.Version == 6 {
		s.logs.showRaw(u.view.Src, u.view.UpperLen, stamp, u.block.Frame)
	}
	if u.isTCP {
		s.logs.showSegment(u.innermost().Src, u.sport, u.dport, &u.seg, stamp, u.block.Frame)
		return
	}
	v := &u.view
	if u.facts == nil || v.Proto != infer.Unknown || v.Fragment || v.Upper >= v.End {
		return
	}
	var seg tcp.Segment
	data := u.block.Data[v.Upper:v.End]
	if sport, dport, ok := packet.Ports(data); ok && packet.ParseTCP(&seg, data, v.UpperLen) {
		s.logs.showSegment(v.Src, sport, dport, &seg, stamp, u.block.Frame)
	}
}

// fits are what a checksum says, as the matcher has it.
var fits = [...]witness.Fit{infer.Contradicts: witness.Contradicted, infer.Silent: witness.Open, infer.Agrees: witness.Fits}

// eventOf is the event that was matched to a packet, if any.
func (d *decoder) eventOf(frame int64) infer.Event {
	claim, ok := d.events.Of(frame)
	if !ok {
		return infer.Event{}
	}
	return infer.Event{NextHeader: claim.Protocol, Destination: claim.Destination.Netip()}
}
