package render

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mendcap/mendcap/internal/lab/golden"
	"github.com/mendcap/mendcap/reorder"
	"github.com/mendcap/mendcap/report"
)

// explained is one explanation of each kind, with text that a terminal must not
// see as it is.
func explained() *report.Explanations {
	at := time.Date(2026, 3, 1, 23, 59, 50, 123456000, time.UTC)
	segment := func(seq, length, ack uint32, bits ...string) *report.ExplainedTCP {
		return &report.ExplainedTCP{Bits: bits, Seq: 4e9 + seq, Ack: 1e9 + ack, Relative: report.Range{Left: seq, Right: seq + length},
			RelativeAck: ack, Acks: slices.Contains(bits, "ACK"), Len: length}
	}
	const flow = "[2001:db8::1]:443 > [2001:db8::10]:49152"
	late := report.Explanation{
		Frame: 82, FrameAfter: 79, Protocol: "TCP", Flow: ends(flow), Segment: segment(1001, 1000, 1, "PSH", "ACK"),
		Header: report.ExplainedHeader{
			Form: report.FormSockaddr, NextHeader: report.ExplainedField{Value: "6 (TCP)", Origin: "inferred"}, Destination: report.ExplainedField{Value: "2001:db8::10", Origin: "inferred"},
			Evidence: "connection-table", ChecksumVerified: true, Synthesised: "traffic class 0, flow label 0, hop limit 64",
		},
		Place: report.ExplainedPlace{
			Why: report.WhyMoved, Law: "ack", Recorded: at, Time: at.Add(-time.Millisecond), Shift: time.Millisecond, TimeFrom: 79,
			Earliest: at.Add(-3250 * time.Microsecond), Latest: at.Add(-time.Millisecond),
		},
		Causes: []report.Relation{{Frame: 78, Law: "out-seq"}, {Frame: 70, Law: "out-seq"}},
		Followers: []report.Relation{
			{Frame: 79, Law: "ack", Broken: true, Repaired: true, Segment: segment(1, 0, 2001, "ACK")},
			{Frame: 60, Law: "tsecr", Broken: true},
			{Frame: 91, Law: "of the future"},
		},
		More:  true,
		Flags: []report.ExplainedFlag{{Flag: "out_of_order", Before: true, Verdict: report.Artefact, Evidence: "recorded late"}},
	}
	response := report.Explanation{
		Frame: 79, FrameAfter: 80, Protocol: "TCP", Flow: ends(flow), Segment: segment(1, 0, 2001, "ACK"),
		Header: report.ExplainedHeader{Form: report.FormWhole},
		Place:  report.ExplainedPlace{Why: report.WhyInOrder, Recorded: at.Add(-time.Millisecond), Time: at.Add(-time.Millisecond), Earliest: at.Add(-2 * time.Millisecond), Latest: at},
		Causes: []report.Relation{{Frame: 82, Law: "ack", Broken: true, Repaired: true, Segment: segment(1001, 1000, 1, "ACK")}},
		Flags:  []report.ExplainedFlag{{Flag: "duplicate_ack", Before: true, After: true, Verdict: report.Genuine, Evidence: "hole open\x07"}},
	}
	unknown := report.Explanation{
		Frame: 90, FrameAfter: 90, Protocol: "unknown protocol", Flow: ends("2001:db8::5 > ::%\x1b[2J"),
		Header: report.ExplainedHeader{
			Form: report.FormStub, NextHeader: report.ExplainedField{Value: "255", Origin: "unknown"}, Destination: report.ExplainedField{Value: "::", Origin: "unknown"},
			Candidates: []report.ExplainedCandidate{
				{NextHeader: "6 (TCP)", Destination: netip.MustParseAddr("2001:db8::10"), Posterior: 0.51, Evidence: "seen-in-capture"},
				{NextHeader: "17 (UDP)", Destination: netip.MustParseAddr("2001:db8::11"), Posterior: 0.43},
			},
			Synthesised: "nothing",
		},
		Place: report.ExplainedPlace{Why: report.WhyNoTime},
	}
	return &report.Explanations{
		Capture: "office.pcapng", Basis: "file", ShiftLimit: 3150 * time.Microsecond,
		Frames: []report.Explanation{response, late, unknown}, Damage: []report.Damage{{Frame: 90, Offset: 99, What: "cut"}},
	}
}

func TestExplanationsGolden(t *testing.T) {
	for file, width := range map[string]int{"explain-80.txt": 80, "explain-50.txt": 50} {
		var buf bytes.Buffer
		if err := Explanations(&buf, explained(), width); err != nil {
			t.Fatal(err)
		}
		golden.Check(t, file, buf.Bytes())
		checkLines(t, file, buf.String(), width)
	}
	var buf bytes.Buffer
	said := explained()
	FillText(said)
	if err := said.WriteJSON(&buf); err != nil {
		t.Fatal(err)
	}
	golden.Check(t, "explain.json", buf.Bytes())
}

