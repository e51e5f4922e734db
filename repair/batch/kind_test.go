package batch

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz"
)

// aBzip2 is a tar archive of one file, compressed by bzip2, which nothing here
// can write.
const aBzip2 = "QlpoOTFBWSZTWcgefWUAAHJ7gMmAAAFAAUWAAAhiAB5ACAggAFQ0g0DIBoEkJNMj0gaH3lx0IHhCET3Oo17VQIYGPZgUMI5dB8lyhmcYBRtkDe6zU9YiID4u5IpwoSGQPPrK"

func TestSniff(t *testing.T) {
	pcap, err := os.ReadFile(filepath.Join("..", "..", "testdata", "sockaddr.pcap"))
	if err != nil {
		t.Fatal(err)
	}
	pcapng, err := os.ReadFile(filepath.Join("..", "..", "testdata", "rawsocket.pcapng"))
	if err != nil {
		t.Fatal(err)
	}
	bzip2, err := base64.StdEncoding.DecodeString(aBzip2)
	if err != nil {
		t.Fatal(err)
	}
	archive := aTar(t)
	text := bytes.Repeat([]byte("only text\n"), 1000)
	for name, c := range map[string]struct {
		data []byte
		want kind
	}{
		"pcap":                 {pcap, kindCapture},
		"pcapng":               {pcapng, kindCapture},
		"pcap, header alone":   {pcap[:24], kindCapture},
		"pcapng, cut":          {pcapng[:6], kindCapture},
		"pcap in gzip":         {squeezed(t, "gzip", pcap), kindCapture},
		"pcapng in zstd":       {squeezed(t, "zstd", pcapng), kindCapture},
		"pcap in xz":           {squeezed(t, "xz", pcap), kindCapture},
		"pcap in lz4":          {squeezed(t, "lz4", pcap), kindCapture},
		"tar":                  {archive, kindTar},
		"tar in gzip":          {squeezed(t, "gzip", archive), kindTar},
		"tar in zstd":          {squeezed(t, "zstd", archive), kindTar},
		"tar in xz":            {squeezed(t, "xz", archive), kindTar},
		"tar in lz4":           {squeezed(t, "lz4", archive), kindTar},
		"tar in bzip2":         {bzip2, kindTar},
		"zip":                  {aZip(t, true), kindZip},
		"empty zip":            {aZip(t, false), kindZip},
		"text":                 {text, kindOther},
		"text in gzip":         {squeezed(t, "gzip", text), kindOther},
		"nothing":              {nil, kindOther},
		"nothing in gzip":      {squeezed(t, "gzip", nil), kindOther},
		"zeros":                {make([]byte, 4096), kindOther},
		"gzip, magic alone":    {[]byte{0x1f, 0x8b}, kindOther},
		"zip in gzip is a zip": {squeezed(t, "gzip", aZip(t, true)), kindOther}, // members are found from the end of a zip
	} {
		kind, again, err := sniff(bytes.NewReader(c.data))
		if err != nil || kind != c.want {
			t.Errorf("%s: got kind %d, %v; want %d", name, kind, err, c.want)
		}
		if all, err := io.ReadAll(again); err != nil || !bytes.Equal(all, c.data) {
			t.Errorf("%s: the reader gives %d bytes, %v; want all %d", name, len(all), err, len(c.data))
		}
	}
	if _, _, err := sniff(iotest.ErrReader(io.ErrClosedPipe)); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("a reader that fails: got %v, want its error", err)
	}
}

func aTar(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	if err := errors.Join(w.WriteHeader(&tar.Header{Name: "x", Typeflag: tar.TypeReg}), w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func aZip(t *testing.T, full bool) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	if full {
		if _, err := w.Create("x"); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func squeezed(t *testing.T, how string, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	var err error
	switch how {
	case "gzip":
		w = gzip.NewWriter(&b)
	case "zstd":
		w, err = zstd.NewWriter(&b)
	case "xz":
		w, err = xz.NewWriter(&b)
	case "lz4":
		w = lz4.NewWriter(&b)
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
