package etw

import "testing"

func TestProviderNames(t *testing.T) {
	for g, want := range map[GUID]string{
		NDISPacketCapture: "2ed6006e-4729-4609-b423-3ee7bcd678ef", PktMon: "4d4f80d9-c8bd-4d73-bb5b-19c90402c5ac",
		WFP: "c22d1b14-c242-49de-9f17-1d76b8b9c458", RasNdisWan: "d84521f7-2235-4237-a7c0-14e3a9676286",
	} {
		if g.String() != want {
			t.Errorf("GUID: got %s, want %s", g, want)
		}
	}
	if got, want := ProviderName(newGUID(1, 2, 3, 0x4567_000000000089)), "provider 00000001-0002-0003-4567-000000000089"; got != want {
		t.Errorf("unknown provider: got %q, want %q", got, want)
	}
}
