// Package report holds what a repair found: the types, their JSON and its
// schema, the summary of a batch, what a check holds a capture to, and the
// difference between two reports. Package report/render shows them to people.
//
// It promises the same bytes for the same findings: sorted, without clock or
// host name. JSON keeps text that came from packets or file names, escaped;
// messages keep it as it is, so that Sanitise must make it safe to show.
package report

import (
	"net/netip"
	"time"
)

// Schema names the form of the JSON report. It is frozen from the first release
// on: fields may be added to it, and none is renamed or taken away.
const Schema = "mendcap.report/1"

// Report is all that is said of one capture. Frame numbers count packets from
// 1, as Wireshark does; times are those of the capture. A later version may add
// fields: pass over those that you don't know.
type Report struct {
	Schema      string      `json:"schema"`
	Capture     Capture     `json:"capture"`
	Check       *Checked    `json:"check,omitempty"` // of a check
	Remains     Remains     `json:"remains,omitzero"`
	Output      Output      `json:"output"`
	Tables      []Table     `json:"tables"`
	EventTrace  *EventTrace `json:"eventTrace,omitempty"` // beside the capture
	Inference   Inference   `json:"inference"`
	Order       Order       `json:"order"`
	Analysis    Analysis    `json:"analysis"`
	Findings    Findings    `json:"findings"`
	CaptureLoss CaptureLoss `json:"captureLoss"`
	Flows       Flows       `json:"flows"`
	Timeline    Timeline    `json:"timeline"`
	Damage      []Damage    `json:"damage"`
	// DamageOmitted is how many places of damage there are beyond those listed.
	DamageOmitted int64    `json:"damageOmitted,omitempty"`
	Notes         []string `json:"notes"` // limits that were met, in the order in which they were
	Origin        *Origin  `json:"origin,omitempty"`
}

// Capture describes the input.
type Capture struct {
	Name        string      `json:"name"`   // base name, or a path where captures of one run share it; "-" for standard input
	Format      string      `json:"format"` // "pcap" or "pcapng"
	Compression string      `json:"compression,omitempty"`
	Packets     int64       `json:"packets"`
	Bytes       int64       `json:"bytes"`          // captured bytes of the packets
	First       time.Time   `json:"first,omitzero"` // earliest stamp of 1990 to 2099; of all where none is
	Last        time.Time   `json:"last,omitzero"`  // latest of them
	Interfaces  []Interface `json:"interfaces"`
}

// Interface describes one interface of the input.
type Interface struct {
	Section    int    `json:"section"` // from 0
	ID         uint32 `json:"id"`      // within its section, from 0
	Name       string `json:"name,omitempty"`
	LinkType   uint16 `json:"linkType"`
	LinkName   string `json:"linkName"`   // as in tcpdump.org's list, without LINKTYPE_
	Resolution string `json:"resolution"` // "10^-6 s", "2^-10 s"
	Packets    int64  `json:"packets"`
}

// StatusOmitted is the Output's Status where no output was written, since only changed
// captures are.
const StatusOmitted = "omitted"

// Output says what was written.
type Output struct {
	Name      string `json:"name,omitempty"`      // base name; "-" for standard output
	Status    string `json:"status"`              // "written", "unchanged" where an identical file was there, or "omitted" where only changed captures are written
	Changed   bool   `json:"changed"`             // a packet was edited, moved or annotated
	Edited    int64  `json:"edited"`              // packets with a new header, time or comment
	LeftOut   int64  `json:"leftOut"`             // blocks and options that must not be copied where data changes
	Annotated int64  `json:"annotated,omitempty"` // packets that have their verdicts as comments, which alone are no edit
}

// Table says what one file of network tables gave.
type Table struct {
	Name          string `json:"name"`
	Format        string `json:"format"`
	Rows          int    `json:"rows"`          // rows understood
	Addresses     int    `json:"addresses"`     // distinct addresses in them
	NotUnderstood int    `json:"notUnderstood"` // lines that were not understood
	Cut           int    `json:"cut,omitempty"` // addresses that a tool had cut: hints, no candidates
}

