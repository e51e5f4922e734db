package render

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
)

// What is left out of lists is counted as all counts are written.
func TestMoreIsCountedInThousands(t *testing.T) {
	r := readSample(t)
	r.Notes, r.Order.Local = nil, nil
	for i := range 3000 {
		r.Notes = append(r.Notes, fmt.Sprintf("note %d", i))
		r.Order.Local = append(r.Order.Local, netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}))
	}
	var shown strings.Builder
	if err := Terminal(&shown, r, Screen{Details: true}); err != nil {
		t.Fatal(err)
	}
	for where, want := range map[string][2]string{
		"page":                      {string(render(t, HTML, r)), "<li>and 2,950 more</li>"},
		"Markdown":                  {string(render(t, Markdown, r)), "and 2,990 more notes\n"},
		"notes on the terminal":     {shown.String(), "and 2,992 more notes; the JSON report"},
		"addresses on the terminal": {strings.Join(strings.Fields(shown.String()), " "), " and 2,998 more)"},
	} {
		if !strings.Contains(want[0], want[1]) {
			t.Errorf("%s: %q is not in it", where, want[1])
		}
	}
}
