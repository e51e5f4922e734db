package capture

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mendcap/mendcap/internal/lab/handmade"
	"github.com/mendcap/mendcap/internal/lab/tshark"
)

// shown gives one line a packet of a file, as tshark reads it, or skips the
// test where it is not installed.
func shown(t *testing.T, data []byte) (lines []string) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file.pcapng")
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	fields := []string{"frame.number", "frame.interface_id", "frame.time_epoch", "frame.len", "frame.cap_len", "frame.comment"}
	for _, row := range tshark.Rows(t, name, fields) {
		lines = append(lines, strings.Join(row, "|"))
	}
	return lines
}

// What an edited file says, tshark reads: stamps, lengths, comments and
// interfaces that moved.
func TestTsharkReadsEdits(t *testing.T) {
	for _, order := range []string{"little", "big"} {
		f := (&handmade.File{}).Section(littleEndian)
		if order == "big" {
			f = (&handmade.File{}).Section(bigEndian)
		}
		data := strings.Repeat("\xff", 61)
		f.Iface(1, 0, f.Option(OptResol, []byte{9})).EPB(0, 1e9, data)
		f.Iface(1, 0).EPB(1, 2e6, data).PB(1, 2, 3e6, data).EPB(0, 4e9, data, f.Option(optComment, []byte("had one")), f.End())
		blocks := mustRead(t, f.Buf)
		out := write(t, func(w *Writer) error {
			if err := w.WriteSection(&blocks[0], "mendcap 1.0", "repaired"); err != nil {
				return err
			}
			if err := w.Write(&blocks[1]); err != nil {
				return err
			}
			added, err := w.AddInterface(blocks[1].Interface, 101, 40)
			if err != nil {
				return err
			}
			edits := map[int]*PacketEdit{
				2: {Interface: added, Data: []byte("changed"), OrigLen: 77},
				5: {HasTicks: true, Ticks: 3_500_000, Comments: [][]byte{[]byte("moved")}},
				6: {Comments: [][]byte{[]byte("and another")}},
			}
			for i := 2; i < len(blocks); i++ {
				if err := w.WritePacket(&blocks[i], edits[i]); err != nil {
					return err
				}
			}
			return nil
		})
		want := []string{
			"1|1|1.000000000|77|7|",
			"2|2|2.000000000|161|61|",
			"3|2|3.500000000|61|61|moved",
			"4|0|4.000000000|161|61|had one,and another",
		}
		if got := shown(t, out); strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%s: got\n%s\nwant\n%s", order, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

// A pcap file of every variant says the same to tshark after its conversion.
func TestTsharkReadsConverted(t *testing.T) {
	for _, magic := range []uint32{magicMicro, magicNano} {
		data := handmade.Pcap(bigEndian, magic, 2<<fcsShift|fcsPresent|1, [2]uint32{1, 2}, [2]uint32{0x7FFFFFFF, 999999})
		out := write(t, copyAll(mustRead(t, data)))
		fraction := []string{"000002000", "999999000"}
		if magic == magicNano {
			fraction = []string{"000000002", "000999999"}
		}
		want := fmt.Sprintf("1|0|1.%s|1500|1|\n2|0|2147483647.%s|1500|2|", fraction[0], fraction[1])
		if got := strings.Join(shown(t, out), "\n"); got != want {
			t.Errorf("%#x: got\n%s\nwant\n%s", magic, got, want)
		}
	}
}
