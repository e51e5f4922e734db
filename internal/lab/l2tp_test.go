package lab

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/mendcap/mendcap/internal/lab/tshark"
	"github.com/mendcap/mendcap/repair"
)

// inSession is a recording in a session of L2TPv3, after its control messages.
func inSession(t *testing.T, name string, s L2TPv3) (all []Packet) {
	t.Helper()
	packets := recording(t, name).Packets
	for _, data := range s.Control() {
		one := packets[0]
		one.Data, one.Stamp = data, one.Stamp-int64(10-len(all))
		all = append(all, one)
	}
	for _, p := range packets {
		if p.Data = s.Wrap(p.Data); p.Data != nil {
			all = append(all, p)
		}
	}
	return all
}

// What is in sessions of L2TPv3 has the flags that tshark gives it, which reads how their
// messages are laid out in the same control messages.
func TestFlagsInSessions(t *testing.T) {
	tshark.Need(t)
	names := recordings(t)
	for i, s := range Sessions() {
		t.Run(s.Name, func(t *testing.T) {
			packets := inSession(t, names[i%len(names)], s)
			path := filepath.Join(t.TempDir(), "in.pcapng")
			writeForm(t, path, packets, WithHeaders)
			checkFlags(t, path, int64(len(packets)), len(packets)/2)
		})
	}
}

// Sessions whose control messages are missing are read as it is stated, as tshark does
// where it is told the same, and else not, which is counted.
func TestSessionsAsStated(t *testing.T) {
	tshark.Need(t)
	for i, stated := range [][]string{
		{"l2tp.pw_type==0,eth", "l2tp.cookie_size:cookie0", "l2tp.l2_specific:default"},
		{"l2tp.pw_type==0,ppp", "l2tp.cookie_size:cookie8", "l2tp.l2_specific:none"},
		{"l2tp.pw_type==0,ip", "l2tp.cookie_size:cookie4"},
		{"l2tp.pw_type==0,chdlc", "l2tp.l2_specific:atm"},
	} {
		s := []L2TPv3{
			{Outer: 4, UDP: true, Pseudowire: 5, Sublayer: 1}, {Outer: 6, Pseudowire: 7, Cookies: [2]int{8, 8}},
			{Outer: 4, UDP: true, Pseudowire: 11, Cookies: [2]int{4, 4}}, {Outer: 4, Pseudowire: 6, Sublayer: 1},
		}[i]
		t.Run(stated[0], func(t *testing.T) {
			packets := inSession(t, "plain-tcp", s)[len(s.Control()):]
			path := filepath.Join(t.TempDir(), "in.pcapng")
			writeForm(t, path, packets, WithHeaders)
			options := []string{"-Y", "tcp.len"}
			for _, one := range stated {
				options = append(options, map[bool]string{true: "-d", false: "-o"}[strings.Contains(one, "==")], one)
			}
			want := int64(len(tshark.Rows(t, path, []string{"frame.number"}, options...)))
			_, r := mend(t, path, repair.Options{DecodeAs: stated})
			if got := r.Analysis.Segments; got != want || got == 0 {
				t.Errorf("as stated: got %d segments, tshark has %d", got, want)
			}
			_, r = mend(t, path, repair.Options{})
			if got := r.Analysis.NotRead["unknown"]; r.Analysis.Segments != 0 || got != int64(len(packets)) {
				t.Errorf("nothing stated: got %d segments, %d packets not read, want 0, %d", r.Analysis.Segments, got, len(packets))
			}
		})
	}
}
