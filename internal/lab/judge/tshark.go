// Package judge sets a repaired capture beside the truth, packet by packet,
// with tshark as the witness of what is in a file.
//
// Packets are told apart by what no repair may change: the source address and
// all that stands behind the IPv6 header, or the whole IPv4 packet.
package judge

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os/exec"
	"strconv"
	"strings"
	"sync"

	"github.com/mendcap/mendcap/internal/lab/analysis"
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

// findTshark asks for tshark's version once.
var findTshark = sync.OnceValues(func() (string, error) { return analysis.FindTshark(context.Background()) })

// Dissect has tshark read a capture and returns a row for each packet.
func Dissect(ctx context.Context, path string) ([]Row, error) {
	tshark, err := findTshark()
	if err != nil {
		return nil, err
	}
	args := []string{"-n", "-r", path, "-T", "fields", "-E", "occurrence=f"}
	for _, column := range columns {
		args = append(args, "-e", column)
	}
	for _, field := range tcp.AnalysisFields() {
		args = append(args, "-e", field)
	}
	cmd := exec.CommandContext(ctx, tshark, args...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("run tshark: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("run tshark: %w", err)
	}
	rows, err := parse(out)
	if err != nil {
		_ = cmd.Process.Kill() // it would wait for us to read on
	}
	if err := errors.Join(err, cmd.Wait()); err != nil {
		return nil, fmt.Errorf("tshark on %s: %w", path, err)
	}
	return rows, nil
}

func parse(r io.Reader) ([]Row, error) {
	var rows []Row
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		row, err := parseRow(strings.Split(lines.Text(), "\t"))
		if err != nil {
			return nil, fmt.Errorf("row %d: %w", len(rows)+1, err)
		}
		rows = append(rows, row)
	}
	return rows, lines.Err()
}

func parseRow(cells []string) (Row, error) {
	if want := len(columns) + len(tcp.AnalysisNames()); len(cells) != want {
		return Row{}, fmt.Errorf("got %d columns, want %d", len(cells), want)
	}
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
