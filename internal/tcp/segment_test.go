package tcp

import "testing"

func TestSerialNumbersWrap(t *testing.T) {
	near, far := Seq(0xFFFFFFF0), Seq(0x10)
	if !near.Less(far) || far.Less(near) {
		t.Errorf("%x before %x: got %v, want true", near, far, near.Less(far))
	}
	if got := far.Sub(near); got != 0x20 {
		t.Errorf("distance over the wrap: got %d, want 32", got)
	}
}
