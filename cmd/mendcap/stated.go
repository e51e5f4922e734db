package main

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/spf13/pflag"

	"github.com/mendcap/mendcap/repair"
)

// statedFlags are what the user knows of the socket that captured.
type statedFlags struct {
	protocol protocolValue
	local    addressesValue
}

func (f *statedFlags) add(flags *pflag.FlagSet) {
	flags.Var(&f.protocol, "protocol", "the socket was opened for `PROTOCOL`, a name or a number: the Next Header where it is missing")
	flags.Var(&f.local, "local", "`ADDR` is an address of the capturing host (repeatable)")
}

// state sets what was stated.
func (f *statedFlags) state(o *repair.Options) {
	o.Protocol, o.Local = f.protocol.Protocol, f.local
}

// protocolValue is an upper-layer protocol.
type protocolValue struct{ repair.Protocol }

// Set and Type implement pflag.Value.
func (v *protocolValue) Set(text string) error { return v.UnmarshalText([]byte(text)) }

func (v *protocolValue) Type() string { return "protocol" }

// addressesValue is a list of addresses, one more each time that it is set.
type addressesValue []netip.Addr

// String, Set and Type implement pflag.Value.
func (v *addressesValue) String() string {
	var list []string
	for _, a := range *v {
		list = append(list, a.String())
	}
	return strings.Join(list, ", ")
}

func (v *addressesValue) Set(text string) error {
	a, err := netip.ParseAddr(text)
	if err != nil {
		return fmt.Errorf("%q is not an IP address such as 192.0.2.1 or 2001:db8::1", text)
	}
	*v = append(*v, a)
	return nil
}

func (v *addressesValue) Type() string { return "address" }
