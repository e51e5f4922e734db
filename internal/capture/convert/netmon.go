package convert

import (
	"cmp"
	"fmt"
	"hash/maphash"
	"io"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/mendcap/mendcap/internal/capture/etw"
	"github.com/mendcap/mendcap/internal/capture/netmon"
	"github.com/mendcap/mendcap/internal/comment"
)

// monitored is a capture of Network Monitor.
type monitored struct {
	told
	*netmon.File
	plain map[uint16]int // the interfaces of frames that are packets, by media type
	local []netip.Addr
	uses  map[int]protocols // of entries of the process table, by their frames
}

// protocols are which of the two that have ports were seen.
type protocols struct{ tcp, udp bool }

// only is the one that was seen, 0 where both were or none.
func (p protocols) only() uint8 {
	switch {
	case p.tcp && !p.udp:
		return protocolTCP
	case p.udp && !p.tcp:
		return protocolUDP
	}
	return 0
}

// openMonitored goes through a capture of Network Monitor once.
func openMonitored(r io.ReaderAt, size int64, o Options) (*monitored, error) {
	zone := time.FixedZone("", int(o.Zone/time.Second))
	file, err := netmon.Open(r, size, netmon.Options{Zone: zone})
	if err != nil {
		return nil, err
	}
	m := &monitored{File: file, plain: make(map[uint16]int), uses: make(map[int]protocols)}
	survey, frames := etw.NewSurvey(), file.Frames()
	other := make(map[uint16]int64) // frames that are no packets, by media type
	for {
		f, err := frames.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		m.survey(f, survey, other)
		m.number = f.Number
	}
	m.takeEvents(survey, other, o)
	if survey.Witnessed() {
		if err := m.readWitness(survey.Layouts()); err != nil {
			return nil, err
		}
	}
	for _, d := range frames.Damages().List {
		m.broken = append(m.broken, Damage{Frame: cmp.Or(d.Frame, -1), Offset: d.Offset, Length: d.Length, Mended: !d.Lost, Err: d.Err})
	}
	if !file.ZoneStated {
		m.say("the stamps are local times of a zone that the file does not state: %s is assumed (--capture-zone)", zoneName(zone))
	}
	return m, nil
}

// readWitness goes through the frames that are events again, now that their layouts are
// known. Those of a trace come in the order of their times, frames as they are listed.
func (m *monitored) readWitness(l *etw.Layouts) error {
	w, frames := etw.NewWitness(l), m.Frames()
	var e etw.Event
	for {
		f, err := frames.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if f.Event(&e) {
			w.Add(&e)
		}
	}
	m.tellWitness(w)
	slices.SortStableFunc(m.raw, func(a, b etw.RawPacket) int { return cmp.Compare(a.Time, b.Time) })
	slices.SortStableFunc(m.data, func(a, b etw.LoggedSegment) int { return cmp.Compare(a.Time, b.Time) })
	return nil
}

// zoneName is how far a zone is from UTC.
func zoneName(zone *time.Location) string {
	return "UTC" + strings.TrimPrefix(time.Unix(0, 0).In(zone).Format("Z07:00"), "Z")
}

// survey takes in what a frame is.
func (m *monitored) survey(f *netmon.Frame, s *etw.Survey, other map[uint16]int64) {
	var e etw.Event
	switch {
	case f.HasLinkType:
		if _, known := m.plain[f.Media]; !known {
			m.plain[f.Media] = len(m.ifaces)
			m.ifaces = append(m.ifaces, iface{linkType: f.LinkType, name: fmt.Sprintf("media:%d", f.Media)})
		}
		m.use(f)
	case eventOf(f, &e):
		m.drops.add(s.Add(&e), f.Number)
	default:
		other[f.Media]++
	}
	if _, adapters, _ := f.Adapters(); adapters != nil {
		for _, a := range adapters {
			m.adapter(&a)
		}
	}
}

// use notes by which protocol a process of the table talks: of frames that are of the
// connection that the table has, as headers that were made up are of none.
func (m *monitored) use(f *netmon.Frame) {
	if f.Process < 0 {
		return
	}
	p, process := m.uses[f.Process], &m.Processes[f.Process]
	protocol, from, to, ok := etw.Transport(f.LinkType, f.Data)
	local, remote := process.Local.Addr(), process.Remote.Addr()
	if !ok || (from != local || to != remote) && (from != remote || to != local) {
		return
	}
	p.tcp, p.udp = p.tcp || protocol == protocolTCP, p.udp || protocol == protocolUDP
	m.uses[f.Process] = p
}

// maxLocal is how many addresses of adapters are kept.
const maxLocal = 1 << 12

func (m *monitored) adapter(a *netmon.Adapter) {
	for _, p := range a.IPv4 {
		m.local = append(m.local, p.Addr())
	}
	m.local = append(m.local, a.IPv6...)
	if len(m.local) > maxLocal {
		slices.SortFunc(m.local, netip.Addr.Compare)
		m.local = slices.Compact(m.local)
		m.local = m.local[:min(len(m.local), maxLocal)]
	}
}

