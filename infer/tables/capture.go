package tables

import (
	"context"
	"os"

	"github.com/mendcap/mendcap/infer"
	"github.com/mendcap/mendcap/internal/capture/convert"
	"github.com/mendcap/mendcap/internal/capture/etw"
	"github.com/mendcap/mendcap/internal/filesys"
)

// maxUnpacked is how many bytes a compressed trace may decompress to that is read for what
// it tells of connections: what a day of events takes.
const maxUnpacked = 64 << 30

// readCapture reads what a capture of another format than pcap and pcapng tells of
// connections and of the host's own addresses.
func readCapture(ctx context.Context, name string, f *os.File) (*infer.Snapshot, Result, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, Result{}, err
	}
	c, err := convert.Open(filesys.AtWhileRunning(ctx, f), info.Size(), convert.Options{MaxUnpacked: maxUnpacked})
	if err != nil {
		return nil, Result{}, err
	}
	s := c.Snapshot()
	r := ResultOf(name, c.Format(), s)
	r.raw, r.segments, r.Packets = c.RawPackets(), c.Segments(), len(c.RawPackets())+len(c.Segments())
	return s, r, nil
}

// ResultOf is the Result of a file that gave s, which it sorts and rids of duplicates.
func ResultOf(name, format string, s *infer.Snapshot) Result {
	normalise(s)
	return Result{Name: name, Format: format, Rows: rowsOf(s), Addresses: countAddresses(s, snapshotTables...)}
}

// delivery is an event about a packet of a raw socket.
func delivery(p *etw.RawPacket) infer.Delivery {
	return infer.Delivery{
		Source: p.Source, Destination: p.Destination, NextHeader: p.Protocol, Length: int(p.Length), Socket: p.Socket, Taken: p.Taken,
		Time: convert.Moment(p.Time),
	}
}

// handling is an event about a segment that TCP has received or sent.
func handling(s *etw.LoggedSegment) infer.Handling {
	return infer.Handling{
		Source: s.Source, Destination: s.Destination, Seq: s.Seq, Length: s.Length, Ack: s.Ack, HasAck: s.HasAck, Time: convert.Moment(s.Time),
	}
}
