package page

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/mendcap/mendcap/internal/lab/browser"
	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/render"
)

// The bar of the page of a batch of 10,000 captures.
const (
	mostBatchBytes = 5_000_000
	mostKeystroke  = 100 * time.Millisecond
)

// typed is what is typed into the filter, a key after the other: of all captures, fewer
// and fewer are left; the last word finds none.
const typed = "site-1 2026 eth0 7 x"

// measureBatch makes the page of a batch of so many captures, and measures it.
func measureBatch(ctx context.Context, captures int) (missed, err error) {
	var page bytes.Buffer
	link := func(e *report.Entry) string { return "out/" + e.Output }
	if err := render.BatchHTML(&page, summary(captures), render.BatchOptions{Link: link}); err != nil {
		return nil, err
	}
	s, err := browser.Start(ctx)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	fmt.Printf("page      %.2f MB for %d captures\n", float64(page.Len())/1e6, captures)
	opened, err := s.Show(page.Bytes())
	if err != nil {
		return nil, err
	}
	fmt.Printf("opened    loaded and laid out after %d ms by the browser's clock\n", opened.Milliseconds())
	keys, worked, err := keystrokes(s)
	if err != nil {
		return nil, err
	}
	least, middle, most := spread(keys)
	fmt.Printf("keystroke the list is on the screen after %v to %v, the middle of %d %v\n", least, most, len(keys), middle)
	least, middle, busiest := spread(worked)
	fmt.Printf("          processor time of the page's main thread for each: %v to %v, the middle %v\n", least, busiest, middle)
	var all []error
	if page.Len() > mostBatchBytes {
		all = append(all, fmt.Errorf("a page of %d bytes, want at most %d", page.Len(), mostBatchBytes))
	}
	if most > mostKeystroke {
		all = append(all, fmt.Errorf("a keystroke took %v, want at most %v", most, mostKeystroke))
	}
	if len(s.Complaints) > 0 {
		all = append(all, fmt.Errorf("the browser says %q", s.Complaints))
	}
	return errors.Join(all...), nil
}

// watchKeys takes the time from each event until the frame after it has been painted. The
// event's own time is that at which the browser got the key.
const watchKeys = `window.keys = [];
	const field = document.querySelector(".captures .choose input");
	field.addEventListener("input", (event) => requestAnimationFrame(() => setTimeout(() => keys.push(performance.now() - event.timeStamp))), true);
	field.focus();`

// keystrokes types into the filter, and takes it back. It returns how long each key took,
// and how long the page's main thread worked for it, both sorted.
func keystrokes(s *browser.Session) (took, worked []time.Duration, err error) {
	if err := s.Run(watchKeys, nil); err != nil {
		return nil, nil, err
	}
	const wait = `for (;;) { if (keys.length > %d) return keys[%d]; await new Promise((done) => setTimeout(done, 5)); }`
	for i := range 2 * len(typed) {
		key := "Backspace"
		if i < len(typed) {
			key = typed[i : i+1]
		}
		before, err := s.Worked()
		if err != nil {
			return nil, nil, err
		}
		if err := s.Press(key); err != nil {
			return nil, nil, err
		}
		var ms float64
		if err := s.Run(fmt.Sprintf(wait, i, i), &ms); err != nil {
			return nil, nil, err
		}
		after, err := s.Worked()
		if err != nil {
			return nil, nil, err
		}
		took = append(took, time.Duration(ms*float64(time.Millisecond)).Round(time.Millisecond))
		worked = append(worked, (after - before).Round(time.Millisecond))
	}
	slices.Sort(took)
	slices.Sort(worked)
	return took, worked, nil
}

// summary is that of a batch, of captures as a watch on some sites would have them.
func summary(captures int) *report.Batch {
	var entries []report.Entry
	verdicts := report.Verdicts()
	for i := range captures {
		n := int64(i)
		name := fmt.Sprintf("archive/site-%d/2026/%02d/%02d/eth%d-%06d.pcapng", i%40, i%12+1, i%28+1, i%4, i)
		e := report.Entry{
			Path: name, Output: name + ".mended.pcapng", Outcome: report.Outcomes()[i%5], Format: "pcapng",
			Counts: report.Counts{
				Packets: 1_000 + 37*n, Bytes: 900_000 + 7919*n, Edited: n % 300, Moved: n % 1_700, Before: n % 2_100, After: n % 900,
				ByVerdict: map[report.Verdict]int64{verdicts[i%len(verdicts)]: n%97 + 1, verdicts[(i/7)%len(verdicts)]: n%13 + 1},
			},
		}
		if e.Outcome == report.OutcomeFailed {
			e.Code, e.Error, e.Output = 4, "no usable capture: the file is cut short", ""
		}
		entries = append(entries, e)
	}
	return report.NewBatch(entries, report.Skipped{})
}
