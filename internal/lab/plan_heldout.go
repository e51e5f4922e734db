package lab

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
)

// HeldOutPlans are those that nothing of inference is tuned on, in the prefixes of
// documentation (RFC 3849 and RFC 9637): ways in which hosts, servers and
// providers number. They are looked at when all else is done.
func HeldOutPlans() []Plan {
	return []Plan{
		{"slaac-held", 1 << 14, slaacAddress},
		{"temporary-held", 1 << 20, temporaryAddress},
		{"dhcpv6-held", 1 << 14, dhcpAddress},
		{"servers-held", 1 << 14, serverAddress},
		{"cdn-held", 1 << 14, cdnAddress},
		{"ula-held", 1 << 13, localAddress},
	}
}

// numbered returns the address of a host in a /64.
func numbered(network string, identifier uint64) netip.Addr {
	raw := netip.MustParseAddr(network).As16()
	binary.BigEndian.PutUint64(raw[8:], identifier)
	return netip.AddrFrom16(raw)
}

// eui64 returns the interface identifier of the nth of some interfaces of five
// makers (RFC 4291, appendix A).
func eui64(n int) uint64 {
	makers := [...]uint64{0x00005E, 0x3C22FB, 0xA4BB6D, 0x001B21, 0xD83ADD}
	rng := rand.New(rand.NewPCG(uint64(n), 4291))
	maker := makers[rng.IntN(len(makers))] ^ 0x020000
	return maker<<40 | 0xFFFE<<24 | uint64(n)<<10&0xFFFFFF | rng.Uint64N(1<<10)
}

// slaacAddress is one that a host makes of its hardware address, in one of 12
// networks.
func slaacAddress(n int) netip.Addr {
	return numbered(fmt.Sprintf("3fff:1a0:%x:%x::", n%3, 0x40+n/3%4), eui64(n))
}

// temporaryAddress is random (RFC 8981), in one of 300 networks of 20 providers.
func temporaryAddress(n int) netip.Addr {
	rng := rand.New(rand.NewPCG(uint64(n), 4941))
	network := n % 300
	return numbered(fmt.Sprintf("3fff:%x:%x:%x::", 0x200+network%20, network*0x71&0xFFFF, network%7), rng.Uint64())
}

// dhcpAddress is one that a server gave out one after the other, from two pools
// (RFC 8415).
func dhcpAddress(n int) netip.Addr {
	return numbered(fmt.Sprintf("2001:db8:d:%x::", 1+n%2), uint64(0x1000+n/2))
}

// serverAddress is ::1 to ::18 in one of many networks, 16 apart.
func serverAddress(n int) netip.Addr {
	return numbered(fmt.Sprintf("2001:db8:5e:%x::", n/24<<4&0xFFFF), uint64(1+n%24))
}

// cdnAddress is one of four networks of content: an IPv4 address in the last
// words, a place and a machine, a machine in a network of its own, and a random
// one.
func cdnAddress(n int) netip.Addr {
	i := n / 4
	switch n % 4 {
	case 0:
		return numbered("3fff:4700::", 0x6810_0000|uint64(i)*37&0xFFFF|uint64(i)>>16<<16)
	case 1:
		return numbered(fmt.Sprintf("3fff:4e4:%x::", i%8*0x200), uint64(0x223+i/8))
	case 2:
		return numbered(fmt.Sprintf("3fff:1401:4000:%x::", 0x480+i/3), uint64(0x1724+i%3*0x100))
	}
	rng := rand.New(rand.NewPCG(uint64(n), 3))
	return numbered(fmt.Sprintf("3fff:f00:%x::", i%5), rng.Uint64())
}

// localAddress is unique local (RFC 4193), of two sites with eight networks each:
// by hand, or made of a hardware address.
func localAddress(n int) netip.Addr {
	site := [...]string{"fd3c:9f21:77ab", "fd88:104e:5d"}[n%2]
	network := fmt.Sprintf("%s:%x::", site, 1+n/2%8)
	if n%3 == 0 {
		return numbered(network, eui64(n))
	}
	return numbered(network, uint64(0x10+n/16))
}
