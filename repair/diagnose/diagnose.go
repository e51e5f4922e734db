// Package diagnose says of each flag of the analyser, and of each violated law,
// whether it was made by the capture or happened on the network.
//
// It promises one verdict a flag, from what the analyser said before and after
// the repair and from what placed the packet; where the evidence does not
// reach, the verdict is "undecided".
package diagnose

import (
	"fmt"

	"github.com/mendcap/mendcap/internal/tcp"
	"github.com/mendcap/mendcap/reorder"
	"github.com/mendcap/mendcap/report"
)

// Case is what is known of one packet when it has been placed.
type Case struct {
	Before, After tcp.Analysis
	Place         reorder.Placement
	Segment       tcp.Segment
}

// Verdict is what is said of one flag.
type Verdict struct {
	Flag     string // Wireshark's name; "" for a violated law without a flag
	Verdict  string // one of report's
	Repaired bool
	Law      string
	Evidence string
}

// Each calls say for every verdict on the packet, in the order of the flags.
func (c *Case) Each(say func(Verdict)) {
	flags := c.Before | c.After
	for i, name := range tcp.AnalysisNames() {
		if bit := tcp.Analysis(1) << i; flags&bit != 0 {
			say(c.flag(bit, name))
		}
	}
	if flags == 0 && c.Place.Left {
		say(Verdict{
			Verdict: report.Undecided, Law: c.law(),
			Evidence: "the law is violated by more than the gate, or against other laws; the packet stays",
		})
	}
}

func (c *Case) flag(bit tcp.Analysis, name string) Verdict {
	v := Verdict{Flag: name, Law: c.law()}
	switch {
	case c.After&bit == 0:
		v.Verdict, v.Repaired, v.Evidence = report.Artefact, true, c.repairedBy()
	case c.Before&bit == 0:
		v.Verdict, v.Evidence = report.Created, "flagged in the repaired order only"
	case c.Place.Left:
		v.Verdict, v.Evidence = report.Undecided, "flagged before and after; a law is violated here that could not be repaired"
	case c.Place.Excused:
		v.Verdict, v.Evidence = report.Genuine, "flagged before and after; the original was dropped by the capture"
	default:
		v.Verdict, v.Evidence = report.Genuine, "flagged before and after, with no moving law violated here"
	}
	return v
}

func (c *Case) law() string {
	if c.Place.Moved || c.Place.Left {
		return c.Place.Law.String()
	}
	return ""
}

func (c *Case) repairedBy() string {
	if c.Place.Moved {
		return fmt.Sprintf("the packet was recorded late (law %s); in its true place it is not flagged", c.Place.Law)
	}
	return "packets around it were recorded late; with them in their true places it is not flagged"
}
