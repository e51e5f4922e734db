package capture

import (
	"encoding/binary"
	"reflect"
	"testing"

	"github.com/mendcap/mendcap/internal/lab/handmade"
)

// A packet that was moved is what it was, and needs nothing of where it came from.
func TestMovedPackets(t *testing.T) {
	kinds := map[uint32]int{}
	for _, data := range [][]byte{
		handmade.Everything(),
		handmade.Pcap(binary.LittleEndian, 0xA1B2C3D4, 101, [2]uint32{60, 60}, [2]uint32{0, 60}, [2]uint32{61, 90}),
		handmade.Pcap(binary.BigEndian, 0xA1B2CD34, 101, [2]uint32{60, 60}, [2]uint32{1, 60}), // records of 24 bytes
	} {
		want := packets(mustRead(t, data))
		got := packets(mustRead(t, data))
		for i := range got {
			b := &got[i]
			kinds[b.Type]++
			old, options := b.Raw, b.Options
			room := make([]byte, 3, 3+len(old))
			if after := b.Move(room); len(after) != 3+len(old) || &after[0] != &room[0] {
				t.Fatalf("packet %d: got %d bytes of another buffer, want %d", i, len(after), 3+len(old))
			}
			clear(old)
			clear(options)
			if !reflect.DeepEqual(*b, want[i]) {
				t.Errorf("packet %d of type %d: got %+v, want %+v", i, b.Type, *b, want[i])
			}
		}
	}
	for _, kind := range []uint32{0, TypeEPB, TypeSPB, TypePB} {
		if kinds[kind] == 0 {
			t.Errorf("no packet of type %d was moved", kind)
		}
	}
}
