package tables

import "testing"

// A route to one address on the link is the host's own only beside a prefix on
// the link of the same interface: anybody may have added it.
func TestHostRoutes(t *testing.T) {
	const table = "  7    281 2001:db8:1::10/128       On-link\n" +
		"  7    281 2001:db8:2::/64          fe80::1\n" + // not on the link
		"  8    281 2001:db8:1::/64          On-link\n" + // of another interface
		"  7    281 2001:db8:1::/112         On-link\n" +
		"  7    281 2001:db8:2::10/128       On-link\n" +
		"  7    281 2001:db8:1::1:10/128     On-link\n" // in the /64, beside the /112
	snapshot, result := Parse("route print", []byte(table))
	checkSets(t, snapshot, sample{
		interfaces: []string{"7 2001:db8:1::10"},
		hosts:      []string{"2001:db8:2::10", "2001:db8:1::1:10"},
		routes: []string{
			"7 2001:db8:2::/64 fe80::1", "8 2001:db8:1::/64 -", "7 2001:db8:1::/112 -",
			"7 2001:db8:2::10/128 -", "7 2001:db8:1::1:10/128 -",
		},
	})
	if result.Rows != 6 || result.NotUnderstood != 0 {
		t.Errorf("got %d rows, %d refused, want 6, none", result.Rows, result.NotUnderstood)
	}
}
