package lab

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"strings"
)

// Event is what the recorder's network did to one packet on purpose. Of a
// packet that is not TCP only Frame, Inbound and What are set.
type Event struct {
	Frame   int // of the packet; of an inbound one that was lost the last frame before it
	Inbound bool
	What    string // one of the constants

	TCP      bool
	From, To netip.AddrPort
	Seq, Len uint32
}

// What the network does.
const (
	EventLost       = "lost"
	EventQueueFull  = "queue-full"
	EventReordered  = "reordered"
	EventDuplicated = "duplicated"
)

// Lost reports whether the packet never arrived.
func (e *Event) Lost() bool { return e.What == EventLost || e.What == EventQueueFull }

// LoadEvents reads the events of the recording at path, NAME.pcapng.gz: those
// of NAME.events. Where the network did nothing there are none.
func LoadEvents(path string) (events []Event, err error) {
	name := strings.TrimSuffix(strings.TrimSuffix(path, ".gz"), ".pcapng") + ".events"
	file, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		e, err := parseEvent(lines.Text())
		if err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", name, len(events)+1, err)
		}
		events = append(events, e)
	}
	return events, lines.Err()
}

func parseEvent(line string) (e Event, err error) {
	cells := strings.Split(line, "\t")
	if len(cells) != 4 {
		return e, fmt.Errorf("%d columns, want 4", len(cells))
	}
	e.What, e.Inbound = cells[2], cells[1] == "in"
	if _, err := fmt.Sscan(cells[0], &e.Frame); err != nil {
		return e, fmt.Errorf("frame: %w", err)
	}
	words := strings.Fields(cells[3])
	if e.TCP = len(words) == 9 && words[3] == "seq"; !e.TCP {
		return e, nil
	}
	if e.From, err = endpoint(words[0]); err != nil {
		return e, err
	}
	if e.To, err = endpoint(words[2]); err != nil {
		return e, err
	}
	if _, err := fmt.Sscan(words[4], &e.Seq); err != nil {
		return e, fmt.Errorf("sequence number: %w", err)
	}
	if _, err := fmt.Sscan(words[8], &e.Len); err != nil {
		return e, fmt.Errorf("length: %w", err)
	}
	return e, nil
}

// endpoint reads an address and, after the last dot, a port.
func endpoint(text string) (netip.AddrPort, error) {
	at := strings.LastIndexByte(text, '.')
	if at < 0 {
		return netip.AddrPort{}, fmt.Errorf("%q has no port", text)
	}
	address, err := netip.ParseAddr(text[:at])
	if err != nil {
		return netip.AddrPort{}, err
	}
	var port uint16
	if _, err := fmt.Sscan(text[at+1:], &port); err != nil {
		return netip.AddrPort{}, fmt.Errorf("port of %q: %w", text, err)
	}
	return netip.AddrPortFrom(address, port), nil
}
