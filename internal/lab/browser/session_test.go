package browser

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

// A session sees what a page does wrong, runs scripts in spite of its policy, presses
// keys, and takes pictures of it.
func TestSession(t *testing.T) {
	s, err := Start(t.Context())
	if errors.Is(err, ErrMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	const page = `<!DOCTYPE html><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="default-src 'none'"><title>x</title><body>
<a id="first" href="#x">a</a><button id="second">b</button><img src="http://192.0.2.1/x.png"></body>`
	loaded, err := s.Show([]byte(page))
	if err != nil || loaded <= 0 {
		t.Fatalf("got %v, %v", loaded, err)
	}
	if all := strings.Join(s.Complaints, "\n"); !strings.Contains(all, "192.0.2.1") {
		t.Errorf("got the complaints %q, want one of the image", s.Complaints)
	}
	var focused string
	if err := errors.Join(s.View(400, 300, "dark"), s.Press("Tab"), s.Press("Tab"), s.Run("return document.activeElement.id", &focused)); err != nil {
		t.Fatal(err)
	}
	if focused != "second" {
		t.Errorf("after two tabs the focus is on %q", focused)
	}
	var seen []any
	if err := s.Run(`return [innerWidth, matchMedia("(prefers-color-scheme: dark)").matches]`, &seen); err != nil || seen[0] != 400.0 || seen[1] != true {
		t.Errorf("got %v, %v, want 400 pixels and dark", seen, err)
	}
	picture, err := s.Picture(400, 1000)
	if err != nil || !bytes.HasPrefix(picture, []byte("\x89PNG")) {
		t.Errorf("picture: got %.20q, %v", picture, err)
	}
	sheets, err := s.Print()
	if err != nil || !bytes.HasPrefix(sheets, []byte("%PDF")) {
		t.Errorf("print: got %.20q, %v", sheets, err)
	}
	if err := s.Run("throw new Error('no')", nil); err == nil || !strings.Contains(err.Error(), "no") {
		t.Errorf("a script that fails: got %v", err)
	}
}
