package report

// LinesSchema names the form of JSON lines.
const LinesSchema = "mendcap.jsonl/1"

// The values of Type in JSON lines.
const (
	LineOfFinding = "finding"
	LineOfCapture = "capture"
)

// FindingLine is the line of one finding.
type FindingLine struct {
	Type    string `json:"type"`    // LineOfFinding
	Capture string `json:"capture"` // the capture's name, as in its report
	*Finding
}

// CaptureLine is the line that closes the findings of a capture.
type CaptureLine struct {
	Type      string            `json:"type"`    // LineOfCapture
	Capture   string            `json:"capture"` // the capture's name, as in its report
	Packets   int64             `json:"packets"`
	Moved     int64             `json:"moved"`    // packets that have another place or time
	Findings  int64             `json:"findings"` // all of them
	Omitted   int64             `json:"omitted"`  // findings without a line
	Events    int64             `json:"events"`   // that the findings which remain belong to
	ByVerdict map[Verdict]int64 `json:"byVerdict"`
	Check     *Checked          `json:"check,omitempty"` // of a check
	Schema    string            `json:"schema"`          // LinesSchema
}
