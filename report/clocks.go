package report

import (
	"fmt"
	"strings"
	"time"
)

// clocksText says of the clocks that are not the same by how much they differ;
// "" where all are, as far as is known.
func clocksText(clocks []Clock) string {
	var lines []string
	more := 0
	for i := range clocks {
		switch text := clocks[i].text(); {
		case text == "":
		case len(lines) == shownInterfaces:
			more++
		default:
			lines = append(lines, text)
		}
	}
	if more > 0 {
		lines = append(lines, "and "+plural(int64(more), "more interface"))
	}
	return strings.Join(lines, "\n")
}

func (c *Clock) text() string {
	fate := "; their stamps can't be compared"
	switch c.State {
	case ClockCorrected:
		fate = "; corrected"
	case ClockDiffers:
	default:
		return ""
	}
	offset, way := c.Offset, "ahead of"
	if offset < 0 {
		offset, way = -offset, "behind"
	}
	s := fmt.Sprintf("interface %d is %s (± %s) %s interface %d", c.Interface, exactly(offset), duration(c.Uncertainty), way, c.Reference)
	if ppm := float64(c.SkewPPB) / 1000; ppm > 0 {
		s += fmt.Sprintf(" and gains %s ppm", threeDigits(min(ppm, 999)))
	} else if ppm < 0 {
		s += fmt.Sprintf(" and loses %s ppm", threeDigits(min(-ppm, 999)))
	}
	return s + fate
}

// exactly writes a duration to the microsecond where three digits would hide
// what counts.
func exactly(d time.Duration) string {
	if d < time.Second {
		return duration(d)
	}
	return fmt.Sprintf("%d.%06d s", d/time.Second, d%time.Second/time.Microsecond)
}
