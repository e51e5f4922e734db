package main

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
)

// A baseline that the revision a4b1016 wrote, before findings were put together into
// events, is understood: nothing is new, and nothing of it is gone.
func TestOlderBaselineIsUnderstood(t *testing.T) {
	var out, errs strings.Builder
	s := &streams{in: strings.NewReader(""), out: &out, err: &errs}
	baseline := filepath.Join("testdata", "baseline-before-events.json")
	sample := filepath.Join("..", "..", "testdata", "rawsocket.pcapng")
	code := run(context.Background(), s, []string{"check", "--baseline", baseline, sample})
	if want := "passed: 16 in the baseline\n"; code != exitDone || !strings.Contains(out.String(), want) || strings.Contains(out.String(), "did not come") {
		t.Errorf("got code %d and\n%s%s\nwant %q and nothing gone", code, out.String(), errs.String(), want)
	}
}