// eventOf reads the event that a frame is, or whose user data it holds.
func eventOf(f *netmon.Frame, e *etw.Event) bool {
	if id, ok := etw.WFPEvent(f.Media); ok {
		*e = etw.Event{Provider: etw.WFP, ID: id, Time: f.Time, Offset: f.Offset, Data: f.Data}
		return true
	}
	return f.Event(e)
}

// takeEvents takes what the survey of the frames that are events has found, and says
// what others there were.
func (m *monitored) takeEvents(s *etw.Survey, other map[uint16]int64, o Options) {
	m.take(s, o)
	for i, p := range m.Processes {
		c := etw.Connection{Protocol: m.uses[i].only(), Source: p.Local, Destination: p.Remote, PID: uint64(p.PID), Path: p.Path, Direction: etw.Out}
		m.facts.Connections = append(m.facts.Connections, c)
	}
	if events := s.Providers(); s.Packets() == 0 && len(events) > 0 {
		m.say("%s in frames of their own are no packets", providers(s))
	}
	for _, media := range slices.Sorted(maps.Keys(other)) {
		m.say("%s of media type 0x%04X: no packets", plural(int(other[media]), "frame"), media)
	}
}

func (m *monitored) format() string { return fmt.Sprintf("netmon 2.%d", m.Minor) }
func (m *monitored) system() string { return "" }
func (m *monitored) lost() uint64   { return 0 }

// addresses are those of the host.
func (m *monitored) addresses() []netip.Addr { return append(m.told.addresses(), m.local...) }

func (m *monitored) packets() (source, error) {
	return &monitoredPackets{of: m, frames: m.Frames(), events: etw.NewPackets(m.choice), seed: maphash.MakeSeed()}, nil
}

// monitoredPackets are the packets of a capture: frames that are packets, and those of
// events.
type monitoredPackets struct {
	of     *monitored
	frames *netmon.Frames
	events *etw.Packets
	recent recent
	seed   maphash.Seed
}

func (s *monitoredPackets) next(p *packet) error {
	for {
		f, err := s.frames.Next()
		if err != nil {
			return err
		}
		ok, event := f.HasLinkType, false
		if ok {
			s.plain(f, p)
		} else if ok, err = s.event(f, p); err != nil {
			return err
		} else {
			event = true
		}
		if !ok || s.recent.again(maphash.Bytes(s.seed, p.data), p.time, event) {
			continue
		}
		p.number = f.Number
		s.comment(f, p)
		return nil
	}
}

// plain makes a packet of a frame that is one.
func (s *monitoredPackets) plain(f *netmon.Frame, p *packet) {
	*p = packet{iface: s.of.plain[f.Media], time: f.Time, data: f.Data, original: f.Original, comments: p.comments[:0]}
}

// event makes a packet of the event that a frame is, if it is one.
func (s *monitoredPackets) event(f *netmon.Frame, p *packet) (bool, error) {
	var e etw.Event
	if !eventOf(f, &e) {
		return false, nil
	}
	got, err := s.events.Read(&e)
	if err != nil && !isDamage(err) {
		return false, err
	}
	if got == nil {
		return false, nil
	}
	p.take(got)
	p.iface += len(s.of.plain)
	if _, ok := etw.WFPEvent(f.Media); ok {
		p.comments = slices.DeleteFunc(p.comments, func(c string) bool { return strings.HasPrefix(c, "PID=0 ") })
	}
	return true, nil
}

// comment adds what is known of a frame beside its bytes.
func (s *monitoredPackets) comment(f *netmon.Frame, p *packet) {
	if f.Process >= 0 {
		process := &s.of.Processes[f.Process]
		p.comments = append(p.comments, strings.TrimSpace(fmt.Sprintf("PID=%d %s", process.PID, process.Path)))
	}
	for _, c := range f.Comments {
		if c.Cut {
			p.comments = append(p.comments, cutComment)
		}
		for _, text := range []string{c.Title, c.Description} {
			if text != "" {
				p.comments = append(p.comments, text)
			}
		}
	}
}

// cutComment is said before a comment of the file of which not all is kept.
const cutComment = comment.Mark + "the comment that follows is longer in the file, and cut"

// recent knows the last packets, to tell one that is there both as a frame and as an
// event: the bytes and the stamp are the same then.
type recent struct {
	last [64]seen
	next int
}

// seen is one packet.
type seen struct {
	hash  uint64
	time  int64
	event bool
}

// again reports whether a packet was there in the other form, and else notes it.
func (r *recent) again(hash uint64, time int64, event bool) bool {
	if slices.Contains(r.last[:], seen{hash, time, !event}) {
		return true
	}
	r.last[r.next] = seen{hash, time, event}
	r.next = (r.next + 1) % len(r.last)
	return false
}
