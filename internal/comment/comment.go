// Package comment holds the words by which mendcap's comments on packets are
// recognised and filtered, and a profile for Wireshark that shows what they say.
package comment

// Mark begins each of mendcap's comments.
const Mark = "mendcap: "

// The words of which one follows the Mark in a comment on a packet.
const (
	Moved    = "moved"
	Inferred = "inferred"
	Unknown  = "unknown"
	Likely   = "likely"
	Clock    = "clock"
	Left     = "left"
	Sockaddr = "sockaddr"
)
