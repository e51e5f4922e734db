package report

import (
	"cmp"
	"fmt"
	"net/netip"
	"strings"
)

// Endpoints are where packets of one direction of a flow come from, and where they
// go. Where the destination is unknown it is ::. The zero value is none: packets
// without IP have it.
type Endpoints struct {
	Source, Destination netip.AddrPort
	// Portless says that there are no ports: the protocol has none, or they are in
	// another fragment. Both are 0 then.
	Portless bool
}

// between is written between the source and the destination.
const between = " > "

// String returns "source:port > destination:port", without the ports where there
// are none, and "" for the zero value. A zone of an address is as the capture or
// the report had it; Sanitise makes it safe to show.
func (e Endpoints) String() string {
	text, _ := e.MarshalText()
	return string(text)
}

// MarshalText returns what String does. It never fails.
func (e Endpoints) MarshalText() ([]byte, error) { return e.AppendText(nil) }

// AppendText appends what String returns. It never fails.
func (e Endpoints) AppendText(text []byte) ([]byte, error) {
	switch {
	case !e.Source.IsValid() && !e.Destination.IsValid():
		return text, nil
	case e.Portless:
		text = append(e.Source.Addr().AppendTo(text), between...)
		return e.Destination.Addr().AppendTo(text), nil
	}
	text = append(e.Source.AppendTo(text), between...)
	return e.Destination.AppendTo(text), nil
}

// UnmarshalText reads what MarshalText wrote.
func (e *Endpoints) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*e = Endpoints{}
		return nil
	}
	source, destination, ok := strings.Cut(string(text), between)
	if !ok {
		return fmt.Errorf("%q does not name two endpoints", shortened(string(text)))
	}
	from, portless, err := parseEndpoint(source)
	to, other, otherErr := parseEndpoint(destination)
	if err = cmp.Or(err, otherErr); err != nil {
		return err
	}
	if portless != other {
		return fmt.Errorf("%q has one port", shortened(string(text)))
	}
	*e = Endpoints{from, to, portless}
	return nil
}

// parseEndpoint reads an address with or without a port.
func parseEndpoint(text string) (e netip.AddrPort, portless bool, err error) {
	if e, err = netip.ParseAddrPort(text); err == nil {
		return e, false, nil
	}
	a, err := netip.ParseAddr(text)
	if err != nil {
		return netip.AddrPort{}, false, fmt.Errorf("%q is no endpoint: an address, or an address and a port", shortened(text))
	}
	return netip.AddrPortFrom(a, 0), true, nil
}
