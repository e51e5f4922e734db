// Package browser opens pages in a headless Chromium, to see what a reader's
// browser makes of them.
package browser

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// ErrMissing says that no Chromium is installed.
var ErrMissing = errors.New("chromium is not installed")

// Visit is what came of a page.
type Visit struct {
	DOM       string        // when all scripts had run
	Console   []string      // what the browser complained of
	Said      string        // what the script handed in returned, as JSON
	Resources []string      // addresses that the page loaded
	Loaded    time.Duration // from navigation until it is loaded and laid out, by the browser's clock
	Whole     time.Duration // of the whole process, its start included
}

// report is what the script in the page says at the end.
type report struct {
	Said      json.RawMessage `json:"said"`
	Failed    string          `json:"failed"`
	Loaded    float64         `json:"loaded"` // milliseconds
	Resources []string        `json:"resources"`
}

// probe runs after the page's own script. The page shows what it found in an
// element of its own.
const probe = `addEventListener("load", () => {
  document.body.getBoundingClientRect(); // makes the browser lay the page out
  const loaded = performance.now();
  let said = null, failed = "";
  try { said = (() => { %s })(); } catch (e) { failed = String(e); }
  const out = document.createElement("template");
  out.id = "probe";
  out.dataset.said = JSON.stringify({said, failed, loaded, resources: performance.getEntriesByType("resource").map((r) => r.name)});
  document.body.append(out);
});`

// Open shows a page, whose policy admits no script but its own, and runs the
// body of a JavaScript function in it once it is loaded. Only that function's
// script is added to what the policy admits.
func Open(ctx context.Context, page []byte, script string) (*Visit, error) {
	path, err := find()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "browser-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "page.html")
	if err := os.WriteFile(file, admit(page, fmt.Sprintf(probe, script)), 0o644); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, append(flags(dir), "--enable-logging=stderr", "--dump-dom", "file://"+filepath.ToSlash(file))...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	start := time.Now()
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("chromium: %w: %s", err, stderr.String())
	}
	v := &Visit{DOM: stdout.String(), Console: console(stderr.String()), Whole: time.Since(start)}
	return v, v.read()
}

// flags are those of every start, with a profile in a folder.
func flags(dir string) []string {
	return []string{
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--user-data-dir=" + filepath.Join(dir, "profile"),
	}
}

func find() (string, error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", ErrMissing
}

// admit adds a script to a page and to its policy.
func admit(page []byte, script string) []byte {
	sum := sha256.Sum256([]byte(script))
	source := html.EscapeString("'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "' ")
	text := strings.Replace(string(page), "script-src ", "script-src "+source, 1)
	end := strings.LastIndex(text, "</body>")
	if end < 0 {
		end = len(text)
	}
	return []byte(text[:end] + "<script>" + script + "</script>" + text[end:])
}

// console picks the messages of the page out of the browser's log.
func console(log string) []string {
	var list []string
	for line := range strings.Lines(log) {
		if strings.Contains(line, "CONSOLE") {
			list = append(list, strings.TrimSpace(line))
		}
	}
	return list
}

var saidAttribute = regexp.MustCompile(`<template id="probe" data-said="([^"]*)"`)

// read takes what the probe said out of the DOM.
func (v *Visit) read() error {
	found := saidAttribute.FindStringSubmatch(v.DOM)
	if found == nil {
		return fmt.Errorf("the page did not run the probe; the browser said: %s", strings.Join(v.Console, "; "))
	}
	var r report
	if err := json.Unmarshal([]byte(html.UnescapeString(found[1])), &r); err != nil {
		return fmt.Errorf("read the probe: %w", err)
	}
	if r.Failed != "" {
		return fmt.Errorf("script in the page: %s", r.Failed)
	}
	v.Said, v.Resources, v.Loaded = string(r.Said), r.Resources, time.Duration(r.Loaded*float64(time.Millisecond))
	return nil
}
