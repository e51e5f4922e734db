package report

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
)

// explained is one explanation of each kind, with text that a terminal must not
// see as it is.
func explained() *Explanations {
	at := time.Date(2026, 3, 1, 23, 59, 50, 123456000, time.UTC)
	segment := func(seq, length, ack uint32, bits ...string) *ExplainedTCP {
		return &ExplainedTCP{Bits: bits, Seq: 4e9 + seq, Ack: 1e9 + ack, Relative: Range{seq, seq + length},
			RelativeAck: ack, Acks: slices.Contains(bits, "ACK"), Len: length}
	}
	const flow = "[2001:db8::1]:443 > [2001:db8::10]:49152"
	late := Explanation{
		Frame: 82, FrameAfter: 79, Protocol: "TCP", Flow: flow, Segment: segment(1001, 1000, 1, "PSH", "ACK"),
		Header: ExplainedHeader{
			Form: FormSockaddr, NextHeader: ExplainedField{"6 (TCP)", "inferred"}, Destination: ExplainedField{"2001:db8::10", "inferred"},
			Evidence: "connection-table", ChecksumVerified: true, Synthesised: "traffic class 0, flow label 0, hop limit 64",
		},
		Place: ExplainedPlace{
			Why: WhyMoved, Law: "ack", Recorded: at, Time: at.Add(-time.Millisecond), Shift: time.Millisecond, TimeFrom: 79,
			Earliest: at.Add(-3250 * time.Microsecond), Latest: at.Add(-time.Millisecond),
		},
		Causes: []Neighbour{{Frame: 78, Law: "out-seq"}, {Frame: 70, Law: "out-seq"}},
		Followers: []Neighbour{
			{Frame: 79, Law: "ack", Broken: true, Repaired: true, Segment: segment(1, 0, 2001, "ACK")},
			{Frame: 60, Law: "tsecr", Broken: true},
			{Frame: 91, Law: "of the future"},
		},
		More:  true,
		Flags: []ExplainedFlag{{Flag: "out_of_order", Before: true, Verdict: Artefact, Evidence: "recorded late"}},
	}
	response := Explanation{
		Frame: 79, FrameAfter: 80, Protocol: "TCP", Flow: flow, Segment: segment(1, 0, 2001, "ACK"),
		Header: ExplainedHeader{Form: FormWhole},
		Place:  ExplainedPlace{Why: WhyInOrder, Recorded: at.Add(-time.Millisecond), Time: at.Add(-time.Millisecond), Earliest: at.Add(-2 * time.Millisecond), Latest: at},
		Causes: []Neighbour{{Frame: 82, Law: "ack", Broken: true, Repaired: true, Segment: segment(1001, 1000, 1, "ACK")}},
		Flags:  []ExplainedFlag{{Flag: "duplicate_ack", Before: true, After: true, Verdict: Genuine, Evidence: "hole open\x07"}},
	}
	unknown := Explanation{
		Frame: 90, FrameAfter: 90, Protocol: "unknown protocol", Flow: "2001:db8::5 > ::\x1b[2J",
		Header: ExplainedHeader{
			Form: FormStub, NextHeader: ExplainedField{"255", "unknown"}, Destination: ExplainedField{"::", "unknown"},
			Candidates: []ExplainedCandidate{
				{"6 (TCP)", "2001:db8::10", 0.51, "seen-in-capture"}, {"17 (UDP)", "2001:db8::11", 0.43, ""},
			},
			Synthesised: "nothing",
		},
		Place: ExplainedPlace{Why: WhyNoTime},
	}
	return &Explanations{
		Capture: "office.pcapng", Basis: "file", Gate: 3150 * time.Microsecond,
		Frames: []Explanation{response, late, unknown}, Damage: []Damage{{Frame: 90, Offset: 99, What: "cut"}},
	}
}

