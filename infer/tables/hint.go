package tables

import (
	"encoding/binary"
	"net/netip"
	"strconv"
	"strings"

	"github.com/mendcap/mendcap/infer"
)

// end is one end of a row about two: an endpoint, or what is left of one whose
// address was cut.
type end struct {
	infer.Endpoint
	rest    string // of the address that was cut; empty where it is whole
	service bool   // the port is a service's name: it isn't known
	named   bool   // the address is a host's name: nothing is known
}

// whole reports whether all of an end is known.
func (e *end) whole() bool { return e.rest == "" && !e.service && !e.named }

// ends reports whether both ends of a row are whole. Of one that isn't it keeps
// what is certain: the host has the local address, and has dealt with the remote
// one.
func (c *collector) ends(local, remote end) (whole bool) {
	if local.whole() && remote.whole() {
		return true
	}
	switch {
	case local.rest != "":
		c.hint(local.rest, local.Port, true)
	case local.Address.IsValid() && !local.Address.IsMulticast():
		c.local(0, "", local.Address)
	}
	switch {
	case remote.rest != "":
		c.hint(remote.rest, remote.Port, false)
	case remote.Address.IsValid() && (remote.Port != 0 || remote.service):
		c.destination(infer.Destination{Destination: remote.Address})
	}
	return false
}

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
	if len(groups) == 0 || len(groups) > 7 {
		return netip.Prefix{}, false
	}
	var address [16]byte
	for i, group := range groups {
		n, err := strconv.ParseUint(group, 16, 16)
		if err != nil {
			return netip.Prefix{}, false
		}
		binary.BigEndian.PutUint16(address[2*i:], uint16(n))
	}
	return netip.PrefixFrom(netip.AddrFrom16(address), 16*len(groups)), true
}
