package judge

import (
	"fmt"
	"io"
	"strings"

	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/internal/tcp"
)

// around is how many packets of the flow are shown on each side.
const around = 5

// Remains writes down each flag that a repair in memory leaves and the truth
// does not have, and each genuine one that it hides, with the packets around it
// in the repaired order: their places in the truth tell what is wrong.
func (t Trial) Remains(w io.Writer) error {
	o, err := t.direct()
	if err != nil {
		return err
	}
	places, _ := o.repaired.match(o.truth)
	for i, place := range places {
		got, want := o.repaired.rows[i].Flags, o.truth.rows[place].Flags
		if got == want {
			continue
		}
		note := ""
		if o.timed.rows[place].Flags != want {
			note = ", as in the true order with the recorded times: " + names(o.timed.rows[place].Flags)
		}
		fmt.Fprintf(w, "\n%s, %s, seed %d, packet %d of the output: got %s, want %s%s\n",
			t.Case.Name, t.Degradation.Name, t.Seed, i+1, names(got), names(want), note)
		t.neighbourhood(w, &o, places, i)
	}
	return nil
}

func names(a tcp.Analysis) string {
	if a == 0 {
		return "none"
	}
	return strings.Join(a.Names(), "+")
}

// neighbourhood shows the packets of the flow around position i of the output.
func (t Trial) neighbourhood(w io.Writer, o *outcome, places []int, i int) {
	flow := o.repaired.flows[i]
	from, to := i, i
	for n := 0; n < around && from > 0; {
		if from--; o.repaired.flows[from] == flow {
			n++
		}
	}
	for n := 0; n < around && to+1 < len(places); {
		if to++; o.repaired.flows[to] == flow {
			n++
		}
	}
	for k := from; k <= to; k++ {
		if o.repaired.flows[k] == flow {
			fmt.Fprintf(w, "%s\n", t.line(o, places, k, k == i))
		}
	}
}

func (t Trial) line(o *outcome, places []int, k int, here bool) string {
	p, placed := o.packets[k], o.placed[k]
	known := t.Case.table[p.Index].known
	mark, moved := " ", ""
	if here {
		mark = ">"
	}
	if placed.Moved {
		moved = " moved by " + placed.Law.String()
	}
	if placed.Left {
		moved += " leaves " + placed.Law.String()
	}
	if placed.Excused {
		moved += " excused"
	}
	truth := t.Case.truth[t.Case.table[p.Index].place]
	return fmt.Sprintf("%s out %d frame %d true %d  true time %d us, recorded %+d, now %+d  %s  %s%s", mark, k+1, placed.Index+1, places[k]+1,
		truth.Stamp/1000%1e8, (o.degraded[placed.Index].Stamp-truth.Stamp)/1000, (p.Stamp-truth.Stamp)/1000,
		describe(&known.Segment, p), names(o.repaired.rows[k].Flags), moved)
}

// describe tells a segment's numbers as they are on the wire.
func describe(s *tcp.Segment, p lab.Packet) string {
	side := "in "
	if p.Out {
		side = "out"
	}
	text := fmt.Sprintf("%s bits %#02x seq %d len %d ack %d win %d", side, uint16(s.Bits), uint32(s.Seq), s.Len, uint32(s.Ack), s.Window)
	for _, b := range s.SACK[:s.SACKs] {
		text += fmt.Sprintf(" sack %d-%d", uint32(b.Left), uint32(b.Right))
	}
	if s.HasTS {
		text += fmt.Sprintf(" ts %d/%d", s.TSval, s.TSecr)
	}
	if s.HasIPID {
		text += fmt.Sprintf(" id %d", s.IPID)
	}
	return text
}
