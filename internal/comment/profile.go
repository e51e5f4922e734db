package comment

import _ "embed"

// ProfileFile is one file of a configuration profile for Wireshark.
type ProfileFile struct{ Name, Text string }

// The files of the profile as Wireshark writes them itself. A colouring rule is a
// line with 16 bits each for red, green and blue of background and foreground; of
// several that fit a packet the first one counts. A button is a line that says
// whether it is shown, its label, its filter and a comment.
var (
	//go:embed profile/colorfilters
	colouring string
	//go:embed profile/preferences
	columns string
	//go:embed profile/dfilter_buttons
	buttons string
)

// WiresharkProfile returns the files of a profile that shows in the list of
// packets what a repair has done: rules that colour packets by their comments,
// a column with the comments, and buttons that filter by them. A folder in
// Wireshark's folder of profiles that holds these files is a profile.
func WiresharkProfile() []ProfileFile {
	return []ProfileFile{{"colorfilters", colouring}, {"preferences", columns}, {"dfilter_buttons", buttons}}
}
