package report

import (
	"fmt"
	"io"
	"strings"
)

// WriteTerminal writes the explanations for a terminal of the given width in
// columns (80 if it is not positive): for each frame a line that names it, then
// sentences about its header, its order, its neighbours and its flags.
func (x *Explanations) WriteTerminal(w io.Writer, width int) error {
	if width <= 0 {
		width = 80
	}
	for i := range x.Frames {
		e := &x.Frames[i]
		title := wrap(Sanitise(e.title()), width)
		if i > 0 {
			title = "\n" + title
		}
		if _, err := fmt.Fprintln(w, title); err != nil {
			return err
		}
		if err := x.grid(e).render(w, width); err != nil {
			return err
		}
	}
	return nil
}

func (x *Explanations) grid(e *Explanation) *grid {
	g, said := labelled(), x.words(e)
	for _, part := range []struct {
		label     string
		sentences []string
	}{{"Header", said.Header}, {"Order", said.Order}, {"Neighbours", said.Neighbours}, {"Analyser", said.Flags}} {
		if len(part.sentences) > 0 {
			g.add(part.label, sanitisedLines(part.sentences))
		}
	}
	return g
}

// sanitisedText sanitises text of several lines.
func sanitisedText(text string) string { return sanitisedLines(strings.Split(text, "\n")) }

// sanitisedLines puts each sentence on a line of its own.
func sanitisedLines(sentences []string) string {
	lines := make([]string, len(sentences))
	for i, s := range sentences {
		lines[i] = Sanitise(s)
	}
	return strings.Join(lines, "\n")
}

// title names the frame as Wireshark's list of packets does.
func (e *Explanation) title() string {
	s := fmt.Sprintf("Frame %d", e.Frame)
	if e.Flow != "" {
		s += ": " + e.Protocol + " " + e.Flow
	}
	t := e.Segment
	if t == nil {
		return s
	}
	s += fmt.Sprintf(" [%s] Seq=%d", strings.Join(t.Bits, ", "), t.Relative.Left)
	if t.Acks {
		s += fmt.Sprintf(" Ack=%d", t.RelativeAck)
	}
	s += fmt.Sprintf(" Len=%d", t.Len)
	for _, block := range t.Sack {
		s += fmt.Sprintf(" SACK=%d-%d", block.Left, block.Right)
	}
	return s
}

// WriteJSON writes the explanations, with their sentences, as indented JSON
// with a closing line feed. As in a report nil lists become empty ones, and what
// is not printable is escaped.
func (x *Explanations) WriteJSON(w io.Writer) error {
	return writeJSON(w, x.filled())
}

// filled returns a copy of x with its sentences and without nil lists.
func (x *Explanations) filled() Explanations {
	c := *x
	if c.Schema == "" {
		c.Schema = ExplainSchema
	}
	fillList(&c.Damage)
	c.Frames = append([]Explanation{}, x.Frames...)
	for i := range c.Frames {
		e := &c.Frames[i]
		e.Text = x.words(e)
		fillList(&e.Text.Header)
		fillList(&e.Text.Order)
		fillList(&e.Text.Neighbours)
		fillList(&e.Text.Flags)
		fillList(&e.Causes)
		fillList(&e.Followers)
		fillList(&e.Flags)
	}
	return c
}
