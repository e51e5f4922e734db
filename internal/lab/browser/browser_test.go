package browser

import (
	"errors"
	"strings"
	"testing"
)

// TestOpenSeesWhatAPageDoesWrong: a page that loads and runs what its policy
// forbids is complained of, and its script does not run.
func TestOpenSeesWhatAPageDoesWrong(t *testing.T) {
	const page = `<!DOCTYPE html><meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'self'"><body>
<script>document.body.dataset.ran = 1</script><img src="http://192.0.2.1/x.png"></body>`
	v, err := Open(t.Context(), []byte(page), `return document.body.dataset.ran ?? "not run"`)
	if errors.Is(err, ErrMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if v.Said != `"not run"` {
		t.Errorf("script: got %s, want it not run", v.Said)
	}
	if all := strings.Join(v.Console, "\n"); !strings.Contains(all, "192.0.2.1") || !strings.Contains(all, "script") {
		t.Errorf("console: got %q, want complaints of the image and the script", v.Console)
	}
	if v.Loaded <= 0 || v.Whole < v.Loaded/2 || !strings.Contains(v.DOM, "<img") {
		t.Errorf("got %v, %v and the DOM %q", v.Loaded, v.Whole, v.DOM)
	}
}
