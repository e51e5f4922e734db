package tables

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/mendcap/mendcap/infer"
)

func decimal(n uint32) string { return strconv.FormatUint(uint64(n), 10) }

// tokens are runs of what addresses are made of.
var (
	tokens  = regexp.MustCompile(`[0-9A-Fa-f:.]+`)
	escapes = regexp.MustCompile(`\\u00([2-7][0-9A-Fa-f])`)
)

// addressesIn finds everything in a file that can be an address, in whatever
// encoding, without the parsers: what is not found so was made up.
func addressesIn(content []byte) map[netip.Addr]bool {
	texts := []string{string(content)}
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		units := make([]uint16, len(content)/2)
		for i := range units {
			units[i] = order.Uint16(content[2*i:])
		}
		texts = append(texts, string(utf16.Decode(units)))
	}
	found := map[netip.Addr]bool{}
	for _, text := range texts {
		text = escapes.ReplaceAllStringFunc(text, func(s string) string {
			n, _ := strconv.ParseUint(s[2:], 16, 8)
			return string(rune(n))
		})
		all := tokens.FindAllString(colours.ReplaceAllString(text, ""), -1)
		for i, token := range all {
			addressesOf(token, found)
			if !strings.Contains(token, ":") {
				continue
			}
			for _, part := range all[max(0, i-8):i] { // the parts of one that was wrapped
				addressesOf(part+token, found)
			}
		}
	}
	return found
}

// addressesOf notes what a token can mean: an address, one with a port after a
// colon or dot, one with a label before it, or one in hex, in network order or
// in words of the other.
func addressesOf(token string, found map[netip.Addr]bool) {
	add := func(s string) {
		if address, err := netip.ParseAddr(s); err == nil {
			found[address.Unmap()] = true
		}
	}
	first, rest, _ := strings.Cut(token, ":")
	add(token)
	add(first)
	add(rest)
	if i := strings.LastIndexAny(token, ":."); i > 0 {
		add(token[:i])
	}
	for i := 1; i < min(len(token), 8); i++ { // labels made of hex digits
		add(token[i:])
	}
	raw, err := hex.DecodeString(first)
	if err != nil || len(raw) != 4 && len(raw) != 16 {
		return
	}
	if address, ok := netip.AddrFromSlice(raw); ok {
		found[address.Unmap()] = true
	}
	for i := 0; i < len(raw); i += 4 {
		binary.LittleEndian.PutUint32(raw[i:], binary.BigEndian.Uint32(raw[i:]))
	}
	if address, ok := netip.AddrFromSlice(raw); ok {
		found[address.Unmap()] = true
	}
}

// checkAddresses holds that each address is in the file, and none has a
// zone or is unspecified.
func checkAddresses(t *testing.T, s *infer.Snapshot, content []byte) {
	t.Helper()
	found := addressesIn(content)
	check := func(at *netip.Addr) {
		address := *at
		if !address.IsValid() {
			return // any
		}
		if !found[address] {
			t.Errorf("got address %v, which is not in the file", address)
		}
		if address.Zone() != "" || address.IsUnspecified() || address.Is4In6() {
			t.Errorf("got address %v, want none with a zone, unspecified or IPv4-mapped", address)
		}
	}
	for _, table := range snapshotTables {
		table.addresses(s, check)
	}
}

func TestFixturesMakeNothingUp(t *testing.T) {
	for name, content := range fixtureFiles(t) {
		snapshot, _ := Parse(name, content)
		checkAddresses(t, snapshot, content)
	}
}

func FuzzParse(f *testing.F) {
	for _, content := range fixtureFiles(f) {
		f.Add(content)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		snapshot, result := Parse("fuzz", content)
		checkAddresses(t, snapshot, content)
		if result.NotUnderstood < len(result.Lines) || len(result.Lines) > 1000 {
			t.Errorf("got %d lines, %d not understood", len(result.Lines), result.NotUnderstood)
		}
		written := toJSON(t, snapshot)
		again, own := Parse("own", written)
		if got := toJSON(t, again); !bytes.Equal(got, written) || own.NotUnderstood != 0 {
			t.Errorf("got %s\nwant %s", got, written)
		}
	})
}
