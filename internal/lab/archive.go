package lab

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/gzip"
)

// WriteArchive writes n small captures, each of so many packets of the truth,
// into folders of a hundred below dir: what raw-socket sniffers would have
// written, pcapng after stub headers and pcap after sockaddrs in turns, every
// fifth compressed, every tenth with network tables beside it. The same
// arguments give the same files.
func WriteArchive(dir string, truth []Packet, n, packets int) error {
	truth = Delivered(truth)
	if packets < 1 || len(truth) < packets {
		return fmt.Errorf("write archive: captures of %d packets out of %d", packets, len(truth))
	}
	for i := range n {
		at := i * packets % (len(truth) - packets + 1)
		if err := writeSmall(dir, i, truth[at:at+packets]); err != nil {
			return fmt.Errorf("write archive: %w", err)
		}
	}
	return nil
}

func writeSmall(dir string, i int, truth []Packet) error {
	form, format, suffix := Stub, Pcapng, ".pcapng"
	if i%2 == 1 {
		form, format, suffix = SockaddrWindows, Pcap, ".pcap"
	}
	var file bytes.Buffer
	if err := WriteForm(&file, Degrade(truth, Degradations()[0], uint64(i)), form, format); err != nil {
		return err
	}
	data := file.Bytes()
	if i%5 == 4 {
		var packed bytes.Buffer
		w := gzip.NewWriter(&packed)
		if _, err := w.Write(data); err != nil {
			return err
		}
		if err := w.Close(); err != nil {
			return err
		}
		data, suffix = packed.Bytes(), suffix+".gz"
	}
	stem := filepath.Join(dir, fmt.Sprintf("%03d", i/100), fmt.Sprintf("capture-%05d", i))
	if err := os.MkdirAll(filepath.Dir(stem), 0o777); err != nil {
		return err
	}
	if i%10 == 0 {
		if err := WriteTables(stem+".tables", SnapshotOf(truth), Own); err != nil {
			return err
		}
	}
	return os.WriteFile(stem+suffix, data, 0o666)
}
