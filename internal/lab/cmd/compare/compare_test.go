package compare

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/mendcap/mendcap/internal/lab/handmade"
)

func TestDifferences(t *testing.T) {
	want := map[string][]byte{"same": []byte("x"), "changed": []byte("a\nb\n"), "gone": nil}
	got := map[string][]byte{"same": []byte("x"), "changed": []byte("a\nc\n"), "new": nil}
	if names := differences(want, got); !slices.Equal(names, []string{"changed", "gone", "new"}) {
		t.Errorf("got %q", names)
	}
	if got := firstDifference(want["changed"], got["changed"]); got != "\tline 2 was \"b\", is \"c\"" {
		t.Errorf("got %s", got)
	}
}

func TestCaptureName(t *testing.T) {
	for name, want := range map[string]bool{
		"a.pcap": true, "a.pcapng.gz": true, "b.cap": true, "c.etl": true, "d.pcap.xz": true,
		"a.txt": false, "pcap": false, "a.pcapx": false, "a.pcap.json": false,
	} {
		if got := captureName.MatchString(name); got != want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

// A comment may say what it likes, and a field have another name; a byte of a packet, a
// comment more and another number are seen.
func TestBySense(t *testing.T) {
	comment := func(f *handmade.File, text string) []byte { return f.Option(1, []byte(text)) }
	captured := func(data string, comments ...string) []byte {
		f := (&handmade.File{}).Section(binary.LittleEndian).Iface(101, 0)
		var options [][]byte
		for _, text := range comments {
			options = append(options, comment(f, text))
		}
		return f.EPB(0, 7, data, append(options, f.End())...).Buf
	}
	before, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "report", "testdata", "before", "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	said, err := bySense(map[string][]byte{
		"out.pcapng": captured("abc", "moved"), "out.json": before, "out.md": []byte("text"), "repair's exit code": []byte("0"),
	})
	if err != nil {
		t.Fatal(err)
	}
	today := said["out.json"]
	if bytes.Equal(today, before) {
		t.Fatal("the report of before has the words of today: the test shows nothing")
	}
	for name, test := range map[string]struct {
		capture, report []byte
		want            []string
	}{
		"other words":    {captured("abc", "put back"), today, nil},
		"another packet": {captured("abd", "moved"), today, []string{"out.pcapng"}},
		"a comment more": {captured("abc", "moved", "twice"), today, []string{"out.pcapng"}},
		"another number": {captured("abc", "moved"), bytes.Replace(today, []byte(`"packets": 1`), []byte(`"packets": 2`), 1), []string{"out.json"}},
	} {
		got, err := bySense(map[string][]byte{
			"out.pcapng": test.capture, "out.json": test.report, "out.md": []byte("other text"), "repair's exit code": []byte("0"),
		})
		if err != nil {
			t.Fatal(err)
		}
		if differ := differences(said, got); !slices.Equal(differ, test.want) {
			t.Errorf("%s: got %q, want %q", name, differ, test.want)
		}
	}
}
