package tables

import (
	"encoding/hex"
	"net/netip"
	"slices"
	"testing"
)

// Endpoints of a host whose byte order is the other one are not taken for others, but for
// those whose words read the same from both ends.
func TestEndOfOtherByteOrder(t *testing.T) {
	for _, text := range []string{"::", "::1", "::ffff:192.0.2.1", "64:ff9b::c000:201", "2001:db8::1", "fd00::1", "fe80::1", "ff02::fb"} {
		want := netip.MustParseAddr(text)
		big := want.As16()
		little := big
		for i := 0; i < len(little); i += 4 {
			slices.Reverse(little[i : i+4])
		}
		end, ok := hexEnd(hex.EncodeToString(little[:]) + ":01BB")
		if !ok || end.Port != 443 || end.Address != specified(want.Unmap()) {
			t.Errorf("%s: got %v, %v", text, end, ok)
		}
		if end, ok := hexEnd(hex.EncodeToString(big[:]) + ":01BB"); ok != (big == little) {
			t.Errorf("%s of the other byte order: got %v, %v", text, end, ok)
		}
	}
}
