package etw

import (
	"cmp"
	"slices"
)

// Limits of what a Survey keeps of a trace.
const (
	maxPoints    = 4096 // capture points; packets of others are never chosen
	maxProviders = 4096
)

// Survey is the first pass over the events of a trace: it learns what there is.
type Survey struct {
	reader    reader
	stack     stack
	tally     tally
	layouts   Layouts
	layers    map[point]*seen
	providers map[GUID]*int64
	last      GUID   // of the last event's provider
	counted   *int64 // its events; nil before the first one
	lastSeen  *seen  // by the point of the last packet; nil before the first one
	other     int64  // events of providers beyond maxProviders
	unplaced  int64  // packets of points beyond maxPoints
	packets   int64
	malformed int64
}

// seen is what one capture point saw.
type seen struct {
	at         point
	packets    int64
	again      int64 // that were told before, and not counted in packets
	directions [3]int64
	port       portNames // at a VM switch
	user       userNames // at Ras-NdisWan
	near, far  sketch    // of packets as identify has them
}

// portNames and userNames are the texts of switchPort and rasUser, decoded.
type (
	portNames struct{ nic, nicName, port string }
	userNames struct{ domain, name string }
)

// NewSurvey begins the first pass.
func NewSurvey() *Survey {
	return &Survey{layers: make(map[point]*seen), providers: make(map[GUID]*int64)}
}

// Add takes the next event, and gives the packet that it holds or makes whole, chosen or
// not, until the next call; nil where there is none. It keeps nothing of e. Damage is
// counted here, and told by Packets.
func (s *Survey) Add(e *Event) *Packet {
	s.count(e.Provider)
	p, err := s.reader.read(e)
	if err == nil && !e.Classic {
		err = s.learn(e)
	}
	if err == nil {
		err = s.layouts.Add(e)
	}
	if err != nil {
		s.malformed++
	}
	if p != nil {
		s.see(p)
	}
	return p
}

// count counts an event of a provider: mostly that of the event before.
func (s *Survey) count(provider GUID) {
	if s.counted == nil || s.last != provider {
		n := s.providers[provider]
		if n == nil {
			if len(s.providers) >= maxProviders {
				s.other++
				return
			}
			n = new(int64)
			s.providers[provider] = n
		}
		s.last, s.counted = provider, n
	}
	*s.counted++
}

// learn takes what an event tells beside packets.
func (s *Survey) learn(e *Event) error {
	switch {
	case e.Provider == PktMon:
		return s.stack.read(e)
	case e.Provider != WFP:
		return nil
	}
	if e.ID == wfpDiscard {
		c := cursor{rest: e.Data}
		key := discardKey{c.u8(), c.u32()}
		if !c.short {
			addTo(&s.tally.discards, key, &s.tally.unlisted)
		}
		return c.err()
	}
	conn, ok, err := ReadConnection(e.ID, e.Data, e.Time)
	if ok && err == nil {
		s.tally.connection(conn)
	}
	return err
}

// see counts a packet at its capture point.
func (s *Survey) see(p *Packet) {
	s.packets++
	l := s.lastSeen
	if l == nil || l.at != p.at {
		l = s.layers[p.at]
	}
	if l == nil {
		if len(s.layers) >= maxPoints {
			s.unplaced++
			return
		}
		l = s.meet(p)
	}
	s.lastSeen = l
	if p.again {
		l.again++
		return
	}
	l.packets++
	l.directions[p.Direction]++
	if p.Dropped {
		addTo(&s.tally.drops, dropKey{p.at.component, p.Reason}, &s.tally.unlisted)
		return
	}
	near, far := identify(p.at.link, p.Data)
	l.near.add(near)
	l.far.add(far)
}

// meet takes up a new capture point with what its first packet tells of it.
func (s *Survey) meet(p *Packet) *seen {
	l := &seen{at: p.at}
	switch p.at.layer {
	case layerSwitch:
		port := &s.reader.port
		l.port = portNames{decodeText(port.nic), decodeText(port.nicName), decodeText(port.portName)}
	case layerRas:
		l.user = userNames{decodeText(s.reader.user.domain), decodeText(s.reader.user.name)}
	}
	s.layers[p.at] = l
	return l
}

// Packets is how many appearances of packets were seen so far.
func (s *Survey) Packets() int64 { return s.packets }

// Provider is how many events a provider wrote.
type Provider struct {
	GUID   GUID
	Name   string // as ProviderName gives it
	Events int64
}

// Layouts gives those that the events so far have stated.
func (s *Survey) Layouts() *Layouts { return &s.layouts }

// Witnessed reports whether there are events that a Witness may read.
func (s *Survey) Witnessed() bool {
	for provider := range s.providers {
		if isWitness(provider) {
			return true
		}
	}
	return false
}

// Providers lists who wrote the events so far, most first, and else by name.
func (s *Survey) Providers() []Provider {
	list := make([]Provider, 0, len(s.providers))
	for g, n := range s.providers {
		list = append(list, Provider{g, ProviderName(g), *n})
	}
	slices.SortFunc(list, func(a, b Provider) int {
		return cmp.Or(cmp.Compare(b.Events, a.Events), cmp.Compare(a.Name, b.Name))
	})
	if s.other > 0 {
		list = append(list, Provider{Name: "other providers", Events: s.other})
	}
	return list
}
