package report

import "github.com/mendcap/mendcap/report/internal/text"

// renamed holds the words that reports, summaries and baselines used by other
// names before the first release, by their paths: a field, or a name in a map, as
// "order.gate", and a value as "findings.list.law=neighbour". Lists have no part
// in a path, and a path has the names of its time. What was stored then is
// read through this map; nothing is written by the old names. A runner-up that there
// is none of had a destination in words. From the first release on mendcap.report/1
// is frozen: fields may be added to it, and none is renamed or taken away.
var renamed = map[string]string{
	// mendcap.report/1
	"output.dropped":                                         "leftOut",
	"inference.nextHeader.inferred":                          "proved",
	"inference.destination.inferred":                         "proved",
	"inference.byEvidence.neighbour-table":                   "neighbor-table",
	"inference.likelyByEvidence.neighbour-table":             "neighbor-table",
	"inference.doubtful.best.evidence=neighbour-table":       "neighbor-table",
	"inference.doubtful.runnerUp.evidence=neighbour-table":   "neighbor-table",
	"inference.doubtful.candidates.evidence=neighbour-table": "neighbor-table",
	"inference.doubtful.runnerUp.destination=invalid IP":     "",
	"order.byLaw.neighbour":                                  "neighbor",
	"order.scales":                                           "timeScales",
	"order.gate":                                             "shiftLimit",
	"order.learnt":                                           "disturbance",
	"order.learnt.responses":                                 "earlyResponses",
	"order.learnt.threads":                                   "swappedPackets",
	"order.learnt.otherBasis":                                "otherBasisViolations",
	"order.placed":                                           "repairedBefore",
	"order.asRecorded.risen":                                 "flagsWouldRise",
	"order.asRecorded.all":                                   "wholeCapture",
	"findings.list.law=neighbour":                            "neighbor",
	"captureLoss.directions.abstained":                       "noEstimate",
	"captureLoss.declared":                                   "dropCounts",
	// mendcap.batch/1
	"totals.byFate":       "byOutcome",
	"totals.byFate.sound": "intact",
	"captures.fate":       "outcome",
	"captures.fate=sound": "intact",
	// mendcap.baseline/1
	"captures.findings.law=neighbour": "neighbor",
}

// longestRenamed is the length of the longest path in renamed, bytes.
const longestRenamed = 54

// byNewNames returns a text with the words of renamed by their new names. The text
// must be valid JSON; it is not changed.
func byNewNames(stored []byte) []byte {
	var (
		out    []byte
		copied int    // bytes of the text that are in out
		path   []byte // of the current value
		within []open
		name   bool // a name comes next
	)
	for i := 0; i < len(stored); i++ {
		switch stored[i] {
		case '{':
			within, name = append(within, open{object: true, path: len(path)}), true
		case '[':
			within = append(within, open{path: len(path)})
		case '}', ']':
			path = path[:within[len(within)-1].path]
			within, name = within[:len(within)-1], false
		case ',':
			name = within[len(within)-1].object
		case '"':
			end := text.ClosingQuote(stored, i+1)
			said := stored[i+1 : end]
			word := joined(path, '=', said)
			if name {
				path = joined(path[:within[len(within)-1].path], '.', said)
				word = path
			}
			if new, ok := renamed[string(word)]; ok {
				out = append(append(out, stored[copied:i+1]...), new...)
				copied = end
			}
			i, name = end, false
		}
	}
	if copied == 0 {
		return stored
	}
	return append(out, stored[copied:]...)
}

// joined appends what is said below a path to it. Of a path that is longer than any
// in renamed, and so is no word of it, it keeps one byte more than those have: long
// paths would be copied for each string of the text.
func joined(path []byte, separator byte, said []byte) []byte {
	if len(path) > 0 || separator == '=' {
		path = append(path, separator)
	}
	path = append(path, said[:min(len(said), longestRenamed+1)]...)
	return path[:min(len(path), longestRenamed+1)]
}
