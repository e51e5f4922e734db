// Package witness finds which event of a trace is about which packet of a capture that a
// raw socket wrote while the trace was recorded.
//
// A trace says of each packet that a raw socket was given its source, its destination, its
// protocol and its length; the capture has source, length and data. An event and a packet
// can belong together only if source and length are equal and their times agree, once it
// is known how the clock of the one runs beside that of the other. Both may lack what the
// other has: events are lost, packets are dropped, and there may be events of sockets
// that the capture knows nothing of, or several for one packet.
//
// The words are used as follows. A claim is what events say of packets of one source and
// length: a protocol and a destination. A claim fits a packet if the packet's checksum
// agrees with it, and is open to a packet that has no checksum to tell. A part is packets
// and events of one source and length that have none in common with others, by the times
// that are near enough.
//
// What is promised: time alone decides nothing. A packet is given a claim that fits it if
// no other that fits has an event near enough. One that no claim fits is given what every
// assignment of events to packets gives it that gives as many packets an event as any; and
// if the checksums of others show that one reader wrote the file, only those count in
// which later packets have later events. It is given nothing where an assignment could do
// without it, or gives it another claim; nor are others of the capture, where checksums that
// were hidden for a trial contradict more than one in fifty of the claims that their packets
// were given. Events of a socket that was given other packets
// than the capture has are left out, and those of several sockets about one packet count
// once.
//
// Use it in this order: New with all events; Claims and Add for every packet in the order
// of the file; Match; then Of, which may be used by several goroutines.
package witness
