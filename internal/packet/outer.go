package packet

// UnreadOuter says why no IP packet could be made out in a packet for which Decode left
// Form NoIP: AllRead where it holds none, or another protocol's messages.
func UnreadOuter(link LinkType, data []byte, wireLen int) Unread {
	if int(link) >= len(outermost) || outermost[link] == unknownEncapsulation {
		return NoDecoder
	}
	e, pos, cut := outermost[link], 0, wireLen > len(data)
	for e != ipHeader {
		length, next := e.read(data[pos:])
		pos += length
		switch {
		case next == hiddenPacket:
			return Hidden
		case next == noPacket:
			return AllRead
		case next < ipHeader && length == 0 && cut, next >= ipHeader && pos >= len(data) && cut:
			return CutOff
		case next < ipHeader, pos >= len(data):
			return AllRead
		}
		e = next
	}
	if pos >= len(data) && !cut {
		return AllRead
	}
	return CutOff
}
