package tables

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/mendcap/mendcap/infer"
)

func TestMomentOf(t *testing.T) {
	tests := map[string]string{
		"x.tables/20260102T030405Z-ss.txt":   "2026-01-02T03:04:05Z",
		"20260102T030405Z-proc-tcp6.txt":     "2026-01-02T03:04:05Z",
		"20260102T030405Z.txt":               "",
		"20260102T030405Z":                   "",
		"20261302T030405Z-ss.txt":            "",
		"netstat.txt":                        "",
		"20260102T030405Z-x/20260102-ss.txt": "",
	}
	for path, want := range tests {
		got := ""
		if moment := momentOf(path); !moment.IsZero() {
			got = moment.Format(time.RFC3339)
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
}

// A row that several files have, each at its moment, is one that has the first and
// the last of them; of a moment that is not known nothing is said.
func TestLoadMoments(t *testing.T) {
	folder := t.TempDir()
	row := func(remote string) string {
		return "TCP [2001:db8::1]:5000 [2001:db8::" + remote + "]:443 ESTABLISHED\n"
	}
	const own = `{"version":1,"takenAt":"2026-01-02T05:00:00+02:00","tcpConnections":[
		{"local":{"address":"2001:db8::1","port":5000},"remote":{"address":"2001:db8::d","port":443},"state":"ESTABLISHED"},
		{"local":{"address":"2001:db8::1","port":5000},"remote":{"address":"2001:db8::e","port":443},
		 "firstSeen":"2026-01-02T02:00:00Z","lastSeen":"2026-01-02T04:00:00+01:00"},
		{"local":{"address":"2001:db8::1","port":5000},"remote":{"address":"2001:db8::f","port":443},
		 "firstSeen":"2026-01-02T04:00:00Z","lastSeen":"2026-01-02T03:00:00Z"}]}`
	writeFiles(t, folder, map[string]string{
		"20260102T030000Z-netstat.txt": row("a") + row("b"),
		"20260102T030500Z-netstat.txt": row("a") + row("c"),
		"20260102T031000Z-netstat.txt": row("a"),
		"netstat.txt":                  row("c"),
		"own.json":                     own,
	})
	snapshot, results, err := Load(t.Context(), folder)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, c := range snapshot.TCPConnections {
		moments := ""
		if !c.LastSeen.IsZero() {
			moments = c.FirstSeen.Format("15:04") + " to " + c.LastSeen.Format("15:04")
		}
		got[c.Remote.Address.String()] = moments
	}
	want := map[string]string{
		"2001:db8::a": "03:00 to 03:10", "2001:db8::b": "03:00 to 03:00", "2001:db8::c": "",
		"2001:db8::d": "03:00 to 03:00", "2001:db8::e": "02:00 to 03:00",
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for _, r := range results {
		if lost := 0; filepath.Base(r.Name) == "own.json" {
			if lost = r.NotUnderstood; lost != 1 { // its last moment is before its first
				t.Errorf("own.json: got %d rows refused, want 1", lost)
			}
		}
	}
	if want := "2026-01-02T03:10:00Z"; snapshot.TakenAt.UTC().Format(time.RFC3339) != want {
		t.Errorf("got taken at %v, want %s", snapshot.TakenAt, want)
	}
	union := &infer.Snapshot{}
	for range 2 { // again: nothing changes
		Merge(union, snapshot)
	}
	if a, b := string(toJSON(t, union)), string(toJSON(t, snapshot)); a != b {
		t.Errorf("merged with itself: got %s, want %s", a, b)
	}
}
