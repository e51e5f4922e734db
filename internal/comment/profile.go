package comment

import (
	_ "embed"
	"fmt"
	"strings"
)

// ProfileFile is one file of a configuration profile for Wireshark.
type ProfileFile struct{ Name, Text string }

// The files of the profile as Wireshark writes them itself. A colouring rule is a
// line with 16 bits each for red, green and blue of background and foreground; of
// several that fit a packet the first one counts. A button is a line that says
// whether it is shown, its label, of which // makes a menu, its filter and a comment.
var (
	//go:embed profile/colorfilters
	colouring string
	//go:embed profile/preferences
	columns string
	//go:embed profile/dfilter_buttons
	buttons string
	//go:embed profile/mendcap.lua
	script string
)

// WiresharkProfile returns the files of a profile that shows in the list of
// packets what a repair has done: rules that colour packets by the analyser's
// flags and by their comments, columns with the comments, and buttons that filter
// by them. A folder in Wireshark's folder of profiles that holds these files is a
// profile.
func WiresharkProfile() []ProfileFile {
	return []ProfileFile{{"colorfilters", colouring}, {"preferences", columns}, {"dfilter_buttons", buttons}}
}

// ScriptName is the name of the script for Wireshark.
const ScriptName = "mendcap.lua"

// WiresharkScript returns a script for Wireshark's folder of personal Lua plugins. It
// gives the column of notes its text, and the menu an entry that repairs a capture by
// the program of the given name or path and opens the output.
func WiresharkScript(program string) string {
	return strings.Replace(script, `"mendcap" -- replaced by`, luaString(program)+" -- set by", 1)
}

// luaString quotes a text for Lua: each byte that is not a plain character as a
// decimal escape (Lua 5.2 reference manual, section 3.1).
func luaString(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range []byte(s) {
		if c < ' ' || c > '~' || c == '"' || c == '\\' {
			fmt.Fprintf(&b, "\\%03d", c)
		} else {
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}
