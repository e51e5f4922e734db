package lab

import (
	"path/filepath"
	"testing"

	"github.com/mendcap/mendcap/internal/lab/tshark"
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
