package render

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/mendcap/mendcap/report"
)

// manyEntries are captures of all outcomes, most of them with findings that remain.
func manyEntries(n int) []report.Entry {
	r := rand.New(rand.NewPCG(1, 2))
	entries := make([]report.Entry, n)
	for i := range entries {
		e := &entries[i]
		*e = report.Entry{Path: fmt.Sprintf("a/%07d.pcap", i), Output: fmt.Sprintf("a/%07d.mended.pcapng", i), Outcome: report.OutcomeRepaired}
		e.Packets, e.Before, e.After, e.Edited = 10, 5, 3, 2
		if v := report.Verdicts(); i%3 > 0 {
			e.ByVerdict = map[report.Verdict]int64{v[r.IntN(len(v))]: int64(r.IntN(50) + 1)}
			e.Worst = []report.Group{{Verdict: v[r.IntN(len(v))]}}
		}
		switch {
		case i%97 == 0:
			*e = report.Entry{Path: e.Path, Outcome: report.OutcomeFailed, Code: 4 + i%2, Error: "no usable capture"}
		case i%101 == 0:
			e.Outcome, e.Code, e.Damage = report.OutcomeDamaged, 3, 1
		}
	}
	return entries
}

// TestShortlistShowsTheSame as the whole batch, whether that has more captures than a page
// lists or not: it is what a merge of lots has instead.
func TestShortlistShowsTheSame(t *testing.T) {
	for _, n := range []int{5, mostListed + 1} {
		b := report.NewBatch(manyEntries(n), report.Skipped{Other: 3})
		s := NewShortlist()
		for i := range b.Captures {
			e := b.Captures[i]
			if err := s.Add(&e); err != nil {
				t.Fatal(err)
			}
		}
		short := s.Batch(&report.BatchHead{Totals: b.Totals, Skipped: b.Skipped})
		if most := 3*worstListed + shownFailed + 5; n > mostListed && len(short.Captures) > most {
			t.Errorf("%d captures: %d are kept, want at most %d", n, len(short.Captures), most)
		}
		for name, write := range map[string]func(*bytes.Buffer, *report.Batch) error{
			"page":     func(w *bytes.Buffer, b *report.Batch) error { return BatchHTML(w, b, BatchOptions{}) },
			"terminal": func(w *bytes.Buffer, b *report.Batch) error { return BatchTerminal(w, b, 80) },
		} {
			var got, whole bytes.Buffer
			if err := write(&got, short); err != nil {
				t.Fatal(err)
			}
			if err := write(&whole, b); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.Bytes(), whole.Bytes()) {
				t.Errorf("%d captures: the %s of the shortlist differs from that of all (%d and %d bytes)", n, name, got.Len(), whole.Len())
			}
			if name != "page" {
				continue
			}
			_, list, _ := strings.Cut(got.String(), `<h2 id="captures">`)
			want := n
			if n > mostListed {
				want = worstListed
			}
			if rows := strings.Count(list, `<td class="file">`); rows != want {
				t.Errorf("%d captures: the page lists %d of them, want %d", n, rows, want)
			}
		}
		if got, want := short.Code(), b.Code(); got != want {
			t.Errorf("%d captures: exit code %d, want %d", n, got, want)
		}
	}
}
