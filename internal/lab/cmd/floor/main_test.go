package floor

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/internal/lab/strict"
)

func TestEveryPacketIsWrittenWithAComment(t *testing.T) {
	recording, err := lab.Load(filepath.Join("..", "..", "..", "..", "testdata", "recordings", "lossy.pcapng.gz"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.pcapng"), filepath.Join(dir, "out.pcapng")
	packets := recording.Packets[:500]
	write(t, in, packets)
	l, err := run(in, out)
	if err != nil {
		t.Fatal(err)
	}
	if l.packets != len(packets) || len(l.flows) < 2 {
		t.Errorf("got %d packets of %d flows, want %d of both directions at least", l.packets, len(l.flows), len(packets))
	}
	written := read(t, out)
	if len(written) != len(packets) {
		t.Fatalf("got %d packets, want %d", len(written), len(packets))
	}
	for i, b := range written {
		if !slices.Equal(b.data, packets[i].Data) || !slices.Equal(b.comments, []string{comment}) {
			t.Fatalf("packet %d: got %d octets and comments %q, want %d and %q", i, len(b.data), b.comments, len(packets[i].Data), comment)
		}
	}
}

func write(t *testing.T, path string, packets []lab.Packet) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w, err := lab.NewWriter(f, lab.Pcapng, lab.LinkRaw)
	for _, p := range packets {
		err = errors.Join(err, w.Write(p.Stamp, p.Data, lab.Inbound))
	}
	if err := errors.Join(err, w.Flush(), f.Close()); err != nil {
		t.Fatal(err)
	}
}

type written struct {
	data     []byte
	comments []string
}

func read(t *testing.T, path string) (packets []written) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := strict.NewReader(f, capture.ReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for {
		batch, err := r.Next()
		if errors.Is(err, io.EOF) {
			return packets
		}
		if err != nil {
			t.Fatal(err)
		}
		for i := range batch.Blocks {
			if b := &batch.Blocks[i]; b.Kind == capture.Packet {
				packets = append(packets, written{slices.Clone(b.Data), b.Comments()})
			}
		}
	}
}
