package netmon

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/mendcap/mendcap/internal/lab/tshark"
)

// shown is what tshark says of a frame.
type shown struct {
	number           int64
	time             string
	original, stored int
	encapsulation    string
	protocols        string
	titles           []string
	descriptions     string
	data             string // in hexadecimal
}

// notShort skips a test that runs tshark often, in short runs.
func notShort(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("it runs tshark for many files")
	}
}

// show has tshark read a file, as if local time were UTC.
func show(t *testing.T, path string) []shown {
	t.Helper()
	t.Setenv("TZ", "UTC")
	fields := []string{"frame.number", "frame.time_epoch", "frame.len", "frame.cap_len", "frame.encap_type", "frame.protocols", "netmon_header.title_comment"}
	var all []shown
	for i, cells := range tshark.Rows(t, path, fields) {
		number := func(cell string) int {
			n, err := strconv.Atoi(cell)
			if err != nil {
				t.Fatalf("row %d: %v", i+1, err)
			}
			return n
		}
		one := shown{number: int64(number(cells[0])), time: cells[1], original: number(cells[2]), stored: number(cells[3]), encapsulation: cells[4], protocols: cells[5]}
		if cells[6] != "" {
			one.titles = []string{cells[6]}
		}
		all = append(all, one)
	}
	return all
}

// bytesOf has tshark give the bytes of all frames of a file.
func bytesOf(t *testing.T, path string) (all []string) {
	t.Helper()
	tool, err := tshark.Find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), tool, "-n", "-r", path, "-T", "jsonraw", "-j", "frame").Output()
	if err != nil {
		t.Fatal(err)
	}
	var packets []struct {
		Source struct {
			Layers struct {
				Frame []any `json:"frame_raw"`
			} `json:"layers"`
		} `json:"_source"`
	}
	if err := json.Unmarshal(out, &packets); err != nil {
		t.Fatal(err)
	}
	for _, p := range packets {
		all = append(all, p.Source.Layers.Frame[0].(string))
	}
	return all
}

// epoch is a FILETIME as tshark prints it.
func epoch(t int64) string {
	return fmt.Sprintf("%d.%07d00", t/perSecond-toUnix, t%perSecond)
}

// firstProtocol is what tshark calls the dissector of a media type.
func firstProtocol(fr *Frame) []string {
	if fr.HasLinkType {
		switch fr.LinkType {
		case linkEthernet:
			return []string{"eth"}
		case linkTokenRing:
			return []string{"tr"}
		case linkFDDI:
			return []string{"fddi"}
		case linkRaw:
			return []string{"raw", "ip", "ipv6"}
		case link80211:
			if fr.Media == MediaWiFi {
				return []string{"netmon_802_11"}
			}
			return []string{"wlan"}
		case 113:
			return []string{"sll"}
		}
	}
	return map[uint16][]string{
		MediaEvent:         {"netmon_event"},
		MediaNetworkInfoEx: {"netmon_network_info"},
		MediaFilter:        {"netmon_filter"},
		MediaWFPV4:         {"message_analyzer.wfp_capture.v4"},
		MediaWFPV6:         {"message_analyzer.wfp_capture.v6"},
		MediaWFP2V4:        {"message_analyzer.wfp_capture2.v4"},
		MediaWFP2V6:        {"message_analyzer.wfp_capture2.v6"},
		MediaWFPAuthV4:     {"message_analyzer.wfp_capture.auth.v4"},
		MediaWFPAuthV6:     {"message_analyzer.wfp_capture.auth.v6"},
	}[fr.Media]
}

// asShown compares the frames of a file with what tshark says of them, and gives how
// many were compared and how many comments.
func asShown(t *testing.T, path string) (frames, comments int) {
	t.Helper()
	want := show(t, path)
	for i, data := range bytesOf(t, path) {
		want[i].data = data
	}
	p, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, all, s := readAll(t, p, Options{})
	undamaged(t, s)
	for i := range all {
		fr := &all[i]
		if fr.Number == 0 {
			continue
		}
		if frames++; frames > len(want) {
			t.Fatalf("frame %d: tshark reads %d frames only", fr.Number, len(want))
		}
		w := &want[frames-1]
		got := shown{fr.Number, epoch(fr.Time), fr.Original + len(fr.Metadata), fr.Included(), w.encapsulation, w.protocols, nil, "", hex.EncodeToString(fr.Metadata) + hex.EncodeToString(fr.Data)}
		for _, c := range fr.Comments {
			comments++
			got.titles = []string{c.Title} // tshark shows the last one
		}
		if fmt.Sprint(got) != fmt.Sprint(*w) {
			t.Errorf("got  %v\nwant %v", got, *w)
		}
		first, _, _ := strings.Cut(strings.TrimPrefix(w.protocols, "netmon_header:"), ":")
		if ok := firstProtocol(fr); !strings.Contains(":"+strings.Join(ok, ":")+":", ":"+first+":") {
			t.Errorf("frame %d of media type %#x: tshark has it dissected by %q, want one of %q", fr.Number, fr.Media, first, ok)
		}
	}
	if frames != len(want) {
		t.Errorf("got %d frames, tshark %d", frames, len(want))
	}
	return frames, comments
}

func TestSamplesAsTshark(t *testing.T) {
	notShort(t)
	for _, path := range samples(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			frames, comments := asShown(t, path)
			t.Logf("%d frames and %d comments are tshark's", frames, comments)
		})
	}
}

func TestMadeAsTshark(t *testing.T) {
	notShort(t)
	tshark.Need(t)
	for minor := range 4 {
		for _, m := range []*made{everything(minor), media(minor)} {
			p, _ := m.file()
			path := filepath.Join(t.TempDir(), "made.cap")
			if err := os.WriteFile(path, p, 0o600); err != nil {
				t.Fatal(err)
			}
			t.Run(strconv.Itoa(minor), func(t *testing.T) {
				m.start = begun
				asShown(t, path)
			})
		}
	}
}
