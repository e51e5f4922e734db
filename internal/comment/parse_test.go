package comment

import (
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/mendcap/mendcap/report"
)

// moves and verdicts are comments as a repair writes them, with what they say.
var (
	moves = map[string]Move{
		"mendcap: moved by ack, 100µs earlier; was frame 10 at 1700000000.000900000": {
			Law: "ack", Timed: true, Earlier: 100 * time.Microsecond, Frame: 10, Recorded: 1_700_000_000_000_900_000},
		"mendcap: moved by in-seq, within its tick; was frame 7": {Law: "in-seq", Frame: 7},
		"mendcap: moved by tsecr, 1h0m0.000000001s earlier; was frame 9223372036854775807 at -1.000000005": {
			Law: "tsecr", Timed: true, Earlier: time.Hour + 1, Frame: math.MaxInt64, Recorded: -1_000_000_005},
		"mendcap: moved by ack, 1ns earlier; was frame 1 at -0.000000001": {Law: "ack", Timed: true, Earlier: 1, Frame: 1, Recorded: -1},
		"mendcap: moved by ack, 1ns earlier; was frame 1 at -9223372036.854775808": {
			Law: "ack", Timed: true, Earlier: 1, Frame: 1, Recorded: math.MinInt64},
	}
	verdicts = map[string]Verdict{
		"mendcap: loss (fast retransmission), open since frame 552; from frame 553 on 3 ACKs ask for it [fast_retransmission, retransmission]": {
			Verdict: report.Loss, Detail: report.FastRetransmission, About: "fast_retransmission, retransmission",
			Evidence: "open since frame 552; from frame 553 on 3 ACKs ask for it"},
		"mendcap: undecided, the law is violated by more than a packet may move, or it [is] not [law ack]": {
			Verdict: report.Undecided, About: "law ack", Evidence: "the law is violated by more than a packet may move, or it [is] not"},
		"mendcap: duplicate (network), twice [dup_ack]": {Verdict: report.Duplicate, Detail: report.ByNetwork, Evidence: "twice", About: "dup_ack"},
	}
)

// What is written is read back, and writes the same again.
func TestParse(t *testing.T) {
	for text, want := range moves {
		got, ok := Parse(text)
		if !ok || got.Move == nil || *got.Move != want || got.Verdict != nil || Mark+got.Text != text {
			t.Errorf("%q: got %+v of %+v, want %+v", text, got.Move, got, want)
		}
		if written := string(want.Append(nil)); written != text {
			t.Errorf("wrote %q, want %q", written, text)
		}
	}
	for text, want := range verdicts {
		got, ok := Parse(text)
		if !ok || got.Verdict == nil || *got.Verdict != want || got.Move != nil || Mark+got.Text != text {
			t.Errorf("%q: got %+v of %+v, want %+v", text, got.Verdict, got, want)
		}
		if written := string(want.Append(nil)); written != text {
			t.Errorf("wrote %q, want %q", written, text)
		}
	}
}

// Each verdict with each detail is read back as it was.
func TestParseEveryVerdict(t *testing.T) {
	details := []string{"", report.FastRetransmission, report.TimeBased, report.TailLossProbe, report.Timeout, report.ByNetwork, report.ByCapture}
	for _, verdict := range report.Verdicts() {
		for _, detail := range details {
			want := Verdict{Verdict: verdict, Detail: detail, Evidence: "told by frame 7, and so on", About: "retransmission"}
			if got, _ := Parse(string(want.Append(nil))); got.Verdict == nil || *got.Verdict != want {
				t.Errorf("%s: got %+v, want %+v", want.Append(nil), got.Verdict, want)
			}
		}
	}
}

// Comments of others, and what looks like one of ours and is not, say nothing that is
// understood.
func TestParseOther(t *testing.T) {
	for _, text := range []string{"", "mendcap:", "mendcap moved", "Mendcap: moved by ack, 1ns earlier; was frame 1 at 0.000000000", "looked at by me"} {
		if got, ok := Parse(text); ok || !reflect.ValueOf(got).IsZero() {
			t.Errorf("%q: got %+v, %v, want nothing", text, got, ok)
		}
	}
	for _, text := range []string{
		"mendcap: ", "mendcap: moved by ack", "mendcap: moved by ack, 1ns earlier; was frame 1",
		"mendcap: moved by ack, within its tick; was frame 01", "mendcap: moved by ack, 1ns earlier; was frame 1 at 1.5",
		"mendcap: moved by ack, 1ns earlier; was frame 1 at 99999999999999999999.000000000",
		"mendcap: moved by ack, 1ns earlier; was frame 99999999999999999999 at 1.000000000",
		"mendcap: moved by ack, 1000ns earlier; was frame 1 at 0.000000000",
		"mendcap: lost, it is [retransmission]", "mendcap: loss", "mendcap: loss, open since frame 3",
		"mendcap: inferred destination by checksum; made up nothing", "mendcap: order basis=file gate=1ms",
	} {
		header := strings.HasSuffix(text, "made up nothing")
		if got, ok := Parse(text); !ok || got.Move != nil || got.Verdict != nil || got.Header != header || Mark+got.Text != text {
			t.Errorf("%q: got %+v, %v, want its text alone", text, got, ok)
		}
	}
}

// Of any comment what is understood writes the same comment again.
func FuzzParse(f *testing.F) {
	for text := range moves {
		f.Add(text)
	}
	for text := range verdicts {
		f.Add(text)
	}
	f.Add("mendcap: clock of interface 1 corrected by 3ms to that of interface 0; was 1.000000000")
	f.Fuzz(func(t *testing.T, text string) {
		c, ok := Parse(text)
		switch {
		case ok && Mark+c.Text != text:
			t.Errorf("%q: got the text %q", text, c.Text)
		case c.Move != nil && c.Verdict != nil:
			t.Errorf("%q: got a move and a verdict", text)
		case c.Move != nil && string(c.Move.Append(nil)) != text:
			t.Errorf("%q: got the move %q", text, c.Move.Append(nil))
		case c.Verdict != nil && string(c.Verdict.Append(nil)) != text:
			t.Errorf("%q: got the verdict %q", text, c.Verdict.Append(nil))
		}
	})
}
