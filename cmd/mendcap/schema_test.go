package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/mendcap/mendcap/internal/lab/schema"
	"github.com/mendcap/mendcap/repair/batch/lots"
)

// published are the schemas as what this version writes has to meet them.
var published = sync.OnceValues(func() (schema.Set, error) { return schema.Compile(schemaNames(), schemaText) })

// meetsSchema returns an error if a text that mendcap has written is JSON of ours and not
// valid. Schemas themselves begin with what they are written in.
func meetsSchema(text []byte) error {
	start := bytes.TrimLeft(text, " \n")
	if len(start) == 0 || start[0] != '{' && start[0] != '[' {
		return nil
	}
	if bytes.HasPrefix(start, []byte("{\n  \"$schema\":")) {
		return nil
	}
	set, err := published()
	if err != nil {
		return err
	}
	_, err = set.Check(text)
	return err
}

// jsonFiles returns what each file of JSON below a folder is, so that those that a command
// writes can be told from those that were there.
func jsonFiles(ts *testscript.TestScript, dir string) map[string]string {
	found := make(map[string]string)
	ts.Check(filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Name() == lots.Folder {
			return fs.SkipDir // plans are for mendcap alone
		}
		if err != nil || !entry.Type().IsRegular() {
			return nil // scripts have folders that can't be read
		}
		switch filepath.Ext(path) {
		case ".json", ".jsonl":
			info, err := entry.Info()
			if err == nil {
				found[path] = fmt.Sprint(info.ModTime().UnixNano(), info.Size())
			}
		}
		return nil
	}))
	return found
}

// checkJSON holds what the last command has printed, and the files that it has written,
// to the schemas.
func checkJSON(ts *testscript.TestScript, before map[string]string) {
	if err := meetsSchema([]byte(ts.ReadFile("stdout"))); err != nil {
		ts.Fatalf("standard output: %v", err)
	}
	for path, is := range jsonFiles(ts, ts.MkAbs(".")) {
		if before[path] == is {
			continue
		}
		text, err := os.ReadFile(path)
		ts.Check(err)
		if err := meetsSchema(text); err != nil {
			ts.Fatalf("%s: %v", filepath.Base(path), err)
		}
	}
}

// TestMeetsSchema: what is not valid is found.
func TestMeetsSchema(t *testing.T) {
	for _, bad := range []string{
		`{}`, `{"schema": "mendcap.report/1"}`, `[{"schema": "mendcap.batch/1"}]`, `{"type":"capture"}`, `{"schema": "mendcap.other/1"}`, `[1]`, `{"schema"`, `{"version": 1, "hosts": [1]}`,
	} {
		if meetsSchema([]byte(bad)) == nil {
			t.Errorf("%s: got no error", bad)
		}
	}
}

// TestRealReportsMeetThePublishedSchema checks what the binary prints by what
// the binary prints: mendcap does so of all that it prints. What it prints of a check has to
// meet both schemas.
func TestRealReportsMeetThePublishedSchema(t *testing.T) {
	for _, name := range schemaNames() {
		if text, _ := schemaText(name); string(mendcap(t, "schema", name)) != text {
			t.Errorf("schema %s is another one than that of the package", name)
		}
	}
	dir := t.TempDir()
	if err := writeFixtures(dir); err != nil {
		t.Fatal(err)
	}
	recordings := filepath.Join("..", "..", "testdata", "recordings")
	for i, in := range []string{
		filepath.Join(dir, "late.pcap"), filepath.Join(dir, "good.pcapng"), filepath.Join("..", "..", "testdata", "rawsocket.pcapng"),
		filepath.Join(recordings, "lossy.pcapng.gz"), filepath.Join(recordings, "clean.pcapng.gz"),
	} {
		at := func(suffix string) string { return filepath.Join(dir, fmt.Sprint(i, suffix)) }
		text := mendcap(t, "repair", "--json", "--report", at(".jsonl"), "-w", at(".pcapng"), in)
		if !strings.HasPrefix(string(text), "{\n  \"schema\": \"mendcap.report/1\"") {
			t.Errorf("%s: got no report", in)
		}
		if text := mendcap(t, "check", "--json", "--max", "artefact=100000", "--fail-on", "artefact", in); !strings.Contains(string(text), "\n  \"check\": {") {
			t.Errorf("%s: the report of a check does not say how it came out", in)
		}
		mendcap(t, "check", "-q", "--fail-on", "artefact", "--fail-on", "loss", "--baseline", at(".baseline.json"), "--update-baseline", in)
		mendcap(t, "explain", "--json", in, "1-2")
		mendcap(t, "batch", "--json", "-o", at(".batch"), in)
		for _, suffix := range []string{".jsonl", ".baseline.json"} {
			text, err := os.ReadFile(at(suffix))
			if err != nil {
				t.Fatal(err)
			}
			if err := meetsSchema(text); err != nil {
				t.Errorf("%s: %s: %v", in, suffix, err)
			}
		}
	}
}
