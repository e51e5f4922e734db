package pipeline

import "github.com/mendcap/mendcap/reorder"

// pageUnits is how many units a page of pending holds, and sparePages how many pages
// without units are kept: as many as a full window has.
const (
	pageUnits  = 64
	sparePages = reorder.DefaultWindow / pageUnits
)

// pending are the packets that the orderer has in its hands, by the index that it gave
// them. One that waits long keeps nothing of those that were placed meanwhile: their
// pages go once all of their packets were placed. A unit is forgotten as soon as it is,
// since its chunk is used again; where framed its frame is known until the next unit is
// added. The zero value is empty.
type pending struct {
	framed bool
	pages  []*unitPage // by number from first on; nil where all packets were placed
	first  int64
	placed []int64     // numbers of the pages whose packets were all placed since the last add
	spare  []*unitPage // without units
	left   int         // units that wait
}

type unitPage struct {
	units  [pageUnits]*unit // those that wait
	frames []int64          // where they are kept
	left   int              // units that wait
}

// add takes in the unit of an index: each time the next one.
func (p *pending) add(index int64, u *unit) {
	number := index / pageUnits
	p.forgetBut(number)
	if number-p.first == int64(len(p.pages)) {
		p.pages = append(p.pages, p.page())
	}
	page := p.pages[number-p.first]
	page.units[index%pageUnits] = u
	if p.framed {
		page.frames[index%pageUnits] = u.block.Frame
	}
	page.left++
	p.left++
}

// forgetBut lets the pages go whose packets were all placed, but for one that is
// added to.
func (p *pending) forgetBut(number int64) {
	for _, n := range p.placed {
		if n == number {
			continue
		}
		if len(p.spare) < sparePages {
			p.spare = append(p.spare, p.pages[n-p.first])
		}
		p.pages[n-p.first] = nil
	}
	p.placed = p.placed[:0]
	for len(p.pages) > 0 && p.pages[0] == nil {
		p.pages = p.pages[1:]
		p.first++
	}
}

// page returns a page without units.
func (p *pending) page() *unitPage {
	if last := len(p.spare) - 1; last >= 0 {
		page := p.spare[last]
		p.spare = p.spare[:last]
		return page
	}
	page := new(unitPage)
	if p.framed {
		page.frames = make([]int64, pageUnits)
	}
	return page
}

// at returns the unit that waits with the index.
func (p *pending) at(index int64) *unit {
	return p.pages[index/pageUnits-p.first].units[index%pageUnits]
}

// frame is that of a packet that waits, or has been placed since the last add.
func (p *pending) frame(index int64) int64 {
	return p.pages[index/pageUnits-p.first].frames[index%pageUnits]
}

// remove forgets the unit that waits with the index.
func (p *pending) remove(index int64) {
	number := index / pageUnits
	page := p.pages[number-p.first]
	page.units[index%pageUnits] = nil
	p.left--
	if page.left--; page.left == 0 {
		p.placed = append(p.placed, number)
	}
}

// each calls f for where each unit is held that waits.
func (p *pending) each(f func(**unit)) {
	for _, page := range p.pages {
		if page == nil || page.left == 0 {
			continue
		}
		for i := range page.units {
			if page.units[i] != nil {
				f(&page.units[i])
			}
		}
	}
}
