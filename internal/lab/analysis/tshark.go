// Package analysis holds the TCP analyser against tshark 4.0, the judge of
// what it flags: tshark's dissection as segments, its flags as golden text,
// and the agreement of both, packet by packet.
//
// It promises nothing for other versions of tshark: their rules differ.
package analysis

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"os/exec"
	"slices"
	"strconv"
	"strings"

	"github.com/mendcap/mendcap/internal/lab/tshark"
	"github.com/mendcap/mendcap/internal/tcp"
)

// Packet is one TCP packet as tshark dissects it, and the flags it gives it.
type Packet struct {
	Segment tcp.Segment
	Flags   tcp.Analysis
}

// fields are the columns asked of tshark, before those of the flags.
var fields = []string{
	"frame.number", "frame.time_epoch", "ip.src", "ip.dst", "ipv6.src", "ipv6.dst",
	"tcp.srcport", "tcp.dstport", "tcp.seq_raw", "tcp.ack_raw", "tcp.len", "tcp.flags",
	"tcp.window_size_value", "tcp.options.wscale.shift", "tcp.options.sack_le", "tcp.options.sack_re",
}

// Columns in fields.
const (
	colFrame = iota
	colTime
	colSource4
	colDestination4
	colSource6
	colDestination6
	colSourcePort
	colDestinationPort
	colSeq
	colAck
	colLen
	colBits
	colWindow
	colShift
	colLeft
	colRight
	colFlags
)

// Read has tshark analyse the capture at path and returns the packets that it
// analysed as TCP, in file order. Those with more than one TCP header (TCP in a
// tunnel over TCP) are left out: skipped counts them. Of a damaged file these are
// the packets before the damage.
func Read(ctx context.Context, path string) (packets []Packet, skipped int, err error) {
	flows := flowTable{}
	err = tshark.Each(ctx, path, slices.Concat(fields, tshark.AnalysisFields()), func(row []string) error {
		switch {
		case strings.Contains(row[colSourcePort], ","):
			skipped++
			return nil
		case row[colLen] == "", row[colBits] == "": // quoted in an ICMP error, a fragment, or malformed
			return nil
		}
		p, err := parseRow(row, flows)
		if err != nil {
			return fmt.Errorf("frame %s: %w", row[colFrame], err)
		}
		packets = append(packets, p)
		return nil
	}, "-o", "tcp.relative_sequence_numbers:FALSE", "-Y", "tcp")
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		err = nil
	}
	return packets, skipped, err
}

// flowTable numbers the pairs of endpoints densely.
type flowTable map[[2]string]uint64

// place returns a packet's flow and its direction in it.
func (t flowTable) place(source, destination string) (flow uint64, dir uint8) {
	key := [2]string{source, destination}
	if source > destination {
		key, dir = [2]string{destination, source}, 1
	}
	flow, ok := t[key]
	if !ok {
		flow = uint64(len(t))
		t[key] = flow
	}
	return flow, dir
}

func parseRow(row []string, flows flowTable) (Packet, error) {
	n := numbers{row: row}
	s := tcp.Segment{
		Frame: int64(n.column(colFrame, 64)), Stamp: n.stamp(colTime),
		Seq: tcp.Seq(n.column(colSeq, 32)), Ack: tcp.Seq(n.column(colAck, 32)),
		Len: uint32(n.column(colLen, 32)), Bits: tcp.Bits(n.column(colBits, 16)) & 0xFFF,
		Window: uint16(n.column(colWindow, 16)), WindowShift: -1,
	}
	s.Flow, s.Dir = flows.place(
		row[colSource4]+row[colSource6]+" "+row[colSourcePort],
		row[colDestination4]+row[colDestination6]+" "+row[colDestinationPort])
	if row[colShift] != "" {
		s.WindowShift = int8(n.column(colShift, 7))
	}
	if row[colLeft] != "" {
		n.blocks(&s)
	}
	p := Packet{Segment: s}
	for i := range tcp.AnalysisNames() {
		if row[colFlags+i] != "" {
			p.Flags |= 1 << i
		}
	}
	return p, n.err
}

// numbers reads a row's columns; the first error stays.
type numbers struct {
	row []string
	err error
}

func (n *numbers) number(text string, bits int) uint64 {
	v, err := strconv.ParseUint(text, 0, bits)
	if err != nil && n.err == nil {
		n.err = err
	}
	return v
}

func (n *numbers) column(i, bits int) uint64 { return n.number(n.row[i], bits) }

// stamp reads seconds with a fraction as nanoseconds, exactly.
func (n *numbers) stamp(i int) int64 {
	r, ok := new(big.Rat).SetString(n.row[i])
	if !ok {
		if n.err == nil {
			n.err = fmt.Errorf("time %q", n.row[i])
		}
		return 0
	}
	r.Mul(r, big.NewRat(1e9, 1))
	return new(big.Int).Quo(r.Num(), r.Denom()).Int64()
}

// blocks reads the SACK blocks: columns of values separated by commas.
func (n *numbers) blocks(s *tcp.Segment) {
	lefts, rights := strings.Split(n.row[colLeft], ","), strings.Split(n.row[colRight], ",")
	for i := 0; i < min(len(lefts), len(rights), tcp.MaxSACK); i++ {
		s.SACK[i] = tcp.Range{Left: tcp.Seq(n.number(lefts[i], 32)), Right: tcp.Seq(n.number(rights[i], 32))}
		s.SACKs++
	}
}
