package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
)

// pcapngBlock is a block of pcapng, little-endian, with a body of whole words.
func pcapngBlock(kind uint32, body string) []byte {
	length := uint32(len(body) + 12)
	b := binary.LittleEndian.AppendUint32(nil, kind)
	b = binary.LittleEndian.AppendUint32(b, length)
	return binary.LittleEndian.AppendUint32(append(b, body...), length)
}

// nameBlock resolves the n-th address of a network.
func nameBlock(n int) []byte {
	body := []byte{2, 0, 20, 0, 0x20, 0x01, 0x0D, 0xB8}
	body = append(body, make([]byte, 8)...)
	body = binary.BigEndian.AppendUint32(body, uint32(n))
	return pcapngBlock(4, string(body)+"a\x00\x00\x00\x00\x00\x00\x00")
}

// swapped is a data packet and the ACK for it, which is recorded before it: of the n-th
// pair of one connection.
func swapped(n int) []byte {
	packet := func(from, to byte, seq, ack uint32, data string) []byte {
		p := []byte{0x45, 0, 0, byte(40 + len(data)), 0, 0, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, from, 10, 0, 0, to, 0, from, 0, to}
		p = binary.BigEndian.AppendUint32(p, seq)
		p = binary.BigEndian.AppendUint32(p, ack)
		p = append(append(p, 5<<4, 0x10, 0xFF, 0xFF, 0, 0, 0, 0), data...)
		stamp := uint32(1000 * n)
		if data != "" {
			stamp += 5
		}
		body := make([]byte, 8, 64)
		for _, v := range []uint32{stamp, uint32(len(p)), uint32(len(p))} {
			body = binary.LittleEndian.AppendUint32(body, v)
		}
		return pcapngBlock(6, string(append(body, p...)))
	}
	seq := uint32(1000 + 12*n)
	return append(packet(2, 1, 5000, seq+12, ""), packet(1, 2, seq, 5000, "twelve bytes")...)
}

// floods are blocks that are no packets, by their number.
var floods = map[string]func(n int) []byte{
	"unknown": func(int) []byte { return pcapngBlock(0x77, "") },
	"journal": func(int) []byte { return pcapngBlock(9, "MESSAGE=of the system's journal\n") },
	"custom":  func(int) []byte { return pcapngBlock(0xBAD, "\x00\x00\x00\x01abcd") },
	"statistics": func(n int) []byte {
		return pcapngBlock(5, string(append(binary.LittleEndian.AppendUint32(nil, uint32(n)), make([]byte, 8)...)))
	},
	"secrets": func(int) []byte { return pcapngBlock(10, "KSLT\x04\x00\x00\x00abcd") },
	"sections": func(int) []byte {
		return pcapngBlock(0x0A0D0D0A, "\x4D\x3C\x2B\x1A\x01\x00\x00\x00\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF")
	},
	"names": nameBlock,
}

// writeFlood writes a capture of so many blocks of a kind after packets out of
// order, so that packets wait meanwhile.
func writeFlood(t *testing.T, block func(n int) []byte, blocks int) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "flood.pcapng")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriterSize(f, 1<<20)
	w.Write(floods["sections"](0)) // Flush returns the first error
	w.Write(pcapngBlock(1, "e\x00\x00\x00\x00\x00\x00\x00"))
	for n := range 200 {
		w.Write(swapped(n))
	}
	for n := range blocks {
		w.Write(block(n))
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return name
}

// peakOf runs mendcap and returns the most memory that it had, bytes.
func peakOf(t *testing.T, args ...string) int64 {
	t.Helper()
	cmd := exec.Command(built, args...)
	cmd.Dir = t.TempDir()
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	if err := cmd.Run(); err != nil {
		t.Fatalf("mendcap %v: %v: %s", args, err, complaints.Bytes())
	}
	return cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10 // Linux counts KiB
}

// Blocks that are no packets take no memory for each: however many there are, at
// most 128 MiB, and with ten times as many at most 1.2 times as much.
func TestMemoryOfFloods(t *testing.T) {
	if testing.Short() {
		t.Skip("reads captures of millions of blocks")
	}
	const most, ratio, few = 128 << 20, 1.2, 400_000
	const least = 64 << 20 // below that the peak is the garbage collector's doing
	commands := map[string][]string{
		"repair": {"repair", "-q", "-w", "out.pcapng"}, "check": {"check", "-q", "--fail-on", "drop"}, "explain": {"explain"},
	}
	for kind, block := range floods {
		small, large := writeFlood(t, block, few), writeFlood(t, block, 10*few)
		for name, command := range commands {
			t.Run(kind+"/"+name, func(t *testing.T) {
				args := func(capture string) []string {
					all := append(append([]string{}, command...), capture)
					if name == "explain" {
						all = append(all, strconv.Itoa(1))
					}
					return all
				}
				before, now := int64(0), peakOf(t, args(large)...)
				for range 3 { // when the collector runs, differs
					before = max(before, peakOf(t, args(small)...))
				}
				t.Logf("%d and %d blocks: %d and %d MiB", few, 10*few, before>>20, now>>20)
				if now > most {
					t.Errorf("%d blocks: %d MiB, want at most %d", 10*few, now>>20, most>>20)
				}
				if float64(now) > ratio*float64(max(before, least)) {
					t.Errorf("ten times as many blocks take %d instead of %d MiB, want at most %v times as much", now>>20, before>>20, ratio)
				}
			})
		}
	}
}

// 100,000 packets are repaired with four collections at most, of the seven that a heap
// asks for which grows by no more than a third between two.
func TestLargeCapturesAreCollectedSeldom(t *testing.T) {
	if n := collections(t, "", writeFlood(t, swapped, 50_000)); n > 4 {
		t.Errorf("got %d collections, want 4 at most", n)
	}
}
