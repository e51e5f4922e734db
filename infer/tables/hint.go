package tables

import (
	"net/netip"
	"strings"
)

// PowerShell ends what it has cut in three dots, PowerShell 7 in an ellipsis. Of
// that there may be left a dot, a question mark, characters that were lost, or
// its bytes read as Western European or as those of a console.
const (
	cutMarks  = ".…?\ufffd"
	westMark  = "â€¦"
	multiMark = "ÔÇª"
	usMark    = "ΓÇª"
)

// trimCut takes off the mark of a value that was cut. No address ends so.
func trimCut(value string) (rest string, cut bool) {
	rest = strings.TrimRight(value, cutMarks)
	for _, mark := range []string{westMark, multiMark, usMark} {
		rest = strings.TrimSuffix(rest, mark)
	}
	return rest, rest != value
}

// certainOf returns the prefix that an address has whose beginning is all that
// is left: its whole groups, up to a double colon, whose length isn't known.
// There is none for IPv4, or where not even one group is whole.
func certainOf(rest string) (prefix netip.Prefix, ok bool) {
	rest = strings.TrimPrefix(rest, "[")
	rest, _, _ = strings.Cut(rest, "%")
	head, _, known := strings.Cut(rest, "::")
	groups := strings.Split(head, ":")
	if !known {
		groups = groups[:len(groups)-1] // the last may lack digits
	}
	address, err := netip.ParseAddr(strings.Join(groups, ":") + "::")
	if err != nil || len(groups) == 0 || groups[0] == "" {
		return netip.Prefix{}, false
	}
	return netip.PrefixFrom(address, 16*len(groups)), true
}
