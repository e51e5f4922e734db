package report

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/mendcap/mendcap/report/internal/text"
)

// Kind names findings that are counted together: those with one verdict, or
// those of them with one flag. Findings of a violated law have no flag: their
// law takes its place, and of what the host dropped the reason does.
type Kind struct {
	Verdict Verdict
	Flag    string // "" = all of the verdict
}

// Unknown is the kind of TCP packets that could not be analysed, since their
// destination is unknown. They have no findings; a check counts the packets.
const Unknown = "unknown"

// Unread is the kind of packets that may hold TCP and were not analysed, as
// Analysis.NotRead counts them. They have no findings either.
const Unread = "unread"

// ofPackets reports whether packets are counted for the kind, and not findings.
func (k Kind) ofPackets() bool { return k.Verdict == Unknown || k.Verdict == Unread }

// ParseKind reads VERDICT, VERDICT/FLAG, Unknown or Unread. A flag may have its prefix
// "tcp.analysis."; whether there is such a flag is not checked, since laws
// count as flags too.
func ParseKind(text string) (Kind, error) {
	if k := (Kind{Verdict: Verdict(text)}); k.ofPackets() {
		return k, nil
	}
	verdict, flag, both := strings.Cut(text, "/")
	flag = strings.TrimPrefix(flag, "tcp.analysis.")
	v, err := ParseVerdict(verdict)
	if err != nil {
		return Kind{}, fmt.Errorf("%w, or %s or %s", err, Unknown, Unread)
	}
	if both && flag == "" {
		return Kind{}, fmt.Errorf("%q names no flag after the slash", text)
	}
	return Kind{v, flag}, nil
}

// String is the form that ParseKind reads.
func (k Kind) String() string {
	return string(k.Verdict) + text.When(k.Flag != "", "/"+k.Flag)
}

// Covers reports whether the finding is of this kind.
func (k Kind) Covers(f *Finding) bool {
	return k.Verdict == f.Verdict && (k.Flag == "" || k.Flag == f.subject())
}

// subject is the flag of a finding, or else its law, or why the packet was dropped.
func (f *Finding) subject() string {
	return cmp.Or(f.Flag, string(f.Law), text.When(f.Verdict == Discard, f.Detail))
}
