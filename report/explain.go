package report

import (
	"cmp"
	"io"
	"net/netip"
	"reflect"
	"time"
)

// ExplainSchema names the form of the JSON explanations.
const ExplainSchema = "mendcap.explain/1"

// Explanations say of some frames of one capture what a repair does to them,
// and why.
type Explanations struct {
	Schema     string            `json:"schema"`
	Capture    string            `json:"capture"`           // base name; "-" for standard input
	Basis      string            `json:"basis"`             // the order that repair begins with: "file" or "stamps"
	ShiftLimit time.Duration     `json:"shiftLimit"`        // nanoseconds: no packet moves by more
	Frames     []Explanation     `json:"frames"`            // in the order of the input; with Remains the worst first
	Remains    *ExplainedRemains `json:"remains,omitempty"` // where no frames were asked for
	Damage     []Damage          `json:"damage"`
}

// ExplainedRemains says how much a repair leaves of the findings. The frames that are
// explained then are those of the worst, of each kind some.
type ExplainedRemains struct {
	Findings  int64             `json:"findings"`
	More      int64             `json:"more"` // of them, on frames that are not explained
	ByVerdict map[Verdict]int64 `json:"byVerdict"`
}

// Explanation is what is known of one frame. Frame numbers count packets from
// 1; where nothing else is said they are those of the input.
type Explanation struct {
	Frame      int64              `json:"frame"`
	Taken      int64              `json:"taken,omitempty"`   // its number among the packets that are in the output too, where frames are left out
	FrameAfter int64              `json:"frameAfter"`        // in the output
	Protocol   string             `json:"protocol"`          // "TCP", "58 (ICMPv6)"; "" without IP
	Flow       Endpoints          `json:"flow"`              // "source:port > destination:port"; "" without IP
	Segment    *ExplainedTCP      `json:"segment,omitempty"` // of TCP that can be followed
	Header     ExplainedHeader    `json:"header"`
	Place      ExplainedPlace     `json:"place"`
	Causes     []Relation         `json:"causes"`             // what must come before it, the nearest
	Followers  []Relation         `json:"followers"`          // what must come after it, the nearest
	More       bool               `json:"more"`               // there are more of them, farther away
	Flags      []ExplainedFlag    `json:"flags"`              // of the analyser, before or after
	Comments   []ExplainedComment `json:"comments,omitempty"` // mendcap's in the input, by which an earlier repair says what it did; at most 16
	Text       ExplainedInWords   `json:"text"`
}

// ExplainedTCP holds the numbers of a segment that laws compare. Relative ones
// are counted from the initial sequence numbers, as Wireshark shows them.
type ExplainedTCP struct {
	Bits        []string `json:"bits"`           // names of the control bits that are set
	Seq         uint32   `json:"seq"`            // on the wire
	Ack         uint32   `json:"ack"`            // on the wire
	Relative    Range    `json:"relative"`       // place in the stream, SYN and FIN counted
	RelativeAck uint32   `json:"relativeAck"`    // where the bit ACK is set
	Acks        bool     `json:"acks"`           // the ACK number counts for order; that of an RST doesn't
	Len         uint32   `json:"len"`            // payload, bytes
	Sack        []Range  `json:"sack,omitempty"` // relative; a D-SACK is among them
	TSval       *uint32  `json:"tsval,omitempty"`
	TSecr       *uint32  `json:"tsecr,omitempty"`
}

// ExplainedHeader says what was inferred of an IP header.
type ExplainedHeader struct {
	Form              string               `json:"form"` // one of the Form constants
	NextHeader        ExplainedField       `json:"nextHeader,omitzero"`
	Destination       ExplainedField       `json:"destination,omitzero"`
	Evidence          string               `json:"evidence,omitempty"`  // its name, as in Inference.ByEvidence
	Posterior         float64              `json:"posterior,omitempty"` // probability of a destination that is likely
	ChecksumVerified  bool                 `json:"checksumVerified"`
	Offloaded         bool                 `json:"offloaded,omitempty"`         // the field holds the pseudo-header's sum, and that fits
	Candidates        []ExplainedCandidate `json:"candidates,omitempty"`        // where something stayed unknown, or several addresses fit and none is proved; at most 64
	CandidatesOmitted int                  `json:"candidatesOmitted,omitempty"` // further ones, not in Candidates
	Synthesised       string               `json:"synthesised,omitempty"`       // fields that no evidence gave
}

// The forms in which an IP header is recorded.
const (
	FormWhole        = "whole"         // as it was on the wire
	FormStub         = "stub"          // made up by the sniffer, without destination
	FormSockaddr     = "sockaddr"      // a socket address instead of it
	FormSockaddrIPv4 = "sockaddr-ipv4" // a socket address before a whole IPv4 packet
	FormMended       = "mended"        // filled in by an earlier repair
	FormNone         = "none"          // no IP packet could be made out
)

// ExplainedField is one field of a header that was not captured as a whole.
type ExplainedField struct {
	Value  string `json:"value"`
	Origin string `json:"origin"` // "inferred" (proved), "likely", "as captured", "as stated", "unknown"
}

