package browser

import "fmt"

// mostTabs is how often the tab key is pressed at most.
const mostTabs = 3000

// usable lists what the tab key must reach: what can be used or scrolled and is to be seen.
// What scrolls gets the focus only where there is something to scroll to.
const usable = `window.unreached = new Set([...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")]
	.filter((e) => e.checkVisibility() && !e.disabled && e.getClientRects().length > 0));
	window.unseen = new Set();
	window.visited = new Set();
	document.activeElement.blur();
	getSelection().removeAllRanges();
	return unreached.size;`

// reached says whether the tab key has come to something that it has not been on yet, and
// takes note of it.
const reached = `const at = document.activeElement;
	if (at === document.body || visited.has(at)) return false;
	visited.add(at);
	unreached.delete(at);
	const style = getComputedStyle(at);
	if (style.outlineStyle === "none" || parseFloat(style.outlineWidth) === 0) unseen.add(at);
	return true;`

// leftOver names what was not reached, and what has no outline while it has the focus.
const leftOver = `const named = (e) => e.outerHTML.slice(0, 100);
	return [...[...unreached].slice(0, 3).map((e) => "the tab key does not reach " + named(e)),
		...[...unseen].slice(0, 3).map((e) => "no outline shows the focus on " + named(e))];`

// Tabs presses the tab key until it has been everywhere in the page, and says what it did
// not reach, and where nothing shows the focus.
func (s *Session) Tabs() (wrong []string, err error) {
	var there int
	if err := s.Run(usable, &there); err != nil {
		return nil, err
	}
	if there > mostTabs {
		return nil, fmt.Errorf("%d things to use: more than %d", there, mostTabs)
	}
	for on := true; on; {
		if err := s.Press("Tab"); err != nil {
			return nil, err
		}
		if err := s.Run(reached, &on); err != nil {
			return nil, err
		}
	}
	err = s.Run(leftOver, &wrong)
	return wrong, err
}