// EventTrace tells how events of raw sockets, in a trace that was recorded meanwhile, were
// matched to the packets of the capture.
type EventTrace struct {
	Packets   int64       `json:"packets"`         // header-less ones whose source and length some event has
	Matched   int64       `json:"matched"`         // of them, to an event
	Unchecked int64       `json:"unchecked"`       // of those, without a checksum that agrees with it
	Clock     *TraceClock `json:"clock,omitempty"` // not there where nothing shows it; then no event is used
}

// TraceClock compares the clock of an event trace with that of the capture. The offset is
// nanoseconds.
type TraceClock struct {
	Offset  time.Duration `json:"offset"`  // by how much the trace's clock is ahead, less the usual delay of a stamp
	At      time.Time     `json:"at"`      // when the offset was that, by the capture's clock
	SkewPPB int64         `json:"skewPPB"` // how much faster it runs, parts per billion; 0 unless shown
	Samples int64         `json:"samples"` // packets and events that show it
}

// Inference counts what could be said of header-less IPv6 packets.
type Inference struct {
	Packets     int64            `json:"packets"` // header-less ones
	NextHeader  Proof            `json:"nextHeader"`
	Destination Proof            `json:"destination"`
	ByEvidence  map[string]int64 `json:"byEvidence"` // proved answers, by what carried them
	// LikelyByEvidence are those that are likely and not proved.
	LikelyByEvidence map[string]int64 `json:"likelyByEvidence,omitempty"`
	// Unanalysed are TCP packets that no connection could be found for: their
	// destination is unknown.
	Unanalysed int64 `json:"unanalysed"`
	Candidates int   `json:"candidates"` // addresses tried
	// Doubtful are flows that were left open, or decided although another
	// explanation is nearly as likely: the first ones. DoubtfulTotal counts them all.
	Doubtful      []DoubtfulFlow `json:"doubtful"`
	DoubtfulTotal int            `json:"doubtfulTotal"`
}

// DoubtfulFlow is one direction of a connection whose header was left open or
// decided narrowly.
type DoubtfulFlow struct {
	Flow     Endpoints    `json:"flow"` // "source:port > destination:port", :: where that is open
	Packets  int64        `json:"packets"`
	Answer   string       `json:"answer"` // the Next Header that was written, "" where that is open too
	Best     HeaderChoice `json:"best"`
	RunnerUp HeaderChoice `json:"runnerUp"`
	// Candidates are all explanations, the likeliest first, where several addresses
	// fit and none is proved: at most 64.
	Candidates        []HeaderChoice `json:"candidates,omitempty"`
	CandidatesOmitted int            `json:"candidatesOmitted,omitempty"` // further ones, not in Candidates
}

// HeaderChoice is one explanation of a flow with its probability, given all
// that the capture and the tables say.
type HeaderChoice struct {
	NextHeader  string     `json:"nextHeader"`
	Destination netip.Addr `json:"destination"` // "::" means none of the addresses known
	Posterior   float64    `json:"posterior"`
	Evidence    string     `json:"evidence,omitempty"` // its name, as in Inference.ByEvidence
}

// Proof counts where one field comes from; the four add up to the packets. What
// the user states counts as captured.
type Proof struct {
	Proved     int64 `json:"proved"`
	Likely     int64 `json:"likely"` // filled in, and not proved
	AsCaptured int64 `json:"asCaptured"`
	Unknown    int64 `json:"unknown"`
}

