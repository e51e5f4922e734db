package judge

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/repair"
)

// rawSockets loads what raw sockets recorded, each beside its truth.
func rawSockets(t *testing.T) (trials []Trial) {
	t.Helper()
	truths, err := filepath.Glob(filepath.Join("..", "..", "..", "testdata", "recordings", "sockets", "raw-*.truth.pcapng.gz"))
	if err != nil || len(truths) == 0 {
		t.Fatalf("no recordings of raw sockets: %v", err)
	}
	for _, truth := range truths {
		path := strings.Replace(truth, ".truth", "", 1)
		name, _, _ := strings.Cut(filepath.Base(path), ".")
		trial, err := LoadSample(t.Context(), name, path, truth)
		if err != nil {
			t.Fatal(err)
		}
		trials = append(trials, trial)
	}
	return trials
}

// The recordings hold what they were made for: packets that came late, in another
// order than the truth's, and joined segments where there was GRO.
func TestRawSocketsAreRecordedBesideTheTruth(t *testing.T) {
	const mtu = 1500
	for _, trial := range rawSockets(t) {
		c := trial.Case
		joined, outbound, swapped, last := 0, 0, 0, -1
		for _, p := range trial.Degraded {
			place := c.table[p.Index].place
			if place < last {
				swapped++
			}
			if at := c.truth[place].Stamp; p.Stamp < at {
				t.Errorf("%s: a packet is stamped %d ns before the truth saw it", c.Name, at-p.Stamp)
			}
			last = place
			if p.Out {
				outbound++
			}
			if len(p.Data) > mtu && !reassembled(p.Data) {
				joined++
			}
		}
		if swapped == 0 {
			t.Errorf("%s: all packets stand in the true order, want some that don't", c.Name)
		}
		if got, want := outbound == 0, strings.HasPrefix(c.Name, "raw-inbound"); got != want {
			t.Errorf("%s: inbound alone: got %t, want %t", c.Name, got, want)
		}
		if got, want := joined > 0, withGRO[c.Name]; got != want {
			t.Errorf("%s: %d joined segments, want some: %t", c.Name, joined, want)
		}
	}
}

// withGRO are the recordings of a device that joins segments.
var withGRO = map[string]bool{"raw-flows-held": true, "raw-gro": true, "raw-gro-held": true, "raw-inbound": true, "raw-v4-gro": true}

// reassembled reports whether an IPv6 packet is no TCP segment: one that is longer than
// the MTU was reassembled of fragments.
func reassembled(ip []byte) bool {
	const protoTCP = 6
	return ip[0]>>4 == 6 && ip[6] != protoTCP
}

// With complete tables every header is inferred and right; with half of them or
// none it is right or open.
func TestRawSocketsGetTheirHeadersBack(t *testing.T) {
	for _, trial := range rawSockets(t) {
		for _, trial.Tables = range []string{"all", "half", "none"} {
			next, destination := trial.headers(t)
			if wrong := next.Wrong + destination.Wrong; wrong > 0 {
				t.Errorf("%s, tables %s: %d fields are wrong, want none", trial.Case.Name, trial.Tables, wrong)
			}
			if open := next.Unknown + destination.Unknown; trial.Tables == "all" && open > 0 {
				t.Errorf("%s, complete tables: %d fields are open, want none", trial.Case.Name, open)
			}
			if all, want := next.Right+next.Unknown+next.Wrong, trial.headerless(); all != want {
				t.Errorf("%s, tables %s: %d headers judged, want %d", trial.Case.Name, trial.Tables, all, want)
			}
		}
	}
}

// headerless is how many packets came without header.
func (t Trial) headerless() (n int) {
	for _, p := range t.Degraded {
		if p.Data[0]>>4 == 6 {
			n++
		}
	}
	return n
}

// headers repairs the file and sets the headers beside the true ones, without tshark.
func (t Trial) headers(test *testing.T) (next, destination Tally) {
	test.Helper()
	out, err := t.repairFile(test.Context(), test.TempDir())
	if err != nil {
		test.Fatal(err)
	}
	repaired, err := withHeaders(out)
	if err != nil {
		test.Fatal(err)
	}
	truth := new(File)
	for _, p := range t.Case.truth {
		truth.addHeader(lab.LinkRaw, p.Data)
	}
	places, _ := repaired.match(truth)
	var s Score
	for i, place := range places {
		if place < 0 {
			test.Fatalf("%s, packet %d of the repaired file: not in the truth", t.Case.Name, i+1)
		}
		s.judgeHeader(truth.rows[place], repaired.rows[i])
	}
	return s.NextHeader, s.Destination
}

// withHeaders reads a file of IP packets, without tshark.
func withHeaders(path string) (*File, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	f := new(File)
	return f, lab.EachPacket(file, func(b *capture.Block) error {
		f.addHeader(b.Interface.LinkType, b.Data)
		return nil
	})
}

func (f *File) addHeader(link uint16, ip []byte) {
	row := Row{NextHeader: -1}
	if ip[0]>>4 == 6 {
		row.NextHeader, row.Dst = int(ip[6]), netip.AddrFrom16([16]byte(ip[24:40]))
	}
	f.rows, f.ids = append(f.rows, row), append(f.ids, identify(link, ip))
}

// No packet is lost or changed, and there are no more flags than before that the truth
// doesn't have. With one direction alone nothing proves an order, and nothing moves.
func TestRawSocketsAreNotMadeWorse(t *testing.T) {
	for _, trial := range rawSockets(t) {
		s, err := trial.Direct()
		if err != nil {
			t.Fatal(err)
		}
		name := trial.Case.Name
		if s.Lost+s.Added+s.Changed > 0 {
			t.Errorf("%s: %d packets lost, %d added, %d changed, want none", name, s.Lost, s.Added, s.Changed)
		}
		if s.SpuriousBefore == 0 || s.SpuriousAfter > s.SpuriousBefore {
			t.Errorf("%s: %d flags that the truth does not have before, %d after, want some and no more", name, s.SpuriousBefore, s.SpuriousAfter)
		}
		if s.Order.InvertedAfter > s.Order.InvertedBefore {
			t.Errorf("%s: %d wrong neighbours before, %d after, want no more", name, s.Order.InvertedBefore, s.Order.InvertedAfter)
		}
		if inbound := strings.HasPrefix(name, "raw-inbound"); inbound && s.Order.Touched > 0 {
			t.Errorf("%s: %d packets moved, want none", name, s.Order.Touched)
		}
	}
}

// What was repaired stays as it is when it is repaired again.
func TestRawSocketsAreRepairedOnce(t *testing.T) {
	for _, trial := range rawSockets(t) {
		trial.Tables = "all"
		out, err := trial.repairFile(t.Context(), t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		same, err := Unharmed(t.Context(), out, t.TempDir(), repair.Options{})
		if err != nil || !same {
			t.Errorf("%s: repaired again it differs (error %v)", trial.Case.Name, err)
		}
	}
}
