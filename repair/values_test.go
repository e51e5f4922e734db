package repair_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/mendcap/mendcap/reorder"
	"github.com/mendcap/mendcap/repair"
)

// choices are values of options as a program may store them.
type choices struct {
	Protocol    repair.Protocol
	Layout      repair.Layout
	Compression repair.Compression
	Without     []reorder.Law
}

// TestValuesAsText: each value is read from its text, and written as it.
func TestValuesAsText(t *testing.T) {
	for text, want := range map[string]choices{
		`{"Protocol":"","Layout":"auto","Compression":"","Without":null}`: {},
		`{"Protocol":"TCP","Layout":"windows","Compression":"gzip","Without":["ip-id","tsecr"]}`: {
			Protocol: 6, Layout: repair.LayoutWindows, Compression: repair.CompressionGzip, Without: []reorder.Law{reorder.LawIPID, reorder.LawTSecr},
		},
		`{"Protocol":"253","Layout":"linux","Compression":"zstd","Without":[]}`: {
			Protocol: 253, Layout: repair.LayoutLinux, Compression: repair.CompressionZstd, Without: []reorder.Law{},
		},
		`{"Protocol":"UDP-Lite","Layout":"none","Compression":"","Without":["ack"]}`: {
			Protocol: 136, Layout: repair.LayoutNone, Without: []reorder.Law{reorder.LawAck},
		},
	} {
		written, err := json.Marshal(want)
		if err != nil || string(written) != text {
			t.Errorf("written: got %s (%v), want %s", written, err, text)
		}
		var got choices
		if err := json.Unmarshal([]byte(text), &got); err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if again, err := json.Marshal(got); err != nil || string(again) != text {
			t.Errorf("%s: read and written it is %s (%v)", text, again, err)
		}
		if err := (repair.Options{Protocol: got.Protocol, Layout: got.Layout, Compression: got.Compression, Without: got.Without}).Check(); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestNumberAndCase: a protocol is read by its number too, and in any case.
func TestNumberAndCase(t *testing.T) {
	for _, text := range []string{"TCP", "tcp", "Tcp", "6"} {
		var p repair.Protocol
		if err := p.UnmarshalText([]byte(text)); err != nil || p != 6 {
			t.Errorf("%q: got %d (%v), want 6", text, uint8(p), err)
		}
	}
}

// TestTextThatIsNoValue: it is refused, and the value stays as it was.
func TestTextThatIsNoValue(t *testing.T) {
	for _, text := range []string{"nonsense", "-1", "0", "255", "256", "TCP ", "TCP\x00"} {
		p, l, c, law := repair.Protocol(17), repair.LayoutBSD, repair.CompressionZstd, reorder.LawDNS
		for name, err := range map[string]error{"protocol": p.UnmarshalText([]byte(text)), "layout": l.UnmarshalText([]byte(text)), "compression": c.UnmarshalText([]byte(text))} {
			if !errors.Is(err, repair.ErrUsage) {
				t.Errorf("%s %q: got %v, want %v", name, text, err, repair.ErrUsage)
			}
		}
		if err := law.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("law %q: got no error", text)
		}
		if p != 17 || l != repair.LayoutBSD || c != repair.CompressionZstd || law != reorder.LawDNS {
			t.Errorf("%q changed a value: %v, %v, %v, %v", text, p, l, c, law)
		}
	}
	for name, marshal := range map[string]func() ([]byte, error){
		"layout": repair.Layout(9).MarshalText, "compression": repair.Compression("rar").MarshalText, "law": reorder.Law(reorder.NumLaws).MarshalText,
	} {
		if text, err := marshal(); err == nil {
			t.Errorf("a %s that there is not: got %q, want an error", name, text)
		}
	}
}
