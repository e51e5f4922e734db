package render

import (
	"io"

	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/internal/text"
)

// newLineWriter writes findings as JSON, one a line, and after those of each capture
// a line with its counts, so that a list that was cut shows it.
func newLineWriter(w io.Writer) *findingWriter {
	write := func(line any) error { return text.WriteJSON(w, line, "") }
	return &findingWriter{
		finding: func(capture string, f *report.Finding) error {
			return write(report.FindingLine{Type: report.LineOfFinding, Capture: capture, Finding: f})
		},
		end: func(r *report.Report, omitted int64) error {
			line := report.CaptureLine{
				Type: report.LineOfCapture, Capture: r.Capture.Name, Packets: r.Capture.Packets, Moved: r.Order.Moved,
				Findings: r.Findings.Total, Omitted: omitted, Events: r.Findings.Events, ByVerdict: r.Findings.ByVerdict,
				Check: r.Check, Schema: report.LinesSchema,
			}
			if line.ByVerdict == nil {
				line.ByVerdict = map[report.Verdict]int64{}
			}
			return write(line)
		},
	}
}
