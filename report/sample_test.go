package report

import (
	"net/netip"
	"time"
)

// sample is a report in which every field is set, with text that a terminal
// must not see as it is.
func sample() *Report {
	first := time.Date(2026, 3, 1, 23, 59, 50, 123456000, time.UTC)
	return &Report{
		Schema: Schema,
		Capture: Capture{
			Name: "office\u202e.pcapng", Format: "pcapng", Compression: "gzip",
			Packets: 10_233, Bytes: 4_213_456,
			First: first, Last: first.Add(83*time.Second + 400*time.Millisecond),
			Interfaces: []Interface{
				{ID: 0, Name: "Ethernet\x1b[31m", LinkType: 229, LinkName: "IPV6", Resolution: "10^-6 s", Packets: 10_000},
				{Section: 1, ID: 0, LinkType: 101, LinkName: "RAW", Resolution: "2^-10 s", Packets: 233},
			},
		},
		Output: Output{Name: "office.mended.pcapng", Status: "written", Changed: true, Edited: 9_870, LeftOut: 2},
		Tables: []Table{
			{Name: "office.tables/netstat.txt", Format: "netstat", Rows: 61, Addresses: 17},
			{Name: "office.tables/neighbors.txt", Format: "netsh neighbors", Rows: 12, Addresses: 12, NotUnderstood: 3, Cut: 1},
		},
		EventTrace: &EventTrace{Packets: 9_700, Matched: 9_650, Unchecked: 12, Clock: &TraceClock{
			Offset: -1_000_010 * time.Microsecond, At: first, SkewPPB: 50_012, Samples: 9_600,
		}},
		Inference: Inference{
			Packets:     9_800,
			NextHeader:  Proof{Proved: 9_790, AsCaptured: 8, Unknown: 2},
			Destination: Proof{Proved: 9_600, Likely: 100, AsCaptured: 60, Unknown: 40},
			ByEvidence:  map[string]int64{"connection-table": 8_900, "payload": 200, "reverse-flow": 500, "neighbor-table": 12, "checksum": 0},
			Unanalysed:  30,
			Candidates:  31,

			LikelyByEvidence: map[string]int64{"destination-cache": 100, "neighbor-table": 3},
			Doubtful: []DoubtfulFlow{{
				Flow: ends("[2001:db8::10]:50000 > [::]:443"), Packets: 12, Answer: "6 (TCP)",
				Best:     HeaderChoice{NextHeader: "6 (TCP)", Destination: netip.MustParseAddr("2001:db8:1::2"), Posterior: 0.5, Evidence: "destination-cache"},
				RunnerUp: HeaderChoice{NextHeader: "6 (TCP)", Destination: netip.MustParseAddr("2001:db8:2::1"), Posterior: 0.4999, Evidence: "neighbor-table"},
				Candidates: []HeaderChoice{
					{NextHeader: "6 (TCP)", Destination: netip.MustParseAddr("2001:db8:1::2"), Posterior: 0.5, Evidence: "neighbor-table"},
					{NextHeader: "6 (TCP)", Destination: netip.MustParseAddr("2001:db8:2::1"), Posterior: 0.4999, Evidence: "destination-cache"},
				},
			}, {
				Flow: ends("[2001:db8::10]:50001 > [2001:db8:3::1]:53"), Packets: 1, Answer: "17 (UDP)",
				Best:     HeaderChoice{NextHeader: "17 (UDP)", Destination: netip.MustParseAddr("2001:db8:3::1"), Posterior: 0.9992, Evidence: "neighbor-table"},
				RunnerUp: HeaderChoice{NextHeader: "17 (UDP)", Destination: netip.MustParseAddr("::"), Posterior: 0.0008},
			}},
			DoubtfulTotal: 3,
		},
		Order: Order{
			Basis: "file", Vantage: "tables", Local: []netip.Addr{netip.MustParseAddr("2001:db8::10"), netip.MustParseAddr("2001:db8::11"), netip.MustParseAddr("fe80::10")},
			Moved: 1_204, MaxShift: 1250 * time.Microsecond,
			ByLaw: map[LawName]Law{
				"ack":      {Violations: 1_134, Moved: 1_130, Explained: 3, Unrepaired: 4},
				"out-seq":  {Violations: 70, Moved: 74},
				"sack":     {},
				"neighbor": {Violations: 2, Moved: 1, Unrepaired: 1},
			},
			Unrepaired:  4,
			TimeScales:  TimeScales{Tick: time.Millisecond, ThreadJitter: 310 * time.Microsecond, QueueJitter: 900 * time.Microsecond},
			ShiftLimit:  3600 * time.Microsecond,
			Disturbance: Disturbance{IPID: "global", Copies: true, EarlyResponses: true, ClockSteps: 2, OtherBasisViolations: 1_500},
			Uncertainty: Uncertainty{
				Median: 20 * time.Microsecond, P90: 400 * time.Microsecond, P99: 1200 * time.Microsecond, Max: 3 * time.Millisecond,
			},
			Clocks: []Clock{{
				Interface: 1, State: ClockCorrected, Offset: 2*time.Second - 111_981, Uncertainty: time.Millisecond + 4848,
				At: first.Add(40 * time.Second), SkewPPB: -41_250, SkewUncertaintyPPB: 300, Samples: 812,
			}},
			RepairedBefore: true,
			AsRecorded:     AsRecorded{FlagsWouldRise: 1, BothEnds: 2, Copied: 3, Repeated: 4, WholeCapture: true},
			Displacement: []Displacement{
				{UpTo: 0, Packets: 800}, {UpTo: 100 * time.Microsecond, Packets: 300}, {UpTo: 2 * time.Millisecond, Packets: 104},
			},
		},
		Analysis: Analysis{
			Segments: 12_000,
			Before:   map[string]int64{"retransmission": 1_966, "ack_lost_segment": 1_134, "duplicate_ack": 12, "zero_window": 0},
			After:    map[string]int64{"retransmission": 10, "ack_lost_segment": 0, "duplicate_ack": 12, "zero_window": 0},
		},
		Findings: Findings{
			Total: 3_114, Omitted: 3_106, Events: 6,
			ByVerdict: map[Verdict]int64{Artefact: 3_090, Genuine: 20, Undecided: 3, Created: 1},
			List:      sampleFindings(first),
		},
		CaptureLoss: sampleLoss(first),
		Flows:       sampleFlows(first),
		Timeline: Timeline{
			Start: first, Width: 20 * time.Second, Packets: []int64{4_000, 0, 3_233, 2_000, 1_000}, Moved: []int64{1_200, 0, 0, 4, 0},
			ByVerdict: map[Verdict][]int64{Artefact: {3_000, 0, 0, 90, 0}, Genuine: {0, 0, 20, 0, 0}},
		},
		Damage: []Damage{{Frame: 10_233, Offset: 4_377_184, Length: 2_048, What: "block length 0xFFFFFFFF is longer than the file"}},
		Notes:  []string{"the flow table was full: 12 flows were closed early", "no tables name interface 3"},
	}
}