func TestExplanationsGolden(t *testing.T) {
	for file, width := range map[string]int{"explain-80.txt": 80, "explain-50.txt": 50} {
		var buf bytes.Buffer
		if err := explained().WriteTerminal(&buf, width); err != nil {
			t.Fatal(err)
		}
		golden(t, file, buf.Bytes())
		checkLines(t, file, buf.String(), width)
	}
	var buf bytes.Buffer
	if err := explained().WriteJSON(&buf); err != nil {
		t.Fatal(err)
	}
	golden(t, "explain.json", buf.Bytes())
}

func TestExplanationsJSON(t *testing.T) {
	var buf bytes.Buffer
	if err := explained().WriteJSON(&buf); err != nil {
		t.Fatal(err)
	}
	var x Explanations
	if err := json.Unmarshal(buf.Bytes(), &x); err != nil {
		t.Fatal(err)
	}
	if x.Schema != ExplainSchema || x.Capture != "office.pcapng" || len(x.Frames) != 3 || len(x.Damage) != 1 {
		t.Errorf("explanations: got %q of %q, %d frames, %d damages; want schema, name, 3 and 1", x.Schema, x.Capture, len(x.Frames), len(x.Damage))
	}
	e := &x.Frames[1]
	if e.Place.Law != "ack" || e.Place.Shift != time.Millisecond || e.Place.TimeFrom != 79 || e.Followers[0].Segment.Ack != 1e9+2001 {
		t.Errorf("frame 82: got %+v and ACK %d, want what went in", e.Place, e.Followers[0].Segment.Ack)
	}
	if len(e.Text.Order) == 0 || !strings.Contains(e.Text.Order[0], "recorded 1 ms late") {
		t.Errorf("text: got %q, want the sentences", e.Text.Order)
	}
	for _, absent := range []string{": null", "0001-01-01"} {
		if strings.Contains(buf.String(), absent) {
			t.Errorf("JSON: got %q in it, want no such value", absent)
		}
	}
	buf.Reset()
	if err := new(Explanations).WriteJSON(&buf); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(buf.String(), `"frames": []`) || !strings.Contains(buf.String(), `"damage": []`) {
		t.Errorf("JSON of nothing: got %s, want empty lists", buf.String())
	}
}

