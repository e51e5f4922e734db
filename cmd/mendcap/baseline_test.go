package main

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
)

// A baseline that the revision a4b1016 wrote, before findings were put together into
// events, is understood: what it knows is known, but for one flag whose verdict was created
// then and is that of its packet's other flags since.
func TestOlderBaselineIsUnderstood(t *testing.T) {
	var out, errs strings.Builder
	s := &streams{in: strings.NewReader(""), out: &out, err: &errs}
	baseline := filepath.Join("testdata", "baseline-before-events.json")
	sample := filepath.Join("..", "..", "testdata", "rawsocket.pcapng")
	code := run(context.Background(), s, []string{"check", "--baseline", baseline, sample})
	said := strings.Join(strings.Fields(out.String()), " ")
	for _, want := range []string{
		"failed: 1 new finding, 15 in the baseline, 1 of the baseline did not come",
		"the first at frame 1132 frame 1132: fast_retransmission,",
		"(--update-baseline leaves out what is gone) created, fast_retransmission,",
	} {
		if code != exitFindings || !strings.Contains(said, want) {
			t.Errorf("got code %d and\n%s%s\nwant %q", code, out.String(), errs.String(), want)
		}
	}
}
