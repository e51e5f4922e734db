package render_test

import (
	"fmt"
	"os"

	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/render"
)

func ExampleTerminal() {
	r := report.Report{
		Capture:  report.Capture{Name: "office.pcap", Format: "pcap", Packets: 2_000, Bytes: 1_500_000},
		Output:   report.Output{Name: "office.mended.pcapng", Status: "written", Changed: true, Edited: 7},
		Analysis: report.Analysis{Before: map[string]int64{"ack_lost_segment": 7}, After: map[string]int64{"ack_lost_segment": 0}},
	}
	if err := render.Terminal(os.Stdout, &r, render.Screen{}); err != nil {
		fmt.Println(err)
	}
	// Output:
	// Flags  office.pcap: 7 flags in tshark as it is, 0 after the repair
	//
	// Capture  office.pcap: pcap, 2,000 packets, 1.5 MB
	// Output   office.mended.pcapng written; 7 packets edited
	//
	// tcp.analysis flag (before: recorded order, headers filled in)  before  after
	// ────────────────────────────────────────────────────────────────────────────
	// ack_lost_segment                                                    7      0
	// all flags                                                           7      0
}
