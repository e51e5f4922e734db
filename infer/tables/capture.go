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
	normalise(s)
	return s, Result{
		Name: name, Format: c.Format(), Rows: rowsOf(s), Addresses: countAddresses(s, snapshotTables...), raw: c.RawPackets(),
		segments: c.Segments(), Packets: len(c.RawPackets()) + len(c.Segments()),
	}, nil
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