// ExplainedCandidate is an answer that could not be told from others.
type ExplainedCandidate struct {
	NextHeader  string     `json:"nextHeader"`
	Destination netip.Addr `json:"destination"`
	Posterior   float64    `json:"posterior"` // probability
	Evidence    string     `json:"evidence"`
}

// ExplainedPlace says where a frame belongs, and why there.
type ExplainedPlace struct {
	Why       string        `json:"why"`                // one of the Why constants
	Law       LawName       `json:"law,omitempty"`      // that moved it, or that stays violated
	Recorded  time.Time     `json:"recorded,omitzero"`  // zero without a time
	Corrected time.Time     `json:"corrected,omitzero"` // recorded, by the clock of the reference interface
	Time      time.Time     `json:"time,omitzero"`      // as repaired
	Shift     time.Duration `json:"shift"`              // by which it is earlier, nanoseconds
	TimeFrom  int64         `json:"timeFrom,omitempty"` // frame whose time it takes, if that is another
	// It happened between these, as far as can be known.
	Earliest time.Time `json:"earliest,omitzero"`
	Latest   time.Time `json:"latest,omitzero"`
}

// The reasons for which a frame moves, or stays.
const (
	WhyMoved          = "moved"            // a law moved it
	WhySorted         = "sorted"           // its stamp put it elsewhere, since stamps are the basis
	WhyInOrder        = "in-order"         // laws were looked at, and none asks for another place
	WhyNotInDoubt     = "not-in-doubt"     // no law was in doubt around it
	WhyNothingBroken  = "nothing-broken"   // no law is broken in the whole capture
	WhyDrop           = "drop"             // it looks late, but a drop of the capture explains it
	WhyBeyondLimit    = "beyond-limit"     // a law asks for a larger shift than the limit
	WhyContradiction  = "contradiction"    // the laws around it contradict each other
	WhyOutOfWindow    = "out-of-window"    // what it should come before had already left the window
	WhyRepairedBefore = "repaired-before"  // an earlier repair has put it in order
	WhyFlagsWouldRise = "flags-would-rise" // its connection is left as recorded: in order it would have more flags
	WhySeenTwice      = "seen-twice"       // its connection is left as recorded: the capture shows it more than once
	WhyFragments      = "fragments"        // it was put together of fragments, of which a law would move one alone
	WhyNoTCP          = "no-tcp"           // no law speaks of it
	WhyNotFollowed    = "not-followed"     // TCP, but of no connection that could be followed
	WhyNoTime         = "no-recorded-time" // it has no stamp to compare
)

// Relation is one constraint between a frame and another one.
type Relation struct {
	Frame    int64         `json:"frame"`
	Law      LawName       `json:"law"`
	Broken   bool          `json:"broken"`   // the capture has them the other way round
	Repaired bool          `json:"repaired"` // broken, and satisfied in the output
	Segment  *ExplainedTCP `json:"segment,omitempty"`
}

// ExplainedFlag is one flag of the analyser, and what it was.
type ExplainedFlag struct {
	Flag     string  `json:"flag"` // Wireshark's name without "tcp.analysis."; "" for a law without a flag, and a packet that was dropped
	Before   bool    `json:"before"`
	After    bool    `json:"after"`
	Verdict  Verdict `json:"verdict"`
	Detail   string  `json:"detail,omitempty"` // of Loss and Duplicate, and the reason of a Discard
	Evidence string  `json:"evidence"`
	Event    int64   `json:"event,omitempty"` // that it belongs to, as Finding.Event has it
}

// ExplainedComment is one of mendcap's comments on a packet. Of what it says nothing is
// checked: anybody may have written it. What comes after Text is there where the comment
// says how the packet was moved, or what a flag of it was.
type ExplainedComment struct {
	Text     string        `json:"text"`              // without "mendcap: " before it; at most 2 KiB, and not sanitised
	Frame    int64         `json:"frame,omitempty"`   // its number in the input of that repair, where it was moved
	Law      LawName       `json:"law,omitempty"`     // that moved it
	Shift    time.Duration `json:"shift,omitempty"`   // by which it got earlier, nanoseconds; 0 within one tick
	Recorded time.Time     `json:"recorded,omitzero"` // before that
	Verdict  Verdict       `json:"verdict,omitempty"`
	Detail   string        `json:"detail,omitempty"` // of Loss and Duplicate
	About    string        `json:"about,omitempty"`  // the flags that the verdict is about
	Evidence string        `json:"evidence,omitempty"`
}

// ExplainedInWords is an explanation in sentences, which repair.Explain fills in.
type ExplainedInWords struct {
	Header []string `json:"header"`
	Order  []string `json:"order"`
	Laws   []string `json:"laws"`
	Flags  []string `json:"flags"`
}

// WriteJSON writes the explanations as indented JSON with a closing line feed.
// As in a report nil lists become empty ones, and what is not printable is
// escaped.
func (x *Explanations) WriteJSON(w io.Writer) error {
	return writeJSON(w, x.filled())
}

// filled returns a copy of x without nil lists.
func (x *Explanations) filled() Explanations {
	c := *x
	c.Schema = cmp.Or(c.Schema, ExplainSchema)
	c.Frames = filledList(c.Frames)
	fill(reflect.ValueOf(&c).Elem())
	return c
}
