package compare

import (
	"slices"
	"testing"
)

func TestDifferences(t *testing.T) {
	want := map[string][]byte{"same": []byte("x"), "changed": []byte("a\nb\n"), "gone": nil}
	got := map[string][]byte{"same": []byte("x"), "changed": []byte("a\nc\n"), "new": nil}
	if names := differences(want, got); !slices.Equal(names, []string{"changed", "gone", "new"}) {
		t.Errorf("got %q", names)
	}
	if got := firstDifference(want["changed"], got["changed"]); got != "\tline 2 was \"b\", is \"c\"" {
		t.Errorf("got %s", got)
	}
}

func TestCaptureName(t *testing.T) {
	for name, want := range map[string]bool{
		"a.pcap": true, "a.pcapng.gz": true, "b.cap": true, "c.etl": true, "d.pcap.xz": true,
		"a.txt": false, "pcap": false, "a.pcapx": false, "a.pcap.json": false,
	} {
		if got := captureName.MatchString(name); got != want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}
