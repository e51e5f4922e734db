package planned

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/internal/lab/trees"
)

// most is how many packets of a recording a capture has.
const most = 2000

// forms are what captures are written as: with headers and without.
var forms = []lab.Form{lab.Stub, lab.WithHeaders, lab.SockaddrWindows, lab.SockaddrLinux, lab.SockaddrBSD}

// makeCaptures writes the captures, some of them in archives, and the samples of
// testdata with their tables.
func (b *Bench) makeCaptures() error {
	found, err := filepath.Glob(filepath.Join("testdata", "recordings", "*.pcapng.gz"))
	if err != nil {
		return err
	}
	var recordings [][]lab.Packet
	for _, path := range found {
		if strings.Contains(path, "-held.") {
			continue
		}
		recording, err := lab.Load(path)
		if err != nil {
			return err
		}
		truth := lab.Delivered(recording.Packets)
		recordings = append(recordings, truth[:min(len(truth), most)])
	}
	for i := range b.Captures {
		if err := b.makeCapture(i, recordings[i%len(recordings)]); err != nil {
			return err
		}
	}
	some, err := trees.Read(b.Path("in/03"))
	if err != nil {
		return err
	}
	if err := some.WriteArchives(b.Path("in")); err != nil {
		return err
	}
	for _, sample := range []string{"rawsocket.pcapng", "rawsocket.tables", "sockaddr.pcap", "sockaddr.tables"} {
		if err := copyAll(filepath.Join("testdata", sample), b.Path("in/samples/"+sample)); err != nil {
			return err
		}
	}
	return nil
}

// copyAll copies a file, or the files of a folder.
func copyAll(from, to string) error {
	if info, err := os.Stat(from); err != nil || info.IsDir() {
		return os.CopyFS(to, os.DirFS(from))
	}
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o666)
}

// makeCapture writes the capture of that number: of each ten one is undisturbed, two
// are damaged and one is no capture at all, and every third has tables beside it.
func (b *Bench) makeCapture(i int, truth []lab.Packet) error {
	degradations := lab.Degradations()
	degradation := degradations[i%len(degradations)]
	if i%10 == 0 {
		degradation = degradations[len(degradations)-1] // none
	}
	format, suffix := lab.Pcapng, ".pcapng"
	if i%2 == 1 {
		format, suffix = lab.Pcap, ".pcap"
	}
	var file bytes.Buffer
	if err := lab.WriteForm(&file, lab.Degrade(truth, degradation, b.Seed+uint64(i)), forms[i%len(forms)], format); err != nil {
		return err
	}
	data := file.Bytes()
	random := rand.New(rand.NewPCG(b.Seed, uint64(i)))
	switch i % 10 {
	case 3: // cut short
		data = data[:len(data)*(1+random.IntN(3))/4]
	case 6: // overwritten
		at := 100 + random.IntN(len(data)-400)
		clear(data[at : at+200])
	case 9:
		data = []byte("a note of whoever recorded it\n")
	}
	stem := b.Path(fmt.Sprintf("in/%02d/capture-%03d", i/12, i))
	if err := os.MkdirAll(filepath.Dir(stem), 0o777); err != nil {
		return err
	}
	if i%3 == 0 {
		if err := lab.WriteTables(stem+".tables", lab.SnapshotOf(truth), lab.Own); err != nil {
			return err
		}
	}
	return os.WriteFile(stem+suffix, data, 0o666)
}
