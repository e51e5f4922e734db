package render

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/internal/text"
)

// clocksText says of the clocks that are not the same by how much they differ;
// "" where all are, as far as is known.
func clocksText(clocks []report.Clock) string {
	lines := cut(clocks, len(clocks), 0, 0, clockText, "")
	if more := len(lines) - shownInterfaces; more > 0 {
		lines = append(lines[:shownInterfaces], "and "+text.Plural(int64(more), "more interface"))
	}
	return strings.Join(lines, "\n")
}

// differences says what clocks that differ mean.
var differences = map[string]string{
	report.ClockCorrected: "; corrected",
	report.ClockDiffers:   "; their stamps can't be compared",
}

func clockText(c *report.Clock) string {
	said, ok := differences[c.State]
	if !ok {
		return ""
	}
	offset, way := c.Offset, "ahead of"
	if offset < 0 {
		offset, way = -offset, "behind"
	}
	ppm := text.ThreeDigits(min(math.Abs(float64(c.SkewPPB)/1000), 999)) + " ppm"
	return fmt.Sprintf("interface %d is %s (± %s) %s interface %d%s%s%s",
		c.Interface, exactly(offset), text.Duration(c.Uncertainty), way, c.Reference,
		text.When(c.SkewPPB > 0, " and gains "+ppm), text.When(c.SkewPPB < 0, " and loses "+ppm), said)
}

// exactly writes a duration to the microsecond where three digits would hide
// what counts.
func exactly(d time.Duration) string {
	if d < time.Second {
		return text.Duration(d)
	}
	return fmt.Sprintf("%d.%06d s", d/time.Second, d%time.Second/time.Microsecond)
}
