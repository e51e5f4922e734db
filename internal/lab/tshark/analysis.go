package tshark

import "github.com/mendcap/mendcap/internal/tcp"

// AnalysisFields lists the fields of Wireshark's filters for the analyser's flags, in
// their order.
func AnalysisFields() []string {
	names := tcp.AnalysisNames()
	fields := make([]string, len(names))
	for i, name := range names {
		fields[i] = "tcp.analysis." + name
		if tcp.Analysis(1)<<i == tcp.DuplicateSACK {
			fields[i] = "tcp.options.sack." + name
		}
	}
	return fields
}
