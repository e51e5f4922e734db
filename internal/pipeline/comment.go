package pipeline

import (
	"fmt"
	"strings"
	"time"

	"github.com/mendcap/mendcap/infer"
	"github.com/mendcap/mendcap/internal/comment"
	"github.com/mendcap/mendcap/internal/packet"
	"github.com/mendcap/mendcap/reorder"
	"github.com/mendcap/mendcap/report"
)

// application is how mendcap names itself in shb_userappl.
const application = "mendcap"

// orderMark begins the comment of a section whose packets mendcap has put in order.
const orderMark = comment.Mark + "order "

// sectionComment stores the basis and the gate, so that a later repair leaves
// the packets where this one put them.
func sectionComment(p *reorder.Profile) string {
	return fmt.Sprintf("%sbasis=%s gate=%s", orderMark, p.Basis, time.Duration(p.Gate))
}

// maxPhrases bounds the answers that are told apart at a time.
const maxPhrases = 1 << 6

// phrases tells answers to header-less packets apart by what is said of them, which few
// differ in, and counts them.
type phrases struct {
	said     map[phrase]*spoken
	last     phrase
	lastSaid *spoken
	inferred inferred // but for those of said
}

// phrase is all that the comment on a header says.
type phrase struct {
	candidates           *infer.Candidate // the first of those listed: packets of one flow share the list
	posterior            float64          // where the destination is likely
	evidence             infer.Evidence
	nextHeader, hopLimit uint8
	nextHeaderBy, dstBy  infer.Origin
	verified, offloaded  bool
	sockaddr, filed      bool
}

// spoken is what is kept of a phrase.
type spoken struct {
	comment []byte // nil before it is asked for
	packets int64
}

func newPhrases() phrases { return phrases{said: make(map[phrase]*spoken), inferred: newInferred()} }

// take counts a header-less packet, and returns what is kept of its phrase.
func (p *phrases) take(u *unit) *spoken {
	a := u.answer
	k := phrase{
		posterior: likelihood(a), evidence: a.Evidence, nextHeader: a.NextHeader, hopLimit: a.HopLimit,
		nextHeaderBy: a.NextHeaderOrigin, dstBy: a.DestinationOrigin, verified: a.ChecksumVerified, offloaded: a.Offloaded,
		sockaddr: u.view.Form == packet.Sockaddr6, filed: u.view.TTL == 0,
	}
	if len(a.Candidates) > 0 {
		k.candidates = &a.Candidates[0]
	}
	if p.lastSaid == nil || p.last != k {
		if p.last, p.lastSaid = k, p.said[k]; p.lastSaid == nil {
			if len(p.said) >= maxPhrases {
				p.settle()
			}
			p.lastSaid = new(spoken)
			p.said[k] = p.lastSaid
		}
	}
	p.lastSaid.packets++
	return p.lastSaid
}

// settle counts the packets of all phrases, and forgets these.
func (p *phrases) settle() {
	for k, s := range p.said {
		p.inferred.add(&k, s.packets)
	}
	clear(p.said)
	p.lastSaid = nil
}

// result is what the report says of all packets.
func (p *phrases) result() report.Inference {
	p.settle()
	return p.inferred.result()
}

// of returns the comment of s, a phrase of the packet: what was inferred of it, by what
// proof, and what was made up.
func (s *spoken) of(u *unit) []byte {
	if s.comment == nil {
		s.comment = []byte(composeHeader(u))
	}
	return s.comment
}

func composeHeader(u *unit) string {
	a := u.answer
	parts, tie := make([]string, 0, 4), ""
	if unknown := fields(a, infer.NotKnown); unknown != "" {
		parts = append(parts, comment.Unknown+" "+unknown+candidates(a))
	} else if len(a.Candidates) > 0 {
		tie = candidates(a)
	}
	by := a.Evidence
	if likely := fields(a, infer.Likely); likely != "" {
		if p := likelihood(a); p > 0 {
			likely += fmt.Sprintf(" (probability %.4f)", p)
		}
		parts = append(parts, comment.Likely+" "+likely+shownBy(by, a)+tie)
		by = infer.ByChecksum // what else was inferred needs no destination
	}
	if inferred := fields(a, infer.Inferred); inferred != "" {
		parts = append(parts, comment.Inferred+" "+inferred+shownBy(by, a))
	}
	if stated := fields(a, infer.AsStated); stated != "" {
		parts = append(parts, stated+" as stated")
	}
	parts = append(parts, comment.MadeUp+madeUp(u))
	return comment.Mark + strings.Join(parts, "; ")
}

// likelihood is the probability of a destination that is likely, 0 for others.
func likelihood(a *infer.Answer) float64 {
	if a.DestinationOrigin != infer.Likely {
		return 0
	}
	return a.Posterior
}

// fields names the fields with one origin.
func fields(a *infer.Answer, origin infer.Origin) string {
	var names []string
	if a.NextHeaderOrigin == origin {
		names = append(names, "next header")
	}
	if a.DestinationOrigin == origin {
		names = append(names, "destination")
	}
	return strings.Join(names, ", ")
}

// maxShown bounds the candidates that a comment names; the report and explain name
// as many as an answer lists.
const maxShown = 16

// candidates names those of a, and counts the ones that are not named.
func candidates(a *infer.Answer) string {
	var b strings.Builder
	shown := a.Candidates[:min(maxShown, len(a.Candidates))]
	for i, c := range shown {
		sep := " (candidates: "
		if i > 0 {
			sep = ", "
		}
		fmt.Fprintf(&b, "%s%s to %s %.4f", sep, protocolName(c.NextHeader), c.Destination, c.Posterior)
	}
	if more := len(a.Candidates) - len(shown) + a.Unlisted; more > 0 {
		fmt.Fprintf(&b, ", and %d more", more)
	}
	if b.Len() > 0 {
		b.WriteString(")")
	}
	return b.String()
}

// shownBy says by what evidence a field of a was inferred.
func shownBy(by infer.Evidence, a *infer.Answer) string {
	if by == infer.ByNone {
		return ""
	}
	return " by " + string(by) + verified(a)
}

func verified(a *infer.Answer) string {
	switch {
	case a.ChecksumVerified:
		return ", checksum verified"
	case a.Offloaded:
		return ", pseudo-header's sum verified"
	}
	return ", no checksum verified"
}

// madeUp lists the fields of the header that no evidence gave.
func madeUp(u *unit) string {
	if u.view.Form == packet.Sockaddr6 {
		return fmt.Sprintf("traffic class 0, flow label 0, hop limit %d", u.answer.HopLimit)
	}
	if u.view.TTL == 0 {
		return fmt.Sprintf("hop limit %d", u.answer.HopLimit)
	}
	return "nothing"
}

// appendMove says that the packet was recorded late, and when.
func appendMove(to []byte, u *unit) []byte {
	m := comment.Move{Law: u.placed.law.String(), Frame: u.block.Frame}
	if u.placed.timed {
		stamp, _ := u.stamp()
		m.Recorded, _ = u.recorded()
		m.Timed, m.Earlier = true, time.Duration(stamp-u.placed.time)
	}
	return m.Append(to)
}

// seconds writes nanoseconds since 1970 as Wireshark's frame.time_epoch does.
func seconds(ns int64) string { return string(comment.AppendSeconds(nil, ns)) }
