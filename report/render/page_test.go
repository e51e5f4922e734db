package render_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mendcap/mendcap/internal/lab/browser"
	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/render"
)

// page renders stored reports, as golden files hold them.
func page(t *testing.T, change func(*report.Report)) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "testdata", "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	var r report.Report
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(&r)
	}
	var buf bytes.Buffer
	w, err := render.NewWriter(render.HTML, &buf, render.WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Add(&r), w.Close()); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func visit(t *testing.T, page []byte, script string) *browser.Visit {
	t.Helper()
	v, err := browser.Open(t.Context(), page, script)
	if errors.Is(err, browser.ErrMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if len(v.Console) > 0 {
		t.Errorf("the browser complains: %q", v.Console)
	}
	if len(v.Resources) > 0 {
		t.Errorf("the page loads %q, want nothing", v.Resources)
	}
	return v
}

// TestPageChoosesFindings clicks a tile and types words: of the findings those rows stay
// that have the verdict and the words. A picture leads to its connection's row and back,
// and on a narrow screen nothing is wider than it.
func TestPageChoosesFindings(t *testing.T) {
	v := visit(t, page(t, nil), `
		const rows = [...document.querySelectorAll(".finds tbody tr")];
		const shown = () => rows.filter((row) => row.offsetParent !== null).length;
		const said = {all: shown() === rows.length && rows.length > 1};
		const tile = [...document.querySelectorAll(".tiles li")].find((t) => t.className === "v-artefact").querySelector("button");
		tile.click();
		said.pressed = tile.getAttribute("aria-pressed");
		said.verdict = shown() > 0 && rows.every((row) => (row.offsetParent !== null) === (row.querySelector(".tag.v-artefact") !== null));
		tile.click();
		const field = document.querySelector(".choose input");
		field.value = "no such words";
		field.dispatchEvent(new Event("input"));
		said.none = shown();
		field.value = "";
		field.dispatchEvent(new Event("input"));
		said.again = shown() === rows.length;
		const graph = document.querySelector("details.flow");
		const row = document.getElementById(graph.querySelector("a").hash.slice(1));
		said.back = row.querySelector("a").hash === "#" + graph.id;
		said.contents = [...document.querySelectorAll(".contents a")].every((a) => document.getElementById(a.hash.slice(1)) !== null);
		said.cells = rows[0].cells[0].dataset.name;
		return said;`)
	var got map[string]any
	if err := json.Unmarshal([]byte(v.Said), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"all": true, "pressed": "true", "verdict": true, "none": 0.0, "again": true, "back": true, "contents": true, "cells": "frame",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("in the browser (-want +got):\n%s", diff)
	}
}

// The display filter has a button that copies it.
func TestPageCopiesTheFilter(t *testing.T) {
	text := page(t, func(r *report.Report) {
		r.Findings = report.Findings{Total: 1, ByVerdict: map[report.Verdict]int64{report.Loss: 1}, List: []report.Finding{{Frame: 3, FrameAfter: 2, Flag: "retransmission", Verdict: report.Loss}}}
	})
	v := visit(t, text, `
		let copied = "";
		Object.defineProperty(navigator, "clipboard", {value: {writeText: (text) => { copied = text; }}});
		const label = [...document.querySelectorAll(".facts dt")].find((dt) => dt.textContent === "Filter");
		label.nextElementSibling.querySelector("button.copy").click();
		return copied;`)
	if want := `"frame.number in {2}"`; v.Said != want {
		t.Errorf("got %s, want %s", v.Said, want)
	}
}

// TestPageInABrowser sorts tables by clicks and looks at what the browser has
// made of the pictures.
func TestPageInABrowser(t *testing.T) {
	text := page(t, func(r *report.Report) {
		for i, n := range []int64{9, 100, 20} {
			r.Flows.List = append(r.Flows.List, report.Flow{Name: fmt.Sprintf("flow %d", i), Packets: n})
		}
	})
	v := visit(t, text, `
		const table = document.querySelector("#flows-1 ~ .scroll table");
		const column = (i) => [...table.tBodies[0].rows].map((row) => row.cells[i].textContent);
		const heads = [...table.tHead.rows[0].cells];
		const said = {asGiven: column(1)};
		heads[1].querySelector("button").click();
		said.falling = column(1);
		said.fallingState = heads[1].getAttribute("aria-sort");
		heads[1].querySelector("button").click();
		said.rising = column(1);
		said.risingState = heads[1].getAttribute("aria-sort");
		heads[0].querySelector("button").focus();
		said.keyboard = document.activeElement === heads[0].querySelector("button");
		heads[0].querySelector("button").click();
		said.names = column(0).slice(-3);
		said.cleared = heads[1].hasAttribute("aria-sort");
		said.graphs = document.querySelectorAll("svg.seq[role=img][aria-label]").length;
		said.marks = [...document.querySelectorAll("g[data-f] title")].map((t) => t.textContent);
		said.drawn = [...document.querySelectorAll("svg.seq path.data")].every((p) => p.getTotalLength() > 0);
		said.headings = [...document.querySelectorAll("h1, h2")].map((h) => h.textContent);
		said.unnamed = [...document.querySelectorAll("section, [role=group], svg[role=img]")].filter((e) =>
			!e.getAttribute("aria-label") && !document.getElementById(e.getAttribute("aria-labelledby"))).length;
		said.wider = document.documentElement.scrollWidth > document.documentElement.clientWidth;
		return said;`)
	var got map[string]any
	if err := json.Unmarshal([]byte(v.Said), &got); err != nil {
		t.Fatal(err)
	}
	mark := "Frame 3, 2 in the repaired capture; bytes 1449 to 2897; moved by 300 ns; retransmission (artefact)"
	want := map[string]any{
		"asGiven": []any{"4,000", "9", "100", "20"},
		"falling": []any{"4,000", "100", "20", "9"}, "fallingState": "descending",
		"rising": []any{"9", "20", "100", "4,000"}, "risingState": "ascending",
		"names": []any{"flow 0", "flow 1", "flow 2"}, "keyboard": true, "cleared": false,
		"graphs": 2.0, "marks": []any{mark, mark}, "drawn": true, "unnamed": 0.0, "wider": false,
		"headings": []any{
			`office\u202e.pcapng`, "Still there", "Over time", "Connections, worst first", "Connections in pictures", "How far packets were moved", "Flags of the analyser", "Repaired",
			"What the capture missed", "Overflows", "Laws of order", "IPv6 headers", "Network tables", "Interfaces", "Notes",
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("in the browser (-want +got):\n%s", diff)
	}
}

// TestHostilePageInABrowser lets a browser read a page whose texts try to
// become markup: nothing runs, and nothing is added.
func TestHostilePageInABrowser(t *testing.T) {
	const evil = `</title></script></style>--><script>document.body.dataset.evil=1</script><img src=x onerror="document.body.dataset.evil=2"><a href="javascript:x">`
	count := `return [document.body.dataset.evil ?? "", document.querySelectorAll("script").length, document.images.length,
		document.querySelectorAll("a[href^='javascript']").length, document.querySelectorAll("style").length];`
	zoned := netip.AddrPortFrom(netip.MustParseAddr("fe80::1").WithZone(evil), 80)
	flow := report.Endpoints{Source: zoned, Destination: zoned}
	text := page(t, func(r *report.Report) {
		r.Capture.Name, r.Notes, r.Capture.Format, r.Output.Name = evil, []string{evil}, evil, evil
		r.Findings.ByVerdict[evil] = 3
		r.Timeline.ByVerdict[evil] = []int64{1, 2, 3, 4, 5}
		r.Order.Local, r.Order.ByLaw[evil] = []netip.Addr{netip.MustParseAddr("fe80::1").WithZone(evil)}, report.Law{Moved: 1}
		for i := range r.Findings.List {
			f := &r.Findings.List[i]
			f.Flow, f.Flag, f.Verdict, f.Evidence, f.Detail = flow, evil, evil, evil, evil
		}
		f := &r.Flows.List[0]
		f.Name, f.ByVerdict[evil], f.Graph.Direction = evil, 2, flow
		for i := range f.Graph.Points {
			f.Graph.Points[i].Flags, f.Graph.Points[i].Verdicts = []string{evil}, []report.Verdict{evil}
		}
	})
	v := visit(t, text, count)
	if want := `["",2,0,0,1]`; v.Said != want { // the probe is the second script
		t.Errorf("got %s, want %s", v.Said, want)
	}
}

// TestBatchPageInABrowser filters and sorts the list of a batch, of which only the first
// captures are shown, by keys and by the list of columns that narrow screens have.
func TestBatchPageInABrowser(t *testing.T) {
	var entries []report.Entry
	for i := range 60 {
		e := report.Entry{Path: fmt.Sprintf("site-%d/%02d.pcap", i%2, i), Outcome: report.OutcomeRepaired}
		e.Packets, e.ByVerdict = int64(i+1)*1000, map[report.Verdict]int64{report.Loss: int64(60 - i)}
		entries = append(entries, e)
	}
	entries[7].Outcome, entries[7].Error, entries[7].Code = report.OutcomeFailed, "cut", 4
	var buf bytes.Buffer
	if err := render.BatchHTML(&buf, report.NewBatch(entries, report.Skipped{}), render.BatchOptions{}); err != nil {
		t.Fatal(err)
	}
	v := visit(t, buf.Bytes(), `
		const body = document.querySelector(".captures tbody");
		const names = () => [...body.rows].filter((row) => row.offsetParent !== null).map((row) => row.cells[0].textContent);
		const output = document.querySelector(".choose output");
		const more = document.querySelector(".more");
		const field = document.querySelector(".choose input");
		const type = (text) => { field.value = text; field.dispatchEvent(new Event("input")); };
		const said = {first: names().slice(0, 2), shown: names().length, more: more.textContent};
		type("SITE-1 4");
		said.found = names();
		said.count = output.textContent;
		type("");
		more.click();
		said.all = names().length;
		type("");
		const sorting = document.querySelector(".order select");
		said.columns = [...sorting.options].map((o) => o.textContent);
		sorting.value = said.columns.indexOf("packets") - 1;
		sorting.dispatchEvent(new Event("change"));
		said.most = names()[0];
		document.querySelector(".turn").click();
		said.least = names()[0];
		said.state = document.querySelector("th[aria-sort]").textContent + " " + document.querySelector("th[aria-sort]").getAttribute("aria-sort");
		[...document.querySelectorAll(".tiles button")].find((b) => b.querySelector(".name").textContent === "failed").click();
		said.failed = names();
		said.wider = document.documentElement.scrollWidth > document.documentElement.clientWidth;
		return said;`)
	var got map[string]any
	if err := json.Unmarshal([]byte(v.Said), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"first": []any{"site-1/07.pcap", "site-0/00.pcap"}, "shown": 25.0, "more": "Show all 60",
		"found": []any{"site-1/41.pcap", "site-1/43.pcap", "site-1/45.pcap", "site-1/47.pcap", "site-1/49.pcap"}, "count": "5 of 60 captures",
		"all":     60.0,
		"columns": []any{"what remains", "capture", "outcome", "loss", "flags before", "after", "edited", "moved", "packets", "bytes", "output"},
		"most":    "site-1/59.pcap", "least": "site-0/00.pcap", "state": "packets ascending", "failed": []any{"site-1/07.pcap"}, "wider": false,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("in the browser (-want +got):\n%s", diff)
	}
}

// TestPagesByKeyboard presses the tab key in a narrow window: it reaches whatever can be
// used in the page of a capture and in that of a batch, and the focus is to be seen. No page
// is wider than the window.
func TestPagesByKeyboard(t *testing.T) {
	if testing.Short() {
		t.Skip("it presses many keys")
	}
	s, err := browser.Start(t.Context())
	if errors.Is(err, browser.ErrMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.View(400, 900, "light"); err != nil {
		t.Fatal(err)
	}
	var batch bytes.Buffer
	one := report.NewBatch([]report.Entry{{Path: "one.pcap", Outcome: report.OutcomeIntact}}, report.Skipped{})
	if err := render.BatchHTML(&batch, one, render.BatchOptions{}); err != nil {
		t.Fatal(err)
	}
	for name, page := range map[string][]byte{"capture": page(t, nil), "batch": batch.Bytes()} {
		if _, err := s.Show(page); err != nil {
			t.Fatal(err)
		}
		wrong, err := s.Tabs()
		if err != nil {
			t.Fatal(err)
		}
		var wider int
		if err := s.Run("return document.documentElement.scrollWidth - document.documentElement.clientWidth", &wider); err != nil || wider > 0 {
			t.Errorf("%s: wider than the window by %d pixels, %v", name, wider, err)
		}
		if wrong = append(wrong, s.Complaints...); len(wrong) > 0 {
			t.Errorf("%s: %q", name, wrong)
		}
	}
}

// TestCardsAreSorted: on a narrow screen, where rows are cards, the names of the columns are
// above them and sort them.
func TestCardsAreSorted(t *testing.T) {
	s, err := browser.Start(t.Context())
	if errors.Is(err, browser.ErrMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	text := page(t, func(r *report.Report) {
		for i, n := range []int64{9, 100, 20} {
			r.Flows.List = append(r.Flows.List, report.Flow{Name: fmt.Sprintf("flow %d", i), Packets: n})
		}
	})
	for _, width := range []int{400, 800, 1200} {
		if err := s.View(width, 900, "light"); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Show(text); err != nil {
			t.Fatal(err)
		}
		var got struct{ Tables, Unseen, Wider, Falling int }
		err := s.Run(`
			const said = {Tables: 0, Unseen: 0, Falling: 0, Wider: document.documentElement.scrollWidth - document.documentElement.clientWidth};
			for (const table of document.querySelectorAll("table.sorts")) {
				said.Tables++;
				for (const button of table.querySelectorAll("th button")) if (!button.checkVisibility() || button.offsetHeight === 0) said.Unseen++;
			}
			const flows = document.querySelector("#flows-1 ~ .scroll table");
			flows.tHead.rows[0].cells[1].querySelector("button").click();
			const tops = [...flows.tBodies[0].rows].map((row) => [row.getBoundingClientRect().top, row.cells[1].textContent]);
			if (tops.map(([, packets]) => packets).join() === "4,000,100,20,9" && tops.every(([top], i) => i === 0 || tops[i - 1][0] < top)) said.Falling++;
			return said;`, &got)
		if err != nil || got.Tables < 3 || got.Unseen > 0 || got.Wider > 0 || got.Falling != 1 {
			t.Errorf("%d pixels: got %+v, %v; want several tables, all names to be seen, nothing too wide, and connections by their packets", width, got, err)
		}
	}
	if len(s.Complaints) > 0 {
		t.Errorf("the browser complains: %q", s.Complaints)
	}
}
