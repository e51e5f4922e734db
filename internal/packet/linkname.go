package packet

import (
	_ "embed"
	"fmt"
	"strings"
)

// linkTypes has a link type's number and name a line.
//
//go:embed linktypes.txt
var linkTypes string

// LinkName returns the name of a link type in tcpdump.org's list without
// LINKTYPE_, or "LINKTYPE n".
func LinkName(l LinkType) string {
	if l >= User0 && l <= User15 {
		return fmt.Sprintf("USER%d", l-User0)
	}
	_, rest, ok := strings.Cut(linkTypes, fmt.Sprintf("\n%d ", l))
	if !ok {
		return fmt.Sprintf("LINKTYPE %d", l)
	}
	name, _, _ := strings.Cut(rest, "\n")
	return name
}
