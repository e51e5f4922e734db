package salvage

import (
	"bytes"
	"io"
	"testing"
	"testing/iotest"
)

func TestTextReader(t *testing.T) {
	for _, text := range []string{"", "\r", "\n", "\r\n", "a\r", "\r\r\n", "\r\nb\r\r\n\rc", "x\ny\r\n\r\r"} {
		want := bytes.ReplaceAll([]byte(text), []byte("\r\n"), []byte("\n"))
		for _, r := range []io.Reader{bytes.NewReader([]byte(text)), iotest.OneByteReader(bytes.NewReader([]byte(text))), iotest.DataErrReader(bytes.NewReader([]byte(text)))} {
			if got, err := io.ReadAll(iotest.OneByteReader(newTextReader(r))); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%q: got %q, error %v, want %q", text, got, err, want)
			}
		}
	}
}
