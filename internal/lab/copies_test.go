package lab

import (
	"fmt"
	"slices"
	"testing"
)

// verified sums the transport checksum as a receiver does (RFC 1071); ok is
// false where there is none to verify.
func verified(data []byte) (right, ok bool) {
	h, parsed := parseIP(data)
	at, has := sumField(h, data)
	if !parsed || !has || h.more || h.proto == protoUDP && data[at] == 0 && data[at+1] == 0 {
		return false, false
	}
	end := h.length
	if end == 0 {
		end = len(data)
	}
	upper := data[h.upper:end]
	sum := uint32(0)
	switch {
	case h.proto == protoICMP:
	case h.version == 6:
		sum = sumWords(data[8:40]) + uint32(len(upper)) + uint32(h.proto)
	default:
		sum = sumWords(data[12:20]) + uint32(len(upper)) + uint32(h.proto)
	}
	sum += sumWords(upper)
	if len(upper)%2 == 1 {
		sum += uint32(upper[len(upper)-1]) << 8
	}
	return fold(sum) == 0xFFFF, true
}

func TestCopiesHaveTheSumsOfTheirOriginals(t *testing.T) {
	for _, name := range []string{"many-flows", "v4-many-flows", "offload"} {
		for _, number := range []int{1, 77, 3000} {
			t.Run(fmt.Sprintf("%s/%d", name, number), func(t *testing.T) {
				packets := recording(t, name).Packets
				checkCopies(t, packets, NewCopier(packets), number)
			})
		}
	}
}

func checkCopies(t *testing.T, packets []Packet, c *Copier, number int) {
	t.Helper()
	whole, partial := 0, 0
	for i, p := range packets {
		data := slices.Clone(p.Data)
		c.Copy(i, number, data)
		before, hadSum := verified(p.Data)
		after, hasSum := verified(data)
		if before != after || hadSum != hasSum {
			t.Fatalf("packet %d: sum right before: %v, after: %v", i+1, before, after)
		}
		if before {
			whole++
		}
		if c.mode[i] == partialSum {
			partial++
			h, _ := parseIP(data)
			if at, _ := sumField(h, data); !isPartial(h, data, at) {
				t.Fatalf("packet %d: the partial sum is no longer that of the pseudo-header", i+1)
			}
		}
		if data[0]>>4 == 4 && fold(sumWords(data[:20])) != 0xFFFF {
			t.Fatalf("packet %d: the IPv4 header's sum is wrong", i+1)
		}
	}
	if whole+partial < len(packets)/2 {
		t.Errorf("only %d whole and %d partial sums in %d packets were seen", whole, partial, len(packets))
	}
}

func TestCopiesAreOtherFlows(t *testing.T) {
	packets := recording(t, "many-flows").Packets
	c := NewCopier(packets)
	flows := map[Flow]bool{}
	for _, p := range packets {
		flows[FlowOf(p.Data)] = true
	}
	for i, p := range packets {
		h, _ := parseIP(p.Data)
		if h.proto != protoTCP {
			continue
		}
		data := slices.Clone(p.Data)
		c.Copy(i, 5, data)
		if flows[FlowOf(data)] {
			t.Fatalf("packet %d: its copy is in a flow of the recording", i+1)
		}
	}
}

func TestCopyZeroIsThePacket(t *testing.T) {
	packets := recording(t, "reorder-light").Packets
	c := NewCopier(packets)
	for i, p := range packets {
		data := slices.Clone(p.Data)
		c.Copy(i, 0, data)
		if !slices.Equal(data, p.Data) {
			t.Fatalf("packet %d was changed", i+1)
		}
	}
}