// Each law says with its own numbers why a frame came before another one.
func TestReasons(t *testing.T) {
	number := func(n uint32) *uint32 { return &n }
	data := &ExplainedTCP{Bits: []string{"ACK"}, Relative: Range{1001, 2001}, RelativeAck: 7, Acks: true, Len: 1000, TSval: number(50)}
	for _, c := range []struct {
		law        string
		own, other *ExplainedTCP
		want       string
	}{
		{"ack", data, &ExplainedTCP{Acks: true, RelativeAck: 2001}, "frame 9 acknowledges its bytes 1001-2000"},
		{"ack", data, &ExplainedTCP{Acks: true, RelativeAck: 9001}, "frame 9 acknowledges its bytes 1001-2000"},
		{"ack", data, &ExplainedTCP{Acks: true, RelativeAck: 1501}, "frame 9 acknowledges its bytes 1001-1500"},
		{"ack", &ExplainedTCP{Relative: Range{7, 8}, Len: 1}, &ExplainedTCP{Acks: true, RelativeAck: 8}, "frame 9 acknowledges its byte 7"},
		{"ack", &ExplainedTCP{Bits: []string{"FIN"}, Relative: Range{7, 8}}, &ExplainedTCP{Acks: true, RelativeAck: 8}, "frame 9 acknowledges its FIN"},
		{"handshake", &ExplainedTCP{Bits: []string{"SYN"}, Relative: Range{0, 1}}, &ExplainedTCP{Acks: true, RelativeAck: 1}, "frame 9 acknowledges its SYN"},
		{"handshake", &ExplainedTCP{Bits: []string{"SYN"}, Relative: Range{0, 1}}, &ExplainedTCP{Relative: Range{1, 5}}, "frame 9 is one of the connection that its SYN opens"},
		{"ack", &ExplainedTCP{Bits: []string{"SYN"}, Relative: Range{0, 6}, Len: 5}, &ExplainedTCP{Acks: true, RelativeAck: 4}, "frame 9 acknowledges its bytes 1-3"},
		{"sack", data, &ExplainedTCP{Sack: []Range{{5001, 6001}, {1001, 3001}}}, "frame 9 reports its bytes 1001-2000 as received, in the SACK block 1001-3000"},
		{"out-ack", data, &ExplainedTCP{RelativeAck: 12}, "its ACK number is 7, that of frame 9 from the same sender is 12, and a sender's ACK number never falls"},
		{"out-tsval", data, &ExplainedTCP{TSval: number(60)}, "its TSval is 50, that of frame 9 from the same sender is 60, and a sender's clock never runs back"},
		{"out-seq", data, &ExplainedTCP{Relative: Range{2001, 3001}, Len: 1000}, "it holds bytes 1001-2000, frame 9 holds bytes 2001-3000 of the same stream, and a sender does not skip ahead"},
		{"out-seq", data, &ExplainedTCP{Bits: []string{"FIN"}, Relative: Range{2001, 2002}}, "it holds bytes 1001-2000, frame 9 holds the FIN at 2001 of the same stream, and a sender does not skip ahead"},
		{"tsecr", data, &ExplainedTCP{TSecr: number(50)}, "frame 9 echoes the timestamp 50, which its sender can have from it only"},
		{"window", data, &ExplainedTCP{Relative: Range{5001, 6001}, Len: 1000}, "frame 9 sends bytes up to 6000, and it takes the window that this one offers to do so"},
		{"out-nxt", data, &ExplainedTCP{Relative: Range{2001, 2001}}, "a bare ACK bears the sequence number that its sender would send next, which is 1001 here and 2001 in frame 9"},
		{"not-yet", &ExplainedTCP{RelativeAck: 1001}, data, "it acknowledges up to 1001, and where a host talks to itself it would acknowledge what frame 9 holds, bytes 1001-2000, had that been sent"},
		{"arrival", &ExplainedTCP{RelativeAck: 501}, data, "it tells what the host had received, and does not report what frame 9 holds, bytes 1001-2000"},
		{"in-turn", data, data, "one reader takes each sender's packets from the queue in turn"},
		{"dns", nil, nil, "frame 9 is one with the answer to it"},
		{"quote", nil, nil, "frame 9 is one where an error quotes it"},
		{"of the future", nil, nil, "that law puts it before frame 9"},
		{"tsecr", data, &ExplainedTCP{}, "frame 9 is one where its timestamp is echoed"},
	} {
		e := &Explanation{Frame: 12, Segment: c.own}
		if got := e.reason(&Neighbour{Frame: 9, Law: c.law, Segment: c.other}); got != c.want {
			t.Errorf("law %s: got %q, want %q", c.law, got, c.want)
		}
	}
}

// Whatever the reason, it is told in one sentence that names the frame.
func TestEveryReasonForAPlaceIsTold(t *testing.T) {
	x := &Explanations{Gate: time.Millisecond}
	seen := make(map[string]string)
	for _, why := range []string{
		WhyMoved, WhySorted, WhyInOrder, WhyNotInDoubt, WhyNothingBroken, WhyDrop, WhyBeyondGate, WhyContradiction,
		WhyOutOfWindow, WhyPlacedBefore, WhyFlagsWouldRise, WhySeenTwice, WhyNoTCP, WhyNotFollowed, WhyNoTime,
	} {
		e := &Explanation{Frame: 12, Place: ExplainedPlace{Why: why, Law: "ack"}}
		said := e.orderSentences(x)
		if len(said) != 1 || !strings.HasPrefix(said[0], "Frame 12 ") || !strings.HasSuffix(said[0], ".") {
			t.Errorf("%s: got %q, want one sentence about frame 12", why, said)
			continue
		}
		if other, ok := seen[said[0]]; ok {
			t.Errorf("%s: got the same sentence as for %s", why, other)
		}
		seen[said[0]] = why
	}
}
