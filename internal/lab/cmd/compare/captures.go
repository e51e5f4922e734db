package compare

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/mendcap/mendcap/internal/lab"
)

const (
	// samplesVariable names the folder of public captures.
	samplesVariable = "MENDCAP_SAMPLES"
	// largest is how many bytes a capture of the samples may have.
	largest = 32 << 20
	// kept is how many packets of a recording are degraded.
	kept = 600
	// ways is how many degradations each recording gets.
	ways = 4
)

// captureName matches what a file is called that may be a capture.
var captureName = regexp.MustCompile(`\.(pcap|pcapng|ntar|cap|etl)(\.(gz|xz|zst|bz2|lz4))?$`)

// captures lists the files that are compared.
func (b *bench) captures(files []string) (all []string, err error) {
	if len(files) > 0 {
		for _, file := range files {
			path, err := filepath.Abs(file)
			if err != nil {
				return nil, err
			}
			all = append(all, path)
		}
		return all, nil
	}
	folders := []string{"testdata"}
	if b.samples = os.Getenv(samplesVariable); b.samples != "" {
		folders = append(folders, b.samples)
	}
	for _, folder := range folders {
		found, err := capturesIn(folder)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	made, err := b.degraded("testdata/recordings")
	return append(all, made...), err
}

// capturesIn lists the captures of a folder and its folders.
func capturesIn(folder string) (found []string, err error) {
	err = filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() || !captureName.MatchString(path) {
			return err
		}
		info, err := entry.Info()
		if err != nil || info.Size() > largest {
			return err
		}
		path, err = filepath.Abs(path)
		found = append(found, path)
		return err
	})
	return found, err
}

// degraded makes captures as a sniffer would have written them, with the network
// tables of the host beside: the beginnings of the recordings, each under some of
// the degradations, forms and kinds of tables, in turn.
func (b *bench) degraded(folder string) (made []string, err error) {
	recordings, err := filepath.Glob(filepath.Join(folder, "*.pcapng.gz"))
	if err != nil {
		return nil, err
	}
	b.made = filepath.Join(b.dir, "made")
	if err := os.Mkdir(b.made, 0o755); err != nil {
		return nil, err
	}
	for i, path := range recordings {
		recording, err := lab.Load(path)
		if err != nil {
			return nil, err
		}
		truth := lab.Delivered(recording.Packets)
		truth = truth[:min(len(truth), kept)]
		for way := range ways {
			file, err := b.degrade(recording.Name, truth, i*ways+way)
			if err != nil {
				return nil, err
			}
			made = append(made, file)
		}
	}
	return made, nil
}

// degrade makes the capture of that number.
func (b *bench) degrade(name string, truth []lab.Packet, number int) (string, error) {
	degradations := lab.Degradations()
	degradation := degradations[number%len(degradations)]
	forms := []lab.Form{lab.Stub, lab.SockaddrWindows, lab.WithHeaders, lab.SockaddrLinux, lab.SockaddrBSD}
	form := forms[number%len(forms)]
	base := filepath.Join(b.made, fmt.Sprintf("%s-%s-%s", name, degradation.Name, form))
	format, suffix := lab.Pcapng, ".pcapng"
	if number%2 == 1 {
		format, suffix = lab.Pcap, ".pcap"
	}
	var file bytes.Buffer
	if err := lab.WriteForm(&file, lab.Degrade(truth, degradation, uint64(number)), form, format); err != nil {
		return "", err
	}
	if err := os.WriteFile(base+suffix, file.Bytes(), 0o644); err != nil {
		return "", err
	}
	tables := lab.SnapshotOf(truth)
	switch number % 3 {
	case 0:
		return base + suffix, nil // none
	case 1:
		tables = lab.HalfOf(tables, uint64(number))
	}
	formats := slices.Clone(lab.TableFormats())
	return base + suffix, lab.WriteTables(base+".tables", tables, formats...)
}
