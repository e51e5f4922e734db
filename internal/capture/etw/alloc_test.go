package etw

import "testing"

// Packets are read without allocating memory for each.
func TestReadAllocatesNothing(t *testing.T) {
	ip := recorded(t, "v4-many-flows", 1)[0].data
	frame := ethernet(ip)
	_, wfp, _ := wfpData(ip, true)
	for _, e := range []Event{
		ndisEvent(ndisFragment, whole|keywordSend, fragment(3, 3, frame)),
		ndisEvent(ndisFragment, keyword80211|whole, fragment(3, 3, wifiFrame(ip, true))),
		ndisEvent(ndisSwitch, whole|keywordSend, switched(frame, 2, 7, false)),
		{Provider: PktMon, ID: pktmonPacket, Data: pktmonFrame(frame, payloadEthernet, 10, 1)},
		{Provider: PktMon, ID: pktmonDrop, Data: pktmonFrame(frame, payloadEthernet, 10, 1)},
		{Provider: RasNdisWan, ID: rasSend, Data: fields("{}", "user", uint32(len(frame)), frame)},
		{Provider: WFP, ID: wfpFlowPacket4, Keyword: keywordSend, Data: wfp},
	} {
		s := NewSurvey()
		survey := testing.AllocsPerRun(100, func() { s.Add(&e) })
		r := NewPackets(s.Choose(Options{}))
		read := testing.AllocsPerRun(100, func() {
			if p, err := r.Read(&e); p == nil || err != nil {
				t.Fatal(p, err)
			}
		})
		if survey != 0 || read != 0 {
			t.Errorf("event %d: %v allocations in the first pass, %v in the second, want none", e.ID, survey, read)
		}
	}
}
