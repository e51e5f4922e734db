package tables

import (
	"bytes"
	"encoding/json"
	"testing"
)

// walk finds the members and elements that encoding/json finds, where it finds them.
func FuzzWalk(f *testing.F) {
	for _, s := range []string{
		"{}", "[]", "[ ]", "{ }", `[1,2]`, "[ 1 , -2.5e-7\n, true ,null,\"]\"\t]", `{"a":1}`, ` { "a" : { "b" : [ 1, {} ] } , "a" : "}\"\\" , "\u0061\"" : [ ] } `,
		`[[[],[[]]],{"a":[]}]`, "{\"é\xff\":1,\"\":{\"x\":\"\\\\\"}}", `["a","\"","\\"]`, `"x"`, `1`, `null`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		text = bytes.TrimSpace(text)
		if !json.Valid(text) {
			return
		}
		type part struct {
			key, raw string
			offset   int
		}
		const before = 100 // offset of the whole
		var got, want []part
		walk(value{text, before}, func(key string, v value) { got = append(got, part{key, string(v.raw), v.offset}) })
		decoder := json.NewDecoder(bytes.NewReader(text))
		if _, err := decoder.Token(); err != nil {
			t.Fatal(err)
		}
		for decoder.More() {
			var key json.Token
			if text[0] == '{' {
				key, _ = decoder.Token()
			}
			var raw json.RawMessage
			if err := decoder.Decode(&raw); err != nil {
				t.Fatal(err)
			}
			name, _ := key.(string)
			want = append(want, part{name, string(raw), before + int(decoder.InputOffset()) - len(raw)})
		}
		if len(got) != len(want) {
			t.Fatalf("%q: got %d parts, want %d", text, len(got), len(want))
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("%q, part %d: got %+v, want %+v", text, i, got[i], want[i])
			}
		}
	})
}