// Order says what was wrong with the order, and what was done.
type Order struct {
	Basis          string          `json:"basis"`    // "file" or "stamps"
	Vantage        string          `json:"vantage"`  // how the capturing host is known, or "unproven"
	Local          []netip.Addr    `json:"local"`    // addresses of the capturing host
	Moved          int64           `json:"moved"`    // packets that have another place or time
	MaxShift       time.Duration   `json:"maxShift"` // largest change of a time, nanoseconds
	ByLaw          map[LawName]Law `json:"byLaw"`
	Unrepaired     int64           `json:"unrepaired"` // violations left as they are
	TimeScales     TimeScales      `json:"timeScales"`
	ShiftLimit     time.Duration   `json:"shiftLimit"` // nanoseconds: no packet moves by more
	Disturbance    Disturbance     `json:"disturbance"`
	Uncertainty    Uncertainty     `json:"uncertainty"`
	Displacement   []Displacement  `json:"displacement"`   // of the packets moved, by how far
	Clocks         []Clock         `json:"clocks"`         // of the interfaces with packets, but for the one they are compared with
	RepairedBefore bool            `json:"repairedBefore"` // an earlier repair by mendcap had put the capture in order
	AsRecorded     AsRecorded      `json:"asRecorded,omitzero"`
}

// AsRecorded counts the TCP connections whose packets were left as recorded,
// whatever the laws say of them.
type AsRecorded struct {
	FlagsWouldRise int64 `json:"flagsWouldRise"` // in order they would have more flags
	BothEnds       int64 `json:"bothEnds"`       // packets are outbound in both directions: two vantage points
	Copied         int64 `json:"copied"`         // each packet is there again a little later
	Repeated       int64 `json:"repeated"`       // packets are there again with their stamps: files that overlap
	WholeCapture   bool  `json:"wholeCapture"`   // the whole capture was left so: flags rose again and again
}

// Disturbance is what the capture shows of how taking it has disturbed the
// order, and of what order can be told by.
type Disturbance struct {
	IPID                 string `json:"ipid"`                 // how the host numbers IPv4 packets: "none", "per flow", "global"
	Copies               bool   `json:"copies"`               // a second observation point shows packets twice
	EarlyResponses       bool   `json:"earlyResponses"`       // responses were recorded before their causes: the laws window, tsecr and round-trip may act
	SwappedPackets       bool   `json:"swappedPackets"`       // packets of one sender were swapped: the laws in-* and *-nxt may act
	ClockSteps           int64  `json:"clockSteps"`           // times that stamps go back by more than any jitter: the clock was set, or files were appended
	OtherBasisViolations int64  `json:"otherBasisViolations"` // violations in the order that was not taken as basis
}

// Clock compares the clock of one interface with that of another, the
// reference. Interfaces are counted from 0 over the whole capture; durations
// are nanoseconds.
type Clock struct {
	Interface          int           `json:"interface"`
	Reference          int           `json:"reference"`
	State              string        `json:"state"`
	Offset             time.Duration `json:"offset"`          // by how much the interface's clock is ahead
	Bound              string        `json:"bound,omitempty"` // one-sided: the offset is "at least" or "at most" that
	Uncertainty        time.Duration `json:"uncertainty"`     // of the offset, at any time of the capture
	At                 time.Time     `json:"at,omitzero"`     // when the offset was that
	SkewPPB            int64         `json:"skewPPB"`         // how much faster it runs, parts per billion; 0 unless shown
	SkewUncertaintyPPB int64         `json:"skewUncertaintyPPB"`
	Samples            int64         `json:"samples"` // answers on one of the two to what was seen on the other
}

// The states of a Clock.
const (
	ClockAligned   = "aligned"   // one clock explains all samples
	ClockDiffers   = "differs"   // none does; the stamps are as recorded
	ClockCorrected = "corrected" // it differed, and the stamps were corrected
	ClockOneSided  = "one-sided" // samples in one direction only: the offset is a bound
	ClockUnknown   = "unknown"   // too few samples, or they contradict each other
)

// Uncertainty is the distribution of the intervals in which the packets can
// have happened: after their latest predecessor, before their stamp and their
// earliest successor. Widths in nanoseconds, rounded up to an eighth of their
// power of two.
type Uncertainty struct {
	Median time.Duration `json:"median"`
	P90    time.Duration `json:"p90"`
	P99    time.Duration `json:"p99"`
	Max    time.Duration `json:"max"`
}

