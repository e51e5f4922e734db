package render

import (
	"io"

	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/internal/text"
)

// findingLine is the line of one finding.
type findingLine struct {
	Type    string `json:"type"` // "finding"
	Capture string `json:"capture"`
	*report.Finding
}

// captureLine is the line that closes a capture.
type captureLine struct {
	Type      string                   `json:"type"` // "capture"
	Capture   string                   `json:"capture"`
	Packets   int64                    `json:"packets"`
	Moved     int64                    `json:"moved"`
	Findings  int64                    `json:"findings"`
	Omitted   int64                    `json:"omitted"` // findings without a line
	Events    int64                    `json:"events"`  // that the findings which remain belong to
	ByVerdict map[report.Verdict]int64 `json:"byVerdict"`
	Check     *report.Checked          `json:"check,omitempty"`
}

// newLineWriter writes findings as JSON, one a line, and after those of each capture
// a line with its counts, so that a list that was cut shows it.
func newLineWriter(w io.Writer) *findingWriter {
	write := func(line any) error { return text.WriteJSON(w, line, "") }
	return &findingWriter{
		finding: func(capture string, f *report.Finding) error { return write(findingLine{"finding", capture, f}) },
		end: func(r *report.Report, omitted int64) error {
			line := captureLine{
				Type: "capture", Capture: r.Capture.Name, Packets: r.Capture.Packets, Moved: r.Order.Moved,
				Findings: r.Findings.Total, Omitted: omitted, Events: r.Findings.Events, ByVerdict: r.Findings.ByVerdict, Check: r.Check,
			}
			if line.ByVerdict == nil {
				line.ByVerdict = map[report.Verdict]int64{}
			}
			return write(line)
		},
	}
}
