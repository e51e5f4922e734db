package report

import "time"

// Flows are the TCP connections with most to say, worst first: by findings that
// remain and are not Genuine, then by packets moved, then by flags. The rest is counted.
type Flows struct {
	Total   int64  `json:"total"`   // connections seen
	Omitted int64  `json:"omitted"` // not in List
	List    []Flow `json:"list"`
}

// Flow is one connection.
type Flow struct {
	Name      string            `json:"name"` // "address:port <> address:port", the client first where it is known
	Protocol  string            `json:"protocol"`
	Packets   int64             `json:"packets"`
	Bytes     int64             `json:"bytes"` // payload
	Moved     int64             `json:"moved"`
	First     time.Time         `json:"first"`
	Last      time.Time         `json:"last"`
	ByVerdict map[Verdict]int64 `json:"byVerdict"`
	Before    int64             `json:"before"` // flags in the input in recorded order, with headers filled in
	After     int64             `json:"after"`  // flags in the output
	Graph     *Graph            `json:"graph,omitempty"`
}

// Graph is a time-sequence picture of one direction of a connection, the one
// that carried more data. Its points are the stretch of the connection that has
// most to show, in the order of the output; sequence numbers are relative to
// the first one seen. It is missing where a connection has nothing to show.
type Graph struct {
	Direction Endpoints `json:"direction"` // "source > destination"
	Skipped   int64     `json:"skipped"`   // packets of the connection before those of the picture
	Omitted   int64     `json:"omitted"`   // all packets of the connection that have no point
	Points    []Point   `json:"points"`
}

// Point is one packet of a Graph. Times are nanoseconds since the
// connection's first packet.
type Point struct {
	Frame      int64      `json:"frame"`      // in the input
	FrameAfter int64      `json:"frameAfter"` // in the output
	Before     int64      `json:"before"`     // time as recorded
	After      int64      `json:"after"`      // time as repaired
	Kind       string     `json:"kind"`       // "data" or "ack"
	Left       int64      `json:"left"`       // data: its first byte; ack: what it acknowledges
	Right      int64      `json:"right"`      // data: after its last byte; ack: the window's right edge, 0 where its scale is unknown
	SACK       [][2]int64 `json:"sack,omitempty"`
	Moved      bool       `json:"moved,omitempty"`
	Flags      []string   `json:"flags,omitempty"`    // of the analyser, before or after
	Verdicts   []Verdict  `json:"verdicts,omitempty"` // of its findings
}

// Displacement is one step of the histogram of how far packets were moved.
type Displacement struct {
	UpTo    time.Duration `json:"upTo"` // nanoseconds, inclusive
	Packets int64         `json:"packets"`
}

// Timeline counts packets and findings in equal intervals of the capture's
// time, as repaired. All lists have one number for each interval.
type Timeline struct {
	Start     time.Time           `json:"start,omitzero"`
	Width     time.Duration       `json:"width"` // nanoseconds; 0 without times
	Packets   []int64             `json:"packets"`
	Moved     []int64             `json:"moved"`
	ByVerdict map[Verdict][]int64 `json:"byVerdict"` // of the verdicts that occur
}
