package comment

import (
	"strconv"
	"strings"
	"time"
)

// Move says that a packet was recorded late, and where and when.
type Move struct {
	Law      string
	Timed    bool          // it has got another time; else only its place within a tick is another
	Earlier  time.Duration // by which its time is earlier, where Timed
	Frame    int64         // its number in the input
	Recorded int64         // its time there, where Timed, nanoseconds since 1970
}

// The words around what a Move says.
const (
	byLaw      = Mark + Moved + " by "
	withinTick = ", within its tick"
	earlier    = " earlier"
	wasFrame   = "; was frame "
)

// Append adds the comment to a list of bytes.
func (m *Move) Append(to []byte) []byte {
	to = append(append(to, byLaw...), m.Law...)
	if m.Timed {
		to = append(append(append(to, ", "...), m.Earlier.String()...), earlier...)
	} else {
		to = append(to, withinTick...)
	}
	to = strconv.AppendInt(append(to, wasFrame...), m.Frame, 10)
	if m.Timed {
		to = AppendSeconds(append(to, " at "...), m.Recorded)
	}
	return to
}

// parseMove reads what Append writes; of other text anything may come out.
func parseMove(text string) (m Move) {
	how, was, _ := strings.Cut(strings.TrimPrefix(text, byLaw), wasFrame)
	m.Law, how, _ = strings.Cut(how, ", ")
	frame, at, timed := strings.Cut(was, " at ")
	m.Timed = timed
	m.Frame, _ = strconv.ParseInt(frame, 10, 64)
	if timed {
		m.Earlier, _ = time.ParseDuration(strings.TrimSuffix(how, earlier))
		m.Recorded = parseSeconds(at)
	}
	return m
}

// AppendSeconds writes nanoseconds since 1970 as Wireshark's frame.time_epoch does.
func AppendSeconds(to []byte, ns int64) []byte {
	whole, rest := ns/1e9, ns%1e9
	if ns < 0 {
		to, whole, rest = append(to, '-'), -whole, -rest
	}
	to = strconv.AppendInt(to, whole, 10)
	point := len(to)
	to = strconv.AppendInt(to, 1e9+rest, 10) // whose 1 holds the place of the point
	to[point] = '.'
	return to
}

// parseSeconds reads what AppendSeconds writes; of other text anything may come out.
func parseSeconds(text string) int64 {
	whole, rest, _ := strings.Cut(strings.TrimPrefix(text, "-"), ".")
	s, _ := strconv.ParseInt(whole, 10, 64)
	ns, _ := strconv.ParseInt(rest, 10, 64)
	if ns += s * 1e9; strings.HasPrefix(text, "-") {
		return -ns
	}
	return ns
}
