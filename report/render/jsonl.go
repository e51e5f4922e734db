package render

import (
	"io"

	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/internal/text"
)

// lineWriter writes findings as JSON, one a line, and after those of each
// capture a line with its counts, so that a list that was cut shows it.
type lineWriter struct {
	w        io.Writer
	streamed bool
}

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
	ByVerdict map[report.Verdict]int64 `json:"byVerdict"`
}

func (l *lineWriter) Finding(capture string, f *report.Finding) error {
	l.streamed = true
	return l.write(findingLine{"finding", capture, f})
}

func (l *lineWriter) Add(r *report.Report) error {
	end := captureLine{
		Type: "capture", Capture: r.Capture.Name, Packets: r.Capture.Packets, Moved: r.Order.Moved,
		Findings: r.Findings.Total, ByVerdict: r.Findings.ByVerdict,
	}
	if end.ByVerdict == nil {
		end.ByVerdict = map[report.Verdict]int64{}
	}
	if !l.streamed {
		end.Omitted = r.Findings.Omitted
		for _, f := range inOutputOrder(r.Findings.List) {
			if err := l.write(findingLine{"finding", r.Capture.Name, &f}); err != nil {
				return err
			}
		}
	}
	return l.write(end)
}

func (l *lineWriter) Close() error { return nil }

func (l *lineWriter) write(line any) error { return text.WriteJSON(l.w, "finding", line, "") }