// A reset shows the ACK number that it has, as Wireshark does, though order doesn't take it.
func TestTitleOfResets(t *testing.T) {
	for want, segment := range map[string]*report.ExplainedTCP{
		"[RST, ACK] Seq=1 Ack=9 Len=0": {Bits: []string{"RST", "ACK"}, Relative: report.Range{Left: 1, Right: 1}, RelativeAck: 9},
		"[RST] Seq=1 Len=0":            {Bits: []string{"RST"}, Relative: report.Range{Left: 1, Right: 1}},
	} {
		got := strings.Join(sentences("title", &report.Explanation{Frame: 7, Protocol: "TCP", Segment: segment}), " ")
		if got != "Frame 7 "+want {
			t.Errorf("title: got %q, want %q", got, "Frame 7 "+want)
		}
	}
}

func TestExplanationsJSON(t *testing.T) {
	var buf bytes.Buffer
	said := explained()
	FillText(said)
	if err := said.WriteJSON(&buf); err != nil {
		t.Fatal(err)
	}
	var x report.Explanations
	if err := json.Unmarshal(buf.Bytes(), &x); err != nil {
		t.Fatal(err)
	}
	if x.Schema != report.ExplainSchema || x.Capture != "office.pcapng" || len(x.Frames) != 3 || len(x.Damage) != 1 {
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
}

// Each law says with its own numbers why a frame came before another one.
func TestReasons(t *testing.T) {
	number := func(n uint32) *uint32 { return &n }
	data := &report.ExplainedTCP{Bits: []string{"ACK"}, Relative: report.Range{Left: 1001, Right: 2001}, RelativeAck: 7, Acks: true, Len: 1000, TSval: number(50)}
	for _, c := range []struct {
		law        string
		own, other *report.ExplainedTCP
		want       string
	}{
		{"ack", data, &report.ExplainedTCP{Acks: true, RelativeAck: 2001}, "frame 9 acknowledges its bytes 1001-2000"},
		{"ack", data, &report.ExplainedTCP{Acks: true, RelativeAck: 9001}, "frame 9 acknowledges its bytes 1001-2000"},
		{"ack", data, &report.ExplainedTCP{Acks: true, RelativeAck: 1501}, "frame 9 acknowledges its bytes 1001-1500"},
		{"ack", &report.ExplainedTCP{Relative: report.Range{Left: 7, Right: 8}, Len: 1}, &report.ExplainedTCP{Acks: true, RelativeAck: 8}, "frame 9 acknowledges its byte 7"},
		{"ack", &report.ExplainedTCP{Bits: []string{"FIN"}, Relative: report.Range{Left: 7, Right: 8}}, &report.ExplainedTCP{Acks: true, RelativeAck: 8}, "frame 9 acknowledges its FIN"},
		{"handshake", &report.ExplainedTCP{Bits: []string{"SYN"}, Relative: report.Range{Left: 0, Right: 1}}, &report.ExplainedTCP{Acks: true, RelativeAck: 1}, "frame 9 acknowledges its SYN"},
		{"handshake", &report.ExplainedTCP{Bits: []string{"SYN"}, Relative: report.Range{Left: 0, Right: 1}}, &report.ExplainedTCP{Relative: report.Range{Left: 1, Right: 5}}, "frame 9 is one of the connection that its SYN opens"},
		{"ack", &report.ExplainedTCP{Bits: []string{"SYN"}, Relative: report.Range{Left: 0, Right: 6}, Len: 5}, &report.ExplainedTCP{Acks: true, RelativeAck: 4}, "frame 9 acknowledges its bytes 1-3"},
		{"sack", data, &report.ExplainedTCP{Sack: []report.Range{{Left: 5001, Right: 6001}, {Left: 1001, Right: 3001}}}, "frame 9 reports its bytes 1001-2000 as received, in the SACK block 1001-3000"},
		{"out-ack", data, &report.ExplainedTCP{RelativeAck: 12}, "its ACK number is 7, that of frame 9 from the same sender is 12, and a sender's ACK number never falls"},
		{"out-tsval", data, &report.ExplainedTCP{TSval: number(60)}, "its TSval is 50, that of frame 9 from the same sender is 60, and a sender's clock never runs back"},
		{"out-seq", data, &report.ExplainedTCP{Relative: report.Range{Left: 2001, Right: 3001}, Len: 1000}, "it holds bytes 1001-2000, frame 9 holds bytes 2001-3000 of the same stream, and a sender does not skip ahead"},
		{"out-seq", data, &report.ExplainedTCP{Bits: []string{"FIN"}, Relative: report.Range{Left: 2001, Right: 2002}}, "it holds bytes 1001-2000, frame 9 holds the FIN at 2001 of the same stream, and a sender does not skip ahead"},
		{"tsecr", data, &report.ExplainedTCP{TSecr: number(50)}, "frame 9 echoes the timestamp 50, which its sender can have from it only"},
		{"window", data, &report.ExplainedTCP{Relative: report.Range{Left: 5001, Right: 6001}, Len: 1000}, "frame 9 sends bytes up to 6000, and it takes the window that this one offers to do so"},
		{"out-nxt", data, &report.ExplainedTCP{Relative: report.Range{Left: 2001, Right: 2001}}, "a bare ACK bears the sequence number that its sender would send next, which is 1001 here and 2001 in frame 9"},
		{"not-yet", &report.ExplainedTCP{RelativeAck: 1001}, data, "it acknowledges up to 1001, and where a host talks to itself it would acknowledge what frame 9 holds, bytes 1001-2000, had that been sent"},
		{"arrival", &report.ExplainedTCP{RelativeAck: 501}, data, "it tells what the host had received, and does not report what frame 9 holds, bytes 1001-2000"},
		{"in-turn", data, data, "one reader takes each sender's packets from the queue in turn"},
		{"dns", nil, nil, "frame 9 is one with the answer to it"},
		{"quote", nil, nil, "frame 9 is one where an error quotes it"},
		{"of the future", nil, nil, "that law puts it before frame 9"},
		{"tsecr", data, &report.ExplainedTCP{}, "frame 9 is one where its timestamp is echoed"},
	} {
		e := &report.Explanation{Frame: 12, Segment: c.own}
		if got := reason(e, &report.Relation{Frame: 9, Law: report.LawName(c.law), Segment: c.other}); got != c.want {
			t.Errorf("law %s: got %q, want %q", c.law, got, c.want)
		}
	}
}

// Whatever the reason, it is told in one sentence that names the frame.
func TestEveryReasonForAPlaceIsTold(t *testing.T) {
	x := &report.Explanations{ShiftLimit: time.Millisecond}
	seen := make(map[string]string)
	for _, why := range []string{
		report.WhyMoved, report.WhySorted, report.WhyInOrder, report.WhyNotInDoubt, report.WhyNothingBroken, report.WhyDrop, report.WhyBeyondLimit, report.WhyContradiction,
		report.WhyOutOfWindow, report.WhyRepairedBefore, report.WhyFlagsWouldRise, report.WhySeenTwice, report.WhyNoTCP, report.WhyNotFollowed, report.WhyNoTime,
	} {
		e := &report.Explanation{Frame: 12, FrameAfter: 12, Place: report.ExplainedPlace{Why: why, Law: "ack"}}
		said := inWords(x, e).Order
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

// Each sentence of explain.tmpl that has a kind and a name can be said: laws are those of
// package reorder, and their numbers can be known.
func TestSentences(t *testing.T) {
	number := uint32(50)
	all := &report.ExplainedTCP{Relative: report.Range{Left: 1, Right: 9}, RelativeAck: 9, Acks: true, Len: 8, TSval: &number, TSecr: &number, Sack: []report.Range{{Left: 1, Right: 9}}}
	kinds := make(map[string]int)
	for _, one := range explainTemplate().Templates() {
		kind, name, named := strings.Cut(one.Name(), " ")
		if !named {
			continue // a whole part
		}
		kinds[kind]++
		switch _, known := reorder.LawNamed(name); kind {
		case "law":
			e, n := &report.Explanation{Segment: all}, &report.Relation{Frame: 9, Law: report.LawName(name), Segment: all}
			if got := reason(e, n); !known || got == plainReason(n) {
				t.Errorf("law %s: got %q, want the numbers of a law", name, got)
			}
		case "place":
			e := &report.Explanation{Frame: 12, FrameAfter: 12, Place: report.ExplainedPlace{Why: name}}
			if got := inWords(&report.Explanations{}, e).Order; len(got) != 1 {
				t.Errorf("place %s: got %q, want a sentence", name, got)
			}
		default:
			if got := sentences(one.Name(), nil); len(got) != 1 {
				t.Errorf("%s: got %q, want a sentence", one.Name(), got)
			}
		}
	}
	want := map[string]int{"form": 4, "proof": 13, "place": 14, "law": 21}
	if !maps.Equal(kinds, want) {
		t.Errorf("sentences by kind: got %v, want %v", kinds, want)
	}
}
