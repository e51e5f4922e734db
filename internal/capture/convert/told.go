package convert

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/mendcap/mendcap/internal/capture/etw"
)

// told is what a file tells beside its packets.
type told struct {
	choice *etw.Choice
	facts  *etw.Facts
	ifaces []iface
	words  []string
	rows   []etw.Row       // connections that events tell of
	groups []etw.GroupFlow // what was sent to groups
	own    []netip.Addr    // of the host
	raw    []etw.RawPacket // that raw sockets were given
	data   []etw.LoggedSegment
	broken []Damage
	drops  drops
	number int64 // of the last packet or frame
}

// presumed and settle are of a file that was gone through.
func (t *told) presumed() bool { return false }
func (t *told) settle() bool   { return true }

func (t *told) interfaces() []iface           { return t.ifaces }
func (t *told) notes() []string               { return t.words }
func (t *told) damages() []Damage             { return t.broken }
func (t *told) connections() []etw.Connection { return t.facts.Connections }

// addresses are those of the host.
func (t *told) addresses() (list []netip.Addr) {
	for _, a := range t.facts.Addresses {
		list = append(list, a.Addr)
	}
	return append(list, t.own...)
}

func (t *told) ends() ([]etw.Row, []etw.GroupFlow) { return t.rows, t.groups }
func (t *told) dropped() ([]Dropped, []Dropper)    { return t.drops.packets, t.drops.by }
func (t *told) last() int64                        { return t.number }
func (t *told) rawPackets() []etw.RawPacket        { return t.raw }

func (t *told) segments() []etw.LoggedSegment { return t.data }

// tellWitness takes over what a witness has found, and says what it couldn't use.
func (t *told) tellWitness(w *etw.Witness) {
	var untold int
	t.rows, t.groups, untold = w.Rows()
	t.own, t.raw, t.data = w.Own(), w.Raw(), w.Segments()
	if untold > 0 {
		t.say("%s received: nothing says which end is the host's, and they are left out", plural(untold, "pair of ends of datagrams"))
	}
	if n := w.Malformed; n > 0 {
		t.say("%s about connections or sockets can't be read", plural(int(n), "event"))
	}
	if n := w.Several; n > 0 {
		t.say("%s about several packets of a raw socket at once, and of no use", plural(int(n), "event"))
	}
	if n := w.Unlisted; n > 0 {
		t.say("%d connections or packets of raw sockets are more than are kept", n)
	}
}

func (t *told) say(format string, args ...any) {
	t.words = append(t.words, fmt.Sprintf(format, args...))
}

// take takes what a survey of events has found.
func (t *told) take(s *etw.Survey, o Options) {
	t.choice = s.Choose(etw.Options{AllLayers: o.AllLayers})
	t.facts = s.Facts()
	t.drops.name(s)
	for _, i := range t.choice.Interfaces {
		t.ifaces = append(t.ifaces, iface{linkType: i.LinkType, name: i.Name, description: i.Description})
	}
	t.words = append(t.words, t.choice.Words...)
	for _, d := range t.facts.Drops {
		t.say("%s dropped by %s: %s", plural(int(d.Packets), "packet"), componentName(d.Component, d.Name), etw.DropReason(d.Reason))
	}
	for _, d := range t.facts.Discards {
		t.say("%s discarded by the Windows Filtering Platform: module %d, reason %d", plural(int(d.Packets), "packet"), d.Module, d.Reason)
	}
	if n := t.drops.unlisted; n > 0 {
		t.say("%s beyond the first %d are no findings", plural(int(n), "dropped packet"), maxDropped)
	}
	if n := t.facts.Incomplete; n > 0 {
		t.say("%s of several events lack one, and are left out", plural(int(n), "packet"))
	}
	if n := t.facts.Malformed; n > 0 {
		t.say("%s can't be read", plural(int(n), "event"))
	}
	if n := t.facts.Unlisted; n > 0 {
		t.say("%d connections, drops or discards are more than are listed", n)
	}
}

// componentName is what a component of PktMon is called.
func componentName(id uint16, name string) string {
	if name == "" {
		return fmt.Sprintf("component %d", id)
	}
	return name
}

// listed is how many providers are named.
const listed = 5

// providers says who wrote how many events.
func providers(s *etw.Survey) string {
	var parts []string
	all := s.Providers()
	for _, p := range all[:min(len(all), listed)] {
		parts = append(parts, fmt.Sprintf("%s of %s", plural(int(p.Events), "event"), p.Name))
	}
	if more := len(all) - listed; more > 0 {
		parts = append(parts, "and of "+plural(more, "more provider"))
	}
	if len(parts) == 0 {
		return "no event"
	}
	return strings.Join(parts, ", ")
}

// plural counts things.
func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
