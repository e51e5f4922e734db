package report

import (
	"bytes"
	"errors"
	"io"
	"net/netip"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// Summaries of lots make that of their batch, text and all: whichever lot a capture is in.
func TestLotsMakeTheBatch(t *testing.T) {
	whole := sampleBatch()
	for _, cut := range []int{0, 1, 3, len(whole.Captures)} {
		head := NewBatchHead()
		var entries []*Entry
		for lot, b := range []*Batch{NewBatch(whole.Captures[:cut], Skipped{Other: 7, Own: 2}), NewBatch(whole.Captures[cut:], Skipped{Excluded: 1, Links: 1, Special: 3})} {
			var text bytes.Buffer
			if err := WriteLot(&text, lot, b); err != nil {
				t.Fatal(err)
			}
			l, err := NewLotReader(&text)
			if err != nil {
				t.Fatal(err)
			}
			if l.Lot != lot || len(b.Captures) > 0 && l.First != b.Captures[0].Path {
				t.Errorf("head: got %+v", l.LotHead)
			}
			head.Add(&l.LotHead)
			for {
				e, err := l.Next()
				if err == io.EOF {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				entries = append(entries, e)
			}
		}
		if diff := cmp.Diff(whole.Totals, head.Totals); diff != "" {
			t.Errorf("cut at %d: totals (-whole +got):\n%s", cut, diff)
		}
		var got, want bytes.Buffer
		w, err := NewBatchWriter(&got, head)
		for i, e := range entries {
			head.KeepWorst(e)
			if diff := cmp.Diff(whole.Captures[i], *e, cmpopts.EquateComparable(netip.AddrPort{}), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("cut at %d: entry %d (-whole +got):\n%s", cut, i, diff)
			}
			err = errors.Join(err, w.Add(e))
		}
		if err := errors.Join(err, w.Close(), whole.WriteJSON(&want)); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.String(), got.String()); diff != "" {
			t.Errorf("cut at %d: JSON (-whole +got):\n%s", cut, diff)
		}
	}
}

// What is no summary of a lot, or a part of one, is refused.
func TestLotsThatAreRefused(t *testing.T) {
	var whole bytes.Buffer
	if err := WriteLot(&whole, 3, sampleBatch()); err != nil {
		t.Fatal(err)
	}
	change := func(of, to string) string { // in the head, which comes first
		at := regexp.MustCompile(of).FindStringIndex(whole.String())
		return whole.String()[:at[0]] + to + whole.String()[at[1]:]
	}
	for name, text := range map[string]string{
		"nothing": "", "words": "words\n", "a batch": `{"schema":"mendcap.batch/1"}` + "\n", "no line feed": strings.TrimSuffix(whole.String(), "\n"),
		"cut": whole.String()[:whole.Len()/2], "more": whole.String() + "{}\n", "long": strings.Repeat(" ", longestLine+1),
		"fewer captures": change(`"captures":\d+`, `"captures":0`), "less than none": change(`"captures":\d+`, `"captures":-1`), "other totals": change(`"packets":\d+`, `"packets":-9`), "other outcomes": change(`"byOutcome":{`, `"byOutcome":{"x":1,`),
	} {
		l, err := NewLotReader(strings.NewReader(text))
		for err == nil {
			_, err = l.Next()
		}
		if !errors.Is(err, ErrLot) {
			t.Errorf("%s: got %v, want %v", name, err, ErrLot)
		}
	}
}
