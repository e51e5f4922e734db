package pipeline

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/mendcap/mendcap/internal/lab/flood"
)

// mostSteps is how many steps a packet may take, on average, in loops whose length
// a capture decides. The worst of the floods takes 1,204, of any length.
const mostSteps = 2000

// counted is what a check of a flood comes to.
type counted struct {
	packets, steps int64
	notes          []string
}

// checked checks a flood, and counts.
func checked(t testing.TB, r flood.Recipe) counted {
	t.Helper()
	var in bytes.Buffer
	if err := r.Write(&in); err != nil {
		t.Fatal(err)
	}
	j, err := newJob("-", "-", Options{Stdin: &in})
	if err != nil {
		t.Fatal(err)
	}
	if err := j.run(context.Background(), (*job).rehearse); err != nil {
		t.Fatal(err)
	}
	return counted{j.facts.packets, j.steps, j.report.Notes}
}

// holds reports steps that are too many.
func (c counted) holds(t testing.TB, name string) {
	t.Helper()
	if c.steps > mostSteps*c.packets {
		t.Errorf("%s: %d packets take %d steps, %d each, want at most %d", name, c.packets, c.steps, c.steps/c.packets, mostSteps)
	}
}

// floods are all kinds, or some of them in a short test.
func floods() (kinds []flood.Kind) {
	every := 3
	if testing.Short() {
		every = 53
	}
	for n, k := range flood.Kinds() {
		if n%every == 0 {
			kinds = append(kinds, k)
		}
	}
	return kinds
}

// TestFloodsTakeBoundedSteps: what grew with the square of the packets took a
// thousand times as many.
func TestFloodsTakeBoundedSteps(t *testing.T) {
	for n, k := range floods() {
		k.Recipe.Packets = 1500
		if n%20 == 0 {
			k.Recipe.Packets = 12_000 // beyond all that looks back so far
		}
		c := checked(t, k.Recipe)
		if c.packets != int64(k.Recipe.Packets) {
			t.Errorf("%s: got %d packets, want %d", k.Name, c.packets, k.Recipe.Packets)
		}
		c.holds(t, k.Name)
	}
}

// TestWhatIsGivenUpIsNoted holds the report to saying so, once each.
func TestWhatIsGivenUpIsNoted(t *testing.T) {
	wants := map[string][]string{
		"random numbers one way":   {"fewer of the packets before", "judged before all evidence"},
		"random numbers both ways": {"order has forgotten ranges"},
		"random SACK blocks":       {"holes of 1 connection were forgotten"},
		"addresses of few sums":    {"only some of the addresses that fit a checksum were looked at"},
	}
	for _, k := range flood.Kinds() {
		if wants[k.Name] == nil {
			continue
		}
		k.Recipe.Packets = 12_000
		notes := checked(t, k.Recipe).notes
		for _, want := range wants[k.Name] {
			found := 0
			for _, n := range notes {
				if strings.Contains(n, want) {
					found++
				}
			}
			if found != 1 {
				t.Errorf("%s: got notes %q, want one with %q", k.Name, notes, want)
			}
		}
	}
	quiet := flood.Quiet().Recipe
	quiet.Packets = 12_000
	if notes := checked(t, quiet).notes; len(notes) > 0 {
		t.Errorf("quiet: got notes %q, want none", notes)
	}
}

// FuzzSteps mixes floods of any fields, and counts steps: time tells little where
// others work too.
func FuzzSteps(f *testing.F) {
	for n, k := range flood.Kinds() {
		if n%7 != 0 && len(k.Recipe.Choices) < 2 {
			continue
		}
		var choices []byte
		for _, c := range k.Recipe.Choices {
			choices = append(choices, byte(c.Field), byte(c.Pattern))
		}
		f.Add(k.Recipe.Seed, uint16(600), byte(k.Recipe.Form), k.Recipe.Disordered, k.Recipe.OneWay, k.Recipe.Jump, choices)
	}
	f.Fuzz(func(t *testing.T, seed uint64, packets uint16, form byte, disordered, oneWay, jump bool, choices []byte) {
		r := flood.Recipe{Packets: 1 + int(packets)%6000, Seed: seed, Form: flood.Form(form) % flood.Forms, Disordered: disordered, OneWay: oneWay, Jump: jump}
		for ; len(choices) > 1 && len(r.Choices) < 2*len(flood.Fields()); choices = choices[2:] {
			r.Choices = append(r.Choices, flood.Choice{Field: int(choices[0]) % len(flood.Fields()), Pattern: flood.Pattern(choices[1]) % flood.Patterns})
		}
		c := checked(t, r)
		c.packets += firstPackets
		c.holds(t, "flood")
	})
}

// firstPackets is how many packets' steps a capture has saved up before it begins:
// diagnosis lends a connection some.
const firstPackets = 100
