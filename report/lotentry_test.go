package report

import (
	"encoding/json"
	"testing"
	"unicode/utf8"
)

// Whatever bytes the name of a file has, it comes back from what is stored of it.
func TestNamesOfLotsAreKept(t *testing.T) {
	for _, name := range []string{
		"", "plain/x.pcap", "\xff", "a\xfeb\xff", "\x80", "\xf4\x8f\xbe", "\U0010ff80", "\U0010ffff", "\U0010ffff\xff", "\ufffd", "\ufffd\xff",
		"\xed\xa0\x80", "line\n\x00\"", "😀\xf0\x9f", "\xf4\x90\x80\x80",
	} {
		in := LotEntry{Path: name, Output: "out/" + name, Page: name + ".html", Error: "open " + name, Outcome: OutcomeFailed}
		text, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		var out LotEntry
		if err := json.Unmarshal(text, &out); err != nil {
			t.Fatal(err)
		}
		if !utf8.Valid(text) || out.Path != in.Path || out.Output != in.Output || out.Page != in.Page || out.Error != in.Error {
			t.Errorf("%q: got %+q from %q", name, out.Path, text)
		}
	}
}
