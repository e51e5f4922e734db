package capture

import (
	"bytes"
)

// Recognised reports whether a decompressed file that starts with head is a
// pcap or pcapng capture; 24 bytes tell.
func Recognised(head []byte) bool {
	head = head[:min(len(head), SniffLen)]
	return NewPcap(head) != nil || bytes.HasPrefix(head, []byte("\n\r\r\n"))
}
