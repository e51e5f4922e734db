package lab

import (
	"path/filepath"
	"testing"
)

// The datagrams have right checksums, and addresses that nothing else has.
func TestUnanswered(t *testing.T) {
	rec, err := Load(filepath.Join("..", "..", "testdata", "recordings", "many-flows.pcapng.gz"))
	if err != nil {
		t.Fatal(err)
	}
	const count = 500
	truth := Delivered(rec.Packets)
	all := Unanswered(truth, Plans()[0], count)
	before, after := sumsOf(truth), sumsOf(all)
	if len(all) != len(truth)+count || after.whole != before.whole+count || after.wrong != before.wrong {
		t.Errorf("got %d packets, %+v, want %d more than %d, %+v, with right checksums", len(all), after, count, len(truth), before)
	}
	to := map[[16]byte]int{}
	for _, p := range all {
		if h, ok := parseIP(p.Data); ok && h.version == 6 {
			to[[16]byte(p.Data[24:40])]++
			to[[16]byte(p.Data[8:24])]++
		}
	}
	for i := range count {
		if n := to[Plans()[0].Address(Plans()[0].Size-1-i).As16()]; n != 1 {
			t.Fatalf("address %d: got %d packets to or from it, want 1", i, n)
		}
	}
}