func sampleFindings(at time.Time) []Finding {
	finding := Finding{
		Frame: 15, FrameAfter: 12, Time: at, Flow: ends("[2001:db8::10]:49152 > [2001:db8::1]:443"),
		Flag: "ack_lost_segment", Verdict: Artefact, Repaired: true, Law: "ack",
		Sequence: &Range{Left: 4294967000, Right: 204},
		Evidence: "acknowledged bytes whose segment stood 3 frames later; law ack placed it before",
	}
	law := Finding{
		Frame: 20, FrameAfter: 20, Time: at.Add(time.Millisecond), Flow: ends("10.0.0.1:80 > 10.0.0.2:1024"),
		Verdict: Undecided, Law: "out-ack", Evidence: "beyond the gate", Event: 1,
	}
	list := []Finding{finding, law}
	for i := range int64(5) {
		f := finding
		f.Frame, f.FrameAfter, f.Flag, f.Verdict = 30+i, 30+i, "duplicate_ack", Genuine
		f.Repaired, f.Law, f.Sequence = false, "", nil
		f.Event = 2 + i/2
		f.Evidence = "hole open for a round trip\x07"
		list = append(list, f)
	}
	answer := law
	answer.Frame, answer.FrameAfter, answer.Flow, answer.Law = 40, 41, ends("fe80::1 > fe80::10"), "neighbor"
	return append(list, answer)
}

func sampleLoss(at time.Time) CaptureLoss {
	return CaptureLoss{
		Directions: []DirectionLoss{
			{
				Direction: "in", AckedBytes: 4_000_000, MissedBytes: 28_960, GapEvents: 11, PacketsLeast: 20, PacketsMost: 24,
				RatePPM: 7_240, LowPPM: 5_100, HighPPM: 9_900, Connections: 9, OneSided: 1, MedianBytes: 1_448,
			},
			{Direction: "out", AckedBytes: 900, NoEstimate: "fewer than 100 data packets", Connections: 2},
		},
		Timeline: []LossBin{
			{Start: at, Direction: "in", MissedBytes: 20_272, AckedBytes: 144_800},
			{Start: at.Add(5 * time.Second), Direction: "in", MissedBytes: 8_688, AckedBytes: 101_360},
		},
		Omitted:    3,
		Overflows:  []Overflow{{Start: at, Span: 3 * time.Millisecond, Connections: 4, MissedBytes: 20_272, Frame: 44}},
		DropCounts: []DropCount{{Interface: 0, Source: "isb_osdrop", Packets: 22}},
	}
}

func sampleFlows(at time.Time) Flows {
	point := func(frame, left int64) Point {
		return Point{Frame: frame, FrameAfter: frame - 1, Before: 1000 * frame, After: 900 * frame, Kind: "data", Left: left, Right: left + 1448}
	}
	moved := point(3, 1449)
	moved.Moved, moved.Flags, moved.Verdicts = true, []string{"retransmission"}, []Verdict{Artefact}
	ack := Point{Frame: 5, FrameAfter: 5, Before: 5000, After: 5000, Kind: "ack", Left: 1449, Right: 65_000, SACK: [][2]int64{{2897, 4345}}}
	return Flows{
		Total: 9, Omitted: 8,
		List: []Flow{{
			Name: "[2001:db8::10]:49152 <> [2001:db8::1]:443", Protocol: "TCP", Packets: 4_000, Bytes: 3_900_000, Moved: 900,
			First: at, Last: at.Add(time.Second), ByVerdict: map[Verdict]int64{Artefact: 3_000, Loss: 2}, Before: 3_002, After: 2,
			Graph: &Graph{
				Direction: ends("[2001:db8::1]:443 > [2001:db8::10]:49152"), Skipped: 12, Omitted: 3_996,
				Points: []Point{point(2, 1), moved, point(4, 2897), ack},
			},
		}},
	}
}

// quiet is a report on a capture without faults.
func quiet() *Report {
	return &Report{
		Capture:  Capture{Name: "-", Format: "pcap", Packets: 1, Bytes: 60},
		Output:   Output{Name: "-", Status: "written"},
		Order:    Order{Basis: "file", Vantage: "unproven"},
		Analysis: Analysis{Before: map[string]int64{"retransmission": 0}, After: map[string]int64{"retransmission": 0}},
	}
}

// ends reads endpoints.
func ends(text string) (e Endpoints) {
	if err := e.UnmarshalText([]byte(text)); err != nil {
		panic(err)
	}
	return e
}
