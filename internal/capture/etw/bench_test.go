package etw

import "testing"

func BenchmarkEvents(b *testing.B) {
	var events []Event
	size := 0
	for i, p := range recorded(b, "many-flows", 3000) {
		keyword := []uint64{keywordSend, keywordReceive}[i%2]
		events = append(events, ndisEvent(ndisFragment, whole|keyword, fragment(3, 3, ethernet(p.data))))
		size += len(events[i].Data)
	}
	b.Run("Survey", func(b *testing.B) {
		b.SetBytes(int64(size))
		for b.Loop() {
			s := NewSurvey()
			for i := range events {
				s.Add(&events[i])
			}
		}
	})
	s := NewSurvey()
	for i := range events {
		s.Add(&events[i])
	}
	c := s.Choose(Options{})
	b.Run("Packets", func(b *testing.B) {
		b.SetBytes(int64(size))
		for b.Loop() {
			r := NewPackets(c)
			for i := range events {
				if p, err := r.Read(&events[i]); p == nil || err != nil {
					b.Fatal(p, err)
				}
			}
		}
	})
}
