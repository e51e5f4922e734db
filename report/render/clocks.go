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
	offset, way := ahead(c.Offset)
	return fmt.Sprintf("interface %d is %s (± %s) %s interface %d%s%s",
		c.Interface, exactly(offset), text.Duration(c.Uncertainty), way, c.Reference, skewText(c.SkewPPB), said)
}

// traceClockText says how an event trace's clock runs beside that of the capture.
func traceClockText(c *report.TraceClock) string {
	offset, way := ahead(c.Offset)
	return fmt.Sprintf("%s %s the capture's%s", exactly(offset), way, skewText(c.SkewPPB))
}

// ahead says which way an offset is.
func ahead(offset time.Duration) (size time.Duration, way string) {
	if offset < 0 {
		return -offset, "behind"
	}
	return offset, "ahead of"
}

func skewText(ppb int64) string {
	ppm := text.ThreeDigits(min(math.Abs(float64(ppb)/1000), 999)) + " ppm"
	return text.When(ppb > 0, " and gains "+ppm) + text.When(ppb < 0, " and loses "+ppm)
}

// exactly writes a duration to the microsecond where three digits would hide
// what counts.
func exactly(d time.Duration) string {
	if d < time.Second {
		return text.Duration(d)
	}
	return fmt.Sprintf("%d.%06d s", d/time.Second, d%time.Second/time.Microsecond)
}
