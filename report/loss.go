package report

import "time"

// CaptureLoss estimates what the capture missed: bytes that one end
// acknowledged and that were never seen. A direction of a connection that was
// not recorded at all counts for nothing here.
type CaptureLoss struct {
	Directions []DirectionLoss `json:"directions"` // in, out; of an unproven vantage "both"
	Timeline   []LossBin       `json:"timeline"`   // intervals with a gap, the first of them
	Omitted    int64           `json:"omitted"`    // intervals with a gap that Timeline leaves out
	Overflows  []Overflow      `json:"overflows"`  // gaps in several connections at once
	// OverflowsOmitted is how many Overflows leaves out.
	OverflowsOmitted int64       `json:"overflowsOmitted"`
	DropCounts       []DropCount `json:"dropCounts"` // those that the file states
}

// DirectionLoss is the estimate for the packets of one direction.
type DirectionLoss struct {
	Direction    string `json:"direction"`            // "in", "out", "both"
	AckedBytes   int64  `json:"ackedBytes"`           // that could be judged
	MissedBytes  int64  `json:"missedBytes"`          // of them, never seen
	GapEvents    int64  `json:"gapEvents"`            // runs of missed bytes
	PacketsLeast int64  `json:"packetsLeast"`         // missed packets with payload, from
	PacketsMost  int64  `json:"packetsMost"`          // to
	RatePPM      int64  `json:"ratePPM"`              // MissedBytes of AckedBytes, parts per million
	LowPPM       int64  `json:"lowPPM"`               // 95 % interval of the rate
	HighPPM      int64  `json:"highPPM"`              // of the rate
	NoEstimate   string `json:"noEstimate,omitempty"` // why there is no estimate; the rates are 0 then
	Connections  int64  `json:"connections"`          // that were judged
	OneSided     int64  `json:"oneSidedConnections"`  // of which one direction was never seen
	MedianBytes  int64  `json:"medianBytes"`          // payload of a data packet of this direction
}

// LossBin is one interval of 100 ms with missed bytes.
type LossBin struct {
	Start       time.Time `json:"start"`
	Direction   string    `json:"direction"`
	MissedBytes int64     `json:"missedBytes"`
	AckedBytes  int64     `json:"ackedBytes"`
}

// Overflow is one time at which the socket's buffer was full: gaps in two or
// more connections inside one gap of the record.
type Overflow struct {
	Start       time.Time     `json:"start"`
	Span        time.Duration `json:"span"` // nanoseconds
	Connections int           `json:"connections"`
	MissedBytes int64         `json:"missedBytes"`
	Frame       int64         `json:"frame"` // in the output, the first after it
}

// DropCount is a drop count that the file states.
type DropCount struct {
	Interface int    `json:"interface"` // counted from 0 over the whole capture
	Source    string `json:"source"`    // "isb_ifdrop", "isb_osdrop", "epb_dropcount"
	Packets   int64  `json:"packets"`
}
