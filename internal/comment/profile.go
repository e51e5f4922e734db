package comment

import (
	"fmt"
	"strings"
)

// ProfileFile is one file of a configuration profile for Wireshark.
type ProfileFile struct{ Name, Text string }

// WiresharkProfile returns the files of a profile that shows in the list of
// packets what a repair has done: rules that colour packets by their comments,
// a column with the comments, and buttons that filter by them. A folder in
// Wireshark's folder of profiles that holds these files is a profile.
func WiresharkProfile() []ProfileFile {
	return []ProfileFile{
		{"colorfilters", colouring()},
		{"preferences", columns},
		{"dfilter_buttons", buttons()},
	}
}

// marked is one kind of comment.
type marked struct {
	label, filter          string
	background, foreground [3]uint8
}

// says is a filter for comments that begin with a word.
func says(word string) string {
	return fmt.Sprintf("frame.comment contains %q", Mark+word)
}

// markings lists the kinds of comments; of several on one packet the first
// gives the colour.
func markings() []marked {
	return []marked{
		{"moved", says(Moved), [3]uint8{255, 226, 196}, [3]uint8{94, 45, 0}},
		{"unknown", says(Unknown), [3]uint8{255, 214, 220}, [3]uint8{110, 0, 24}},
		{"likely", says(Likely), [3]uint8{226, 240, 208}, [3]uint8{38, 62, 0}},
		{"left", says(Left), [3]uint8{255, 214, 220}, [3]uint8{110, 0, 24}},
		{"clock", says(Clock), [3]uint8{232, 222, 250}, [3]uint8{60, 24, 110}},
		{"inferred", says(Inferred), [3]uint8{214, 240, 242}, [3]uint8{0, 66, 72}},
	}
}

// others colours what mendcap has said nothing of.
func others() []marked {
	return []marked{
		{"flagged by the analyser", "tcp.analysis.flags && !tcp.analysis.window_update && !tcp.analysis.keep_alive && !tcp.analysis.keep_alive_ack",
			[3]uint8{40, 40, 44}, [3]uint8{255, 140, 140}},
		{"reset", "tcp.flags.reset == 1", [3]uint8{150, 20, 30}, [3]uint8{255, 245, 200}},
		{"ICMP", "icmp || icmpv6", [3]uint8{250, 232, 250}, [3]uint8{30, 30, 40}},
		{"TCP", "tcp", [3]uint8{238, 240, 250}, [3]uint8{30, 30, 40}},
		{"UDP", "udp", [3]uint8{226, 240, 252}, [3]uint8{30, 30, 40}},
	}
}

// colouring is the file of the rules, as Wireshark writes it itself: a line
// each with 16 bits for red, green and blue.
func colouring() string {
	var b strings.Builder
	b.WriteString("# Packets by what mendcap says of them, then by protocol.\n")
	rule := func(name string, m marked) {
		wide := func(c [3]uint8) string {
			return fmt.Sprintf("[%d,%d,%d]", uint16(c[0])*257, uint16(c[1])*257, uint16(c[2])*257)
		}
		fmt.Fprintf(&b, "@%s@%s@%s%s\n", name, m.filter, wide(m.background), wide(m.foreground))
	}
	for _, m := range markings() {
		rule("mendcap "+m.label, m)
	}
	for _, m := range others() {
		rule(m.label, m)
	}
	return b.String()
}

// columns are the preferences that differ from Wireshark's own.
const columns = `# The list of packets with mendcap's comments before the protocol's text.
gui.column.format:
	"No.", "%m",
	"Time", "%t",
	"Source", "%s",
	"Destination", "%d",
	"Protocol", "%p",
	"Length", "%L",
	"mendcap", "%Cus:frame.comment:0:R",
	"Info", "%i"
`

// buttons is the file of the filter buttons: whether it is shown, its label,
// the filter and a comment.
func buttons() string {
	var b strings.Builder
	line := func(label, filter string) {
		quoted := strings.ReplaceAll(filter, `"`, `\x22`)
		fmt.Fprintf(&b, "\"TRUE\",\"%s\",\"%s\",\"\"\n", label, quoted)
	}
	line("mendcap", says(""))
	for _, m := range markings() {
		line("mendcap "+m.label, m.filter)
	}
	return b.String()
}
