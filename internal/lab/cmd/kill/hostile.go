//go:build unix

package kill

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Inputs that keep mendcap busy, or waiting, for longer than anything takes here.
const (
	randomNumbers = "random-numbers.pcapng" // one connection, each number of which is random
	strangeBlocks = "strange-blocks.pcapng" // blocks that are no packets
	packedBlocks  = "packed-blocks.pcapng.gz"
	silence       = "fifo" // to which nobody writes
)

// writeHostile writes them into a folder.
func writeHostile(dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	strange := append(pcapngHead(), bytes.Repeat(pcapngBlock(0x77, nil), 1<<20)...)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, err := z.Write(append(strange, bytes.Repeat(pcapngBlock(0x77, nil), 1<<22)...))
	return errors.Join(err, z.Close(),
		os.WriteFile(filepath.Join(dir, randomNumbers), randomConnection(100_000), 0o666),
		os.WriteFile(filepath.Join(dir, strangeBlocks), strange, 0o666),
		os.WriteFile(filepath.Join(dir, packedBlocks), packed.Bytes(), 0o666),
		unix.Mkfifo(filepath.Join(dir, silence), 0o666))
}

// pcapngHead is a section header, and the description of one interface of
// LINKTYPE_RAW.
func pcapngHead() []byte {
	section := binary.LittleEndian.AppendUint32(nil, 0x1A2B3C4D)
	section = binary.LittleEndian.AppendUint32(section, 1) // version 1.0
	section = binary.LittleEndian.AppendUint64(section, ^uint64(0))
	return append(pcapngBlock(0x0A0D0D0A, section), pcapngBlock(1, []byte{101, 0, 0, 0, 0, 0, 0, 0})...)
}

// pcapngBlock is a block whose body is a multiple of four bytes.
func pcapngBlock(kind uint32, body []byte) []byte {
	length := uint32(len(body) + 12)
	b := binary.LittleEndian.AppendUint32(nil, kind)
	b = binary.LittleEndian.AppendUint32(b, length)
	return binary.LittleEndian.AppendUint32(append(b, body...), length)
}

// randomConnection is a capture of packets whose sequence and acknowledgment
// numbers are random.
func randomConnection(packets int) []byte {
	dice := rand.New(rand.NewPCG(7, 7))
	file := pcapngHead()
	data := make([]byte, 52)
	copy(data, []byte{0x45, 0, 0, 52, 0, 0, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0, 1, 0, 2}) // IPv4, ports 1 and 2
	data[32], data[33] = 5<<4, 0x10                                                                      // a header of 20 bytes, ACK
	for n := range packets {
		binary.BigEndian.PutUint64(data[24:], dice.Uint64())
		body := make([]byte, 20, 20+len(data))
		binary.LittleEndian.PutUint32(body[8:], uint32(n)) // microseconds
		binary.LittleEndian.PutUint32(body[12:], uint32(len(data)))
		binary.LittleEndian.PutUint32(body[16:], uint32(len(data)))
		file = append(file, pcapngBlock(6, append(body, data...))...)
	}
	return file
}
