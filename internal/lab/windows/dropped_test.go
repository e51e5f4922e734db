package windows

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/mendcap/mendcap/repair"
	"github.com/mendcap/mendcap/report"
)

const (
	fin = 1 << iota
	syn
	rst
	psh
	ack
)

// ends are two hosts that talk to each other by TCP; the first is the one that records.
var ends = [2][]byte{{192, 0, 2, 1}, {198, 51, 100, 7}}

// segment is an Ethernet frame with a TCP segment, of which seq and ackTo count from 1.
func segment(at int64, out bool, bits byte, id uint16, seq, ackTo uint32, payload int) Frame {
	from, to, ports := ends[0], ends[1], []uint16{40000, 443}
	if !out {
		from, to = to, from
		slices.Reverse(ports)
	}
	ip := be.AppendUint16([]byte{0x45, 0}, uint16(40+payload))
	ip = append(be.AppendUint16(ip, id), 0x40, 0, 64, 6, 0, 0)
	ip = append(append(ip, from...), to...)
	ip = be.AppendUint16(be.AppendUint16(ip, ports[0]), ports[1])
	ip = be.AppendUint32(be.AppendUint32(ip, seq), ackTo)
	ip = append(ip, 0x50, bits, 0xFF, 0xFF, 0, 0, 0, 0)
	return Frame{Time: at, Data: Ethernet(append(ip, make([]byte, payload)...), out), Out: out}
}

// What the host dropped above its card is a finding with the reason, and explains what is
// sent again for it.
func TestDropsExplainWhatIsSentAgain(t *testing.T) {
	const start, queueFull = epoch + 1e9*10_000, 949
	var m PktMon
	events := m.Components(start, ends[0])
	number := 0
	pass := func(ms int64, out bool, bits byte, seq, ackTo uint32, payload int) *Frame {
		number++
		f := segment(start+ms*10_000, out, bits, uint16(number), seq, ackTo, payload)
		events = append(events, m.Appearances(&f, number, 0)...)
		return &f
	}
	pass(0, true, syn, 1, 0, 0)
	pass(40, false, syn|ack, 1, 2, 0)
	pass(41, true, ack, 2, 2, 0)
	lost := pass(50, false, ack|psh, 2, 2, 1000) // at the card; and it comes no farther
	events = events[:len(events)-2]
	drop := *lost
	drop.Time += 5
	events = append(events, m.Dropped(&drop, number, 0, queueFull)...)
	pass(51, false, ack|psh, 1002, 2, 1000)
	pass(52, true, ack, 2, 2, 0)
	pass(400, false, ack|psh, 2, 2, 1000) // again
	pass(401, true, ack, 2, 2002, 0)
	data, _ := write(t, Log{Processors: 1, Start: start}, events)
	path := put(t, "trace.etl", data)

	const who = "wfplwf.sys, WFP Native MAC Layer LightWeight Filter: NL_QueueFull"
	for _, all := range []bool{false, true} {
		t.Run(fmt.Sprintf("all layers: %t", all), func(t *testing.T) {
			got := mend(t, path, repair.Options{AllLayers: all})
			discards := of1(t, got.report.Findings.List, report.Discard)
			if discards.Evidence != "dropped by "+who || discards.Detail != "NL_QueueFull" || discards.Label() != "packet" {
				t.Errorf("got %+v of the drop, want %s", discards, who)
			}
			if got.names[discards.FrameAfter-1] != "drop:12" {
				t.Errorf("the drop is frame %d, of interface %s", discards.FrameAfter, got.names[discards.FrameAfter-1])
			}
			if want := "198.51.100.7:443 > 192.0.2.1:40000"; discards.Flow.String() != want {
				t.Errorf("got flow %s, want %s", discards.Flow, want)
			}
			if n := got.report.Findings.ByVerdict[report.Discard]; n != 1 {
				t.Errorf("got %d drops of one packet", n)
			}
			if all {
				return // of a packet at several layers others are flagged as well
			}
			loss := of1(t, got.report.Findings.List, report.Loss)
			if want := fmt.Sprintf("sent again: frame %d was dropped by %s", discards.Frame-1, who); loss.Evidence != want {
				t.Errorf("got %+v, want %q", loss, want)
			}
			x, err := repair.Explain(t.Context(), path, []int64{discards.Frame}, repair.Options{})
			if err != nil {
				t.Fatal(err)
			}
			said := strings.Join(x.Frames[0].Text.Flags, "\n")
			if !strings.Contains(said, "Verdict discard (NL_QueueFull), event 1: dropped by "+who) {
				t.Errorf("explain: got %q", said)
			}
		})
	}
	for limit, fails := range map[string]bool{"discard=0": true, "discard=1": false, "discard/NL_QueueFull=1": false, "discard/Filtered=1": true} {
		l, err := report.ParseLimit(limit)
		if err != nil {
			t.Fatal(err)
		}
		rules := report.Rules{FailOn: []report.Kind{{Verdict: report.Discard}}, Max: []report.Limit{l}}
		o := repair.Options{Tally: rules.Begin("trace.etl")}
		r, err := repair.Check(t.Context(), path, o)
		if err != nil {
			t.Fatal(err)
		}
		if failed := report.Failed(o.Tally.Checks(&r)); failed != fails {
			t.Errorf("%s: got failed: %t, want %t", limit, failed, fails)
		}
	}
}

// of1 is the one finding of a verdict.
func of1(t *testing.T, list []report.Finding, v report.Verdict) (one report.Finding) {
	t.Helper()
	n := 0
	for _, f := range list {
		if f.Verdict == v {
			one = f
			n++
		}
	}
	if n != 1 {
		t.Fatalf("got %d findings of %s in %+v, want one", n, v, list)
	}
	return one
}
