package capture

import "testing"

// What was put there last is taken first, and no more is kept than may be.
func TestSpares(t *testing.T) {
	var spares Spares[int]
	if got := spares.Take(); got != nil {
		t.Errorf("of none: got %d, want nil", *got)
	}
	for n := range mostSpares + 1 {
		spares.Put(&n)
	}
	for want := mostSpares - 1; want >= 0; want-- {
		if got := spares.Take(); got == nil || *got != want {
			t.Fatalf("got %v, want %d", got, want)
		}
	}
	if got := spares.Take(); got != nil {
		t.Errorf("after all were taken: got %d, want nil", *got)
	}
}
