package main

import (
	"strings"
	"testing"

	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/internal/lab/judge"
)

// good is a row that meets all bars.
func good() result {
	return result{name: "lossy", degradation: lab.Degradation{Name: "rawsocket", ResponseFirst: .5}, trueKept: true, score: judge.Score{
		Packets: 2000, IPv6: 2000, NextHeader: judge.Tally{Right: 2000}, Destination: judge.Tally{Right: 1995, Unknown: 5},
		SpuriousBefore: 100, SpuriousAfter: 20, Genuine: 100, Kept: 96,
	}}
}

func TestBars(t *testing.T) {
	tests := []struct {
		name   string
		change func(*result)
		want   string // of the one line; "" for none
	}{
		{"all met", func(*result) {}, ""},
		{"a packet lost", func(r *result) { r.score.Lost = 1 }, "1 packets lost"},
		{"a packet changed", func(r *result) { r.score.Changed = 1 }, "1 changed"},
		{"a true capture changed", func(r *result) { r.trueKept = false }, "did not leave as it came"},
		{"next header unknown", func(r *result) { r.score.NextHeader = judge.Tally{Right: 1990, Unknown: 10} }, "next header right on 99.50"},
		{"destination wrong", func(r *result) { r.score.Destination = judge.Tally{Right: 1999, Wrong: 1} }, "destination wrong on 1"},
		{"too many flags left", func(r *result) { r.score.SpuriousAfter = 30 }, "fell by 70.00"},
		{"genuine flags gone", func(r *result) { r.score.Kept = 90 }, "kept: 90.00"},
		{"headers of the offloaded one", func(r *result) { r.name, r.score.Destination.Right = offloaded, 0 }, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := good()
			test.change(&r)
			got := strings.Join(bars([]result{r}, options{tables: "all"}), "; ")
			if test.want == "" && got != "" || !strings.Contains(got, test.want) {
				t.Errorf("got %q, want %q in it", got, test.want)
			}
		})
	}
}

func TestOrderBars(t *testing.T) {
	tests := []struct {
		name   string
		change func(*result)
		want   string // of the one line; "" for none
	}{
		{"all met", func(*result) {}, ""},
		{"a true capture changed", func(r *result) { r.trueKept = false }, "did not leave as it came"},
		{"too many flags left in a cell", func(r *result) { r.score.SpuriousAfter = 11 }, "lossy, rawsocket: 11 flags that the truth does not have, want at most 10"},
		{"too many flags left in sum", func(r *result) { r.score.SpuriousBefore, r.score.SpuriousAfter = 99, 1 }, "1 of 99 flags"},
		{"genuine flags gone", func(r *result) { r.score.Kept = 994 }, "99.40 % of the genuine flags"},
		{"pairs harmed", func(r *result) { r.score.Order.Harmed = 11 }, "11 of 1000000 pairs"},
		{"times missed", func(r *result) { r.score.Held = 989 }, "98.90 % of the intervals"},
		{"moved without need", func(r *result) { r.degradation.ResponseFirst, r.score.Order.Touched = 0, 1 }, "yet 1 packets have another place"},
		{"moved with need", func(r *result) { r.score.Order.Touched = 1 }, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := good()
			r.score.SpuriousBefore, r.score.SpuriousAfter = 1000, 1
			r.score.Genuine, r.score.Kept, r.score.Times, r.score.Held = 1000, 995, 1000, 990
			r.score.Order.Pairs, r.score.Order.Harmed = 1e6, 10
			test.change(&r)
			got := strings.Join(orderBars([]result{r}), "; ")
			if test.want == "" && got != "" || !strings.Contains(got, test.want) {
				t.Errorf("got %q, want %q in it", got, test.want)
			}
		})
	}
}

func TestUndegradedBars(t *testing.T) {
	all := []undegraded{{name: "a"}, {name: "b", moved: 2}, {name: "c", refused: true}}
	if got := strings.Join(undegradedBars(all), "; "); got != "b was not degraded, yet 2 packets moved" {
		t.Errorf("got %q", got)
	}
}

func TestRawcapBars(t *testing.T) {
	before := tally{sum: 5000, inversions: 2000}
	tests := []struct {
		name          string
		with, without tally
		want          int
	}{
		{"met", tally{sum: 50, inversions: 20}, tally{sum: 5000, inversions: 2000}, 0},
		{"flags left", tally{sum: 51}, tally{}, 1},
		{"inversions left", tally{inversions: 21}, tally{}, 1},
		{"worse without the law", tally{}, tally{inversions: 2001}, 1},
	}
	for _, test := range tests {
		if got := rawcapBars([]tally{before, test.with, test.without}); len(got) != test.want {
			t.Errorf("%s: got %q, want %d lines", test.name, got, test.want)
		}
	}
}
