// Package floor is the least that a repair could do: one loop that reads each block of a
// pcapng file, looks its packet's flow up, sums its payload and writes it with a comment.
// What mendcap takes longer than that is its own thinking.
//
//	lab floor INPUT OUTPUT
//
// It reads what package large writes: one section in this machine's byte order, packets of
// raw IP, IPv6 after stub headers. It prints how many packets and flows there were.
package floor

import (
	"bufio"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/mendcap/mendcap/internal/packet"
)

// Main is the command: its arguments follow its name.
func Main() {
	flag.Parse()
	if flag.NArg() != 2 {
		fmt.Fprintln(os.Stderr, "usage: lab floor INPUT OUTPUT")
		os.Exit(2)
	}
	l, err := run(flag.Arg(0), flag.Arg(1))
	if err != nil {
		fmt.Fprintln(os.Stderr, "floor:", err)
		os.Exit(1)
	}
	fmt.Printf("%d packets, %d flows, sum %d\n", l.packets, len(l.flows), l.sum)
}

const (
	bufferSize = 1 << 20
	maxBlock   = bufferSize / 2 // octets
	comment    = "mendcap: filled in: next header, destination"
)

func run(from, to string) (l *loop, err error) {
	in, err := os.Open(from)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	l = &loop{out: bufio.NewWriterSize(out, bufferSize), flows: make(map[flow]int)}
	l.option = binary.LittleEndian.AppendUint16(l.option, 1) // opt_comment
	l.option = binary.LittleEndian.AppendUint16(l.option, uint16(len(comment)))
	l.option = append(l.option, comment...)
	l.option = append(l.option, make([]byte, -len(l.option)&3+4)...) // padding, opt_endofopt
	if err := l.all(bufio.NewReaderSize(in, bufferSize)); err != nil {
		return nil, err
	}
	return l, l.out.Flush()
}

// Count returns how many packets a capture has.
func Count(capture string) (int, error) {
	l, err := run(capture, os.DevNull)
	if err != nil {
		return 0, err
	}
	return l.packets, nil
}

// flow is what tells flows apart: addresses and ports, in one direction.
type flow struct {
	addresses [32]byte
	ports     uint32
}

type loop struct {
	out     *bufio.Writer
	option  []byte
	flows   map[flow]int // packets
	packets int
	sum     uint64
}

// all takes each block. One that is no packet is written as it is.
func (l *loop) all(in *bufio.Reader) error {
	for {
		head, err := in.Peek(8)
		if errors.Is(err, io.EOF) && len(head) == 0 {
			return nil
		}
		if err != nil {
			return err
		}
		size := int(binary.LittleEndian.Uint32(head[4:]))
		if size < 12 || size > maxBlock {
			return fmt.Errorf("a block of %d octets", size)
		}
		block, err := in.Peek(size)
		if err != nil {
			return err
		}
		const enhancedPacket = 6
		if binary.LittleEndian.Uint32(head) == enhancedPacket && size >= 32 {
			err = l.packet(block)
		} else {
			_, err = l.out.Write(block)
		}
		if err != nil {
			return err
		}
		if _, err := in.Discard(size); err != nil {
			return err
		}
	}
}

// packet writes an enhanced packet block with a comment after its options.
func (l *loop) packet(block []byte) error {
	captured := int(binary.LittleEndian.Uint32(block[20:]))
	end := 28 + (captured+3)&^3
	if captured < 0 || end > len(block)-4 {
		return errors.New("a packet that is longer than its block")
	}
	l.count(block[28 : 28+captured])
	var head [28]byte
	copy(head[:], block)
	size := uint32(end + len(l.option) + 4)
	binary.LittleEndian.PutUint32(head[4:], size)
	var trailer [4]byte
	binary.LittleEndian.PutUint32(trailer[:], size)
	for _, part := range [][]byte{head[:], block[28:end], l.option, trailer[:]} {
		if _, err := l.out.Write(part); err != nil {
			return err
		}
	}
	return nil
}

// count looks the packet's flow up and sums what follows its IP header.
func (l *loop) count(data []byte) {
	l.packets++
	header := 40
	if len(data) > 0 && data[0]>>4 == 4 {
		header = 20
	}
	if len(data) < header+4 {
		return
	}
	var f flow
	copy(f.addresses[:], data[header-min(header-8, 32):header])
	f.ports = binary.BigEndian.Uint32(data[header:])
	l.flows[f]++
	l.sum += uint64(packet.Sum(data[header:]))
}
