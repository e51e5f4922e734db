package netmon

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestRTF(t *testing.T) {
	for _, c := range []struct{ rtf, want string }{
		{`{\rtf1\ansi plain}`, "plain"},
		{`{\rtf1\fbidis\ansi\ansicpg1252\deff0\deflang1033{\fonttbl{\f0\fnil\fcharset0 Segoe UI;}{\f1\fnil\fcharset128 \'91\'76;}}` + "\r\n" +
			`{\colortbl ;\red0\green0\blue0;}` + "\r\n" + `\viewkind4\uc1\pard\ltrpar\cf1\lang2052\f0\fs18 Step\tab\tab 2\lang1033\par` + "\r\n" +
			`\lang2052 Type\tab Pull\par` + "\r\n" + `\cf0\f1\fs16\par` + "\r\n}\r\n\x00", "Step\t\t2\nType\tPull"},
		{`{\rtf1 a\{b\}c\\d}`, `a{b}c\d`},
		{`{\rtf1 caf\'e9 \'80\'81}`, "café €\uFFFD"},
		{`{\rtf1{\fonttbl{\f0\fcharset0 A;}{\f1\fcharset128 B;}}\f1 a\'91\'76\f0 \'91}`, "a\uFFFDv‘"},
		{`{\rtf1{\fonttbl{\f1\fcharset128 B;}}{\f1 x\'e9}\'e9}`, "x\uFFFDé"},
		{`{\rtf1\uc1 \u8364?\u-10179?\u-8704?.}`, "€\U0001F600."},
		{`{\rtf1\uc2 \u228\'61\'62c}`, "äc"},
		{`{\rtf1\uc0 \u228c}`, "äc"},
		{`{\rtf1{\uc3 \u228abc}\u228xy}`, "ääy"},
		{`{\rtf1\u-10179?lone}`, "\uFFFDlone"},
		{`{\rtf1 end\u-10179?}`, "end\uFFFD"},
		{`{\rtf1{\*\generator Msftedit;}{\info{\author me}}{\pict\pngblip 89504e47}x}`, "x"},
		{`{\rtf1 a{\*\unknown{\deeper text} more}b}`, "ab"},
		{`{\rtf1 a\bin5 }}}}}b}`, "ab"},
		{`{\rtf1 a\~b\_c\-d\line e\emdash f\rquote g\` + "\n" + `h}`, "a\u00a0b\u2011cd\ne—f’g\nh"},
		{`{\rtf1 one}two`, "one"},
		{`{\rtf1 unclosed {group`, "unclosed group"},
		{`{\rtf1 cut \`, "cut"},
		{`{\rtf1 cut \'`, "cut"},
		{`{\rtf1 cut \'4`, "cut"},
		{`{\rtf1 odd \'zz.}`, "odd ."},
		{`{\rtf1 number\par99999999999999999999 x}`, "number\n999999999 x"},
		{`{\rtf1}}}}`, ""},
		{`{\rtf1` + strings.Repeat("{", 200) + "deep" + strings.Repeat("}", 200) + " after}", "deep after"},
		{`{\rtf1` + strings.Repeat(`{\*\x`, 200) + "deep" + strings.Repeat("}", 200) + " after}", " after"},
	} {
		if got, cut := plain([]byte(c.rtf), maxText); got != c.want || cut {
			t.Errorf("%q: got %q, %v, want %q", c.rtf, got, cut, c.want)
		}
	}
}

func TestRTFIsCut(t *testing.T) {
	text, cut := plain([]byte(`{\rtf1 `+strings.Repeat("ä", 10)+strings.Repeat("x", 1000)), 100)
	if !cut || len(text) > 100 || len(text) < 90 {
		t.Errorf("got %d bytes, cut %v", len(text), cut)
	}
}

func TestLongCommentsAreCut(t *testing.T) {
	for name, c := range map[string]madeComment{
		"title":       {0, strings.Repeat("Ω", maxText), ""},
		"description": {0, "", strings.Repeat("Ω", maxText)},
		"RTF":         {0, "", `{\rtf1 ` + strings.Repeat("x", maxText+1) + "}"},
		"long RTF":    {0, "", `{\rtf1 {\*` + strings.Repeat("x", maxDescription) + "}x}"},
	} {
		m := ordered(3, 3)
		m.comments = []madeComment{c}
		p, _ := m.file()
		_, all, s := readAll(t, p, Options{})
		undamaged(t, s)
		got := all[0].Comments[0]
		if !got.Cut || len(got.Title)+len(got.Description) > maxText || !utf8.ValidString(got.Title+got.Description) {
			t.Errorf("%s: got %d and %d bytes, cut %v", name, len(got.Title), len(got.Description), got.Cut)
		}
	}
}

func FuzzRTF(f *testing.F) {
	f.Add([]byte(`{\rtf1\ansi{\fonttbl{\f0\fcharset128 A;}}\f0 a\'91\'76\par\u8364?\uc2\u228\'61\'62{\*\x y}\bin3 }}}z}`))
	for minor := range 4 {
		for _, c := range everything(minor).comments {
			f.Add([]byte(c.description))
		}
	}
	f.Fuzz(func(t *testing.T, p []byte) {
		text, _ := plain(p, 1000)
		if len(text) > 1000 || !utf8.ValidString(text) {
			t.Fatalf("got %d bytes: %q", len(text), text)
		}
		if !bytes.ContainsAny(p, `\`) && strings.Count(text, "\n") > 0 {
			t.Fatalf("lines of RTF without controls: %q", text)
		}
	})
}
