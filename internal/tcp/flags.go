package tcp

// Analysis is a set of the flags that Wireshark 4.0 gives a segment
// (tcp.analysis.*).
type Analysis uint32

// The flags, in the order in which they are listed everywhere.
const (
	Retransmission Analysis = 1 << iota
	FastRetransmission
	SpuriousRetransmission
	OutOfOrder
	LostSegment
	AckLostSegment
	DuplicateAck
	KeepAlive
	KeepAliveAck
	WindowFull
	WindowUpdate
	ZeroWindow
	ZeroWindowProbe
	ZeroWindowProbeAck
	ReusedPorts
	DuplicateSACK // not of tcp.analysis.*: Wireshark has it among the options

	analysisEnd // one past the last flag
)

var analysisNames = [...]string{
	"retransmission", "fast_retransmission", "spurious_retransmission",
	"out_of_order", "lost_segment", "ack_lost_segment", "duplicate_ack",
	"keep_alive", "keep_alive_ack", "window_full", "window_update",
	"zero_window", "zero_window_probe", "zero_window_probe_ack", "reused_ports", "dsack",
}

// Names returns the flags' names as in Wireshark's filters, without
// "tcp.analysis." or "tcp.options.sack.".
func (a Analysis) Names() []string {
	var names []string
	for i, name := range analysisNames {
		if a&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return names
}

// AnalysisNames lists all flags' names in their order.
func AnalysisNames() []string { return analysisNames[:] }
