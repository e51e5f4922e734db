package pipeline

import "github.com/mendcap/mendcap/internal/packet"

// resolver is the stage that reads on where a packet does not say by itself what is in
// it. In: decoded chunks in the order of the file. It goes on with what the decoder
// fills. Without such packets it costs one look at a chunk.
type resolver struct {
	decoder   *decoder
	tunnels   packet.Tunnels
	fragments packet.Assembler
}

func newResolver(d *decoder) *resolver {
	return &resolver{decoder: d, tunnels: d.tunnels.Following(new(packet.Sessions))}
}

func (r *resolver) take(c *chunk) {
	if !c.open {
		return
	}
	for i := range c.units {
		if u := &c.units[i]; u.open {
			r.resolve(u)
		}
	}
}

// resolve goes on where the decoder has stopped: at a message of L2TPv3, or at a fragment,
// of which the last one leads on. What is in them may be such a packet, too.
func (r *resolver) resolve(u *unit) {
	v, data := *u.innermost(), u.block.Data
	deeper := !v.Partial && r.enter(u, &v, data)
	for v.Partial {
		counted := 0
		if u.unread == packet.Fragmented {
			counted = 1
		}
		plain := u.unread == packet.AllRead && !v.Fragment
		whole, settled := r.fragments.Add(&v, data, int(u.others)+counted, plain)
		u.others = 0
		if settled > 0 {
			u.others, u.unread = int32(settled-counted), packet.AllRead
		}
		if whole == nil || !r.reopen(u, &v, whole) {
			break
		}
		data, deeper, u.assembled = whole, true, true
	}
	if !deeper {
		return
	}
	if u.inner == nil {
		u.inner = room(&u.chunk.inner, len(u.chunk.units))
		u.chunk.size += innerSize
	}
	*u.inner = v
	r.decoder.finish(u, u.inner, data)
}

// reopen makes v, the view of a fragment, that of the innermost packet of the whole one,
// unless that is malformed.
func (r *resolver) reopen(u *unit, v *packet.View, whole []byte) bool {
	var outer packet.View
	packet.Decode(&outer, packet.Raw, whole, len(whole), packet.LayoutAuto)
	if outer.Form != packet.Whole {
		u.unread = packet.NotKnown
		return false
	}
	outer.VLAN = v.VLAN
	*v, u.proto = outer, outer.Proto
	r.enter(u, v, whole)
	return true
}

// enter makes v, the view of a packet whose bytes are data, that of the innermost one, and
// reports whether that is another.
func (r *resolver) enter(u *unit, v *packet.View, data []byte) bool {
	var inner packet.View
	u.unread = r.tunnels.Decode(&inner, v, u.proto, data)
	deeper := inner.Form != packet.NoIP
	if deeper {
		*v, u.proto = inner, inner.Proto
	}
	if v.Partial && u.proto == packet.ProtoTCP {
		u.unread = packet.Fragmented
	}
	return deeper
}
