// Package judge sets a repaired capture beside the truth, packet by packet,
// with tshark as the witness of what is in a file.
//
// Packets are told apart by what no repair may change: the source address and
// all that comes after the IPv6 header, or the whole IPv4 packet.
package judge

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strconv"

	"github.com/mendcap/mendcap/internal/lab/tshark"
	"github.com/mendcap/mendcap/internal/tcp"
)

// Row is what tshark says of one packet. What it did not find is zero.
type Row struct {
	Len        int // captured bytes
	NextHeader int // of the IPv6 header, -1 without one
	Dst        netip.Addr
	ID         int // IPv4 Identification, -1 without one
	Flags      tcp.Analysis
}

var columns = []string{"frame.cap_len", "ipv6.nxt", "ipv6.dst", "ip.id"}

// Dissect has tshark read a capture and returns a row for each packet.
func Dissect(ctx context.Context, path string) (rows []Row, err error) {
	err = tshark.Each(ctx, path, slices.Concat(columns, tshark.AnalysisFields()), func(cells []string) error {
		row, err := parseRow(cells)
		rows = append(rows, row)
		return err
	}, "-E", "occurrence=f")
	return rows, err
}

func parseRow(cells []string) (Row, error) {
	row := Row{NextHeader: -1, ID: -1}
	for i, to := range []*int{&row.Len, &row.NextHeader, nil, &row.ID} {
		if to == nil || cells[i] == "" {
			continue
		}
		n, err := strconv.ParseInt(cells[i], 0, 64)
		if err != nil {
			return row, fmt.Errorf("column %s: %w", columns[i], err)
		}
		*to = int(n)
	}
	if cells[2] != "" {
		var err error
		if row.Dst, err = netip.ParseAddr(cells[2]); err != nil {
			return row, fmt.Errorf("column %s: %w", columns[2], err)
		}
	}
	for i, cell := range cells[len(columns):] {
		if cell != "" {
			row.Flags |= 1 << i
		}
	}
	return row, nil
}