// LawName is the name of a law of order: that of a Law of package reorder, or, in a
// report of another version, a name that this one does not know.
type LawName string

// Law counts what one law met.
type Law struct {
	Violations int64 `json:"violations"` // in the basis, explained ones excluded
	Explained  int64 `json:"explained"`  // by a drop of the capture
	Moved      int64 `json:"moved"`      // packets that it placed
	Unrepaired int64 `json:"unrepaired"` // beyond the limit of shifts, in a cycle, or out of the window
}

// TimeScales are what was estimated of this capture's clock and jitter, nanoseconds.
type TimeScales struct {
	Tick         time.Duration `json:"tick"`
	ThreadJitter time.Duration `json:"threadJitter"`
	QueueJitter  time.Duration `json:"queueJitter"`
}

// Analysis counts analyser's flags by their Wireshark names, every name
// present. Before is the input in file order with the headers of the output.
type Analysis struct {
	Segments int64 `json:"segments"` // TCP packets that were analysed
	// AsIs are those of the input without the headers and the lengths that were filled in;
	// nil where it lacks none, since Before counts the same, or where they were not counted.
	AsIs   map[string]int64 `json:"asIs,omitempty"`
	Before map[string]int64 `json:"before"` // of the input in recorded order, with headers filled in as in the output
	After  map[string]int64 `json:"after"`  // of the output
	// NotRead counts packets that may hold TCP and were not analysed, by the reason:
	// "fragment" (of which others are missing), "cut" (or malformed), "hidden" (encrypted or
	// compressed), "unknown" (a tunnel that is not read), "nested" (more tunnels inside one
	// another than are looked into), "link" (a link type that is not read) and "header" (a
	// missing header that could not be inferred).
	NotRead map[string]int64 `json:"notRead,omitempty"`
}

// Findings are the findings in order of their frame, and the count of those beyond
// the limit: what was repaired is left out before what remains. The counts cover all.
type Findings struct {
	Total     int64             `json:"total"`
	Omitted   int64             `json:"omitted"`          // not in List
	Events    int64             `json:"events,omitempty"` // that those which remain belong to
	ByVerdict map[Verdict]int64 `json:"byVerdict"`
	List      []Finding         `json:"list"`
}

// Finding is one flag of the analyser, or one violated law, and what it was.
type Finding struct {
	Frame      int64     `json:"frame"`            // in the input
	FrameAfter int64     `json:"frameAfter"`       // in the output
	Time       time.Time `json:"time"`             // as repaired
	Flow       Endpoints `json:"flow"`             // "source:port > destination:port"
	Flag       string    `json:"flag"`             // Wireshark's name without "tcp.analysis."; "" for a law without a flag
	Verdict    Verdict   `json:"verdict"`          // one of Verdicts
	Detail     string    `json:"detail,omitempty"` // of Loss and Duplicate, and the reason of a Discard
	Repaired   bool      `json:"repaired"`
	Law        LawName   `json:"law,omitempty"` // that moved the packet, or that stayed violated
	Sequence   *Range    `json:"sequence,omitempty"`
	Evidence   string    `json:"evidence"` // in words; frames in it are those of the input
	// Event is the number of the event that it belongs to, counted from 1 through the
	// capture: findings about one range of missing bytes are one event. It is 0 of an
	// artefact, which did not happen, and in reports of versions without events.
	Event int64 `json:"event,omitempty"`
}

// Range is a half-open span of sequence numbers.
type Range struct {
	Left  uint32 `json:"left"`
	Right uint32 `json:"right"`
}

// Damage is something broken in the input.
type Damage struct {
	Frame  int64  `json:"frame"`            // last whole frame before it; 0 = none, -1 = not known
	Offset int64  `json:"offset"`           // bytes, in the decompressed file
	Length int64  `json:"length"`           // bytes; 0 where something is missing, or the rest can't be known
	Mended bool   `json:"mended,omitempty"` // the bytes were corrected and used; else they were passed over
	What   string `json:"what"`
}
