package browser

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"
)

// Session is a headless Chromium with one page, that is driven through a pair of pipes
// by the DevTools protocol (chromedevtools.github.io/devtools-protocol). It is used by
// one goroutine, and not on Windows, where a process is handed no pipes.
type Session struct {
	// Complaints are what the browser complained of since the page was opened, and
	// addresses that the page asked for besides its own.
	Complaints []string

	cmd    *exec.Cmd
	to     *os.File
	from   *bufio.Reader
	dir    string
	target string // the session of the page, in the protocol's sense
	last   int    // number of the last command
	own    string // address of the page
}

// message is what goes through the pipes: a command, its result or an event.
type message struct {
	ID      int             `json:"id,omitempty"`
	Session string          `json:"sessionId,omitempty"`
	Method  string          `json:"method,omitempty"`
	Params  json.RawMessage `json:"params,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   *struct {
		Message string `json:"message"`
	} `json:"error,omitempty"`
}

// Start starts a browser, which ends with the context; Close ends it too. On Windows there
// is none to be had: ErrMissing.
func Start(ctx context.Context) (*Session, error) {
	if runtime.GOOS == "windows" {
		return nil, fmt.Errorf("%w so that it could be handed pipes", ErrMissing)
	}
	path, err := find()
	if err != nil {
		return nil, err
	}
	s := &Session{}
	if s.dir, err = os.MkdirTemp("", "browser-"); err != nil {
		return nil, err
	}
	if err := errors.Join(s.start(ctx, path), ctx.Err()); err != nil {
		return nil, errors.Join(err, os.RemoveAll(s.dir))
	}
	if err := s.attach(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// start starts the program with its pipes, which it has as the descriptors 3 and 4.
func (s *Session) start(ctx context.Context, path string) error {
	commands, to, err := os.Pipe()
	if err != nil {
		return err
	}
	defer commands.Close()
	from, events, err := os.Pipe()
	if err != nil {
		return errors.Join(err, to.Close())
	}
	defer events.Close()
	s.cmd = exec.CommandContext(ctx, path, append(flags(s.dir), "--remote-debugging-pipe", "about:blank")...)
	s.cmd.ExtraFiles = []*os.File{commands, events}
	s.to, s.from = to, bufio.NewReaderSize(from, 1<<20)
	if err := s.cmd.Start(); err != nil {
		return errors.Join(err, to.Close(), from.Close())
	}
	context.AfterFunc(ctx, func() { from.Close() })
	return nil
}

// attach finds the page and has its events told.
func (s *Session) attach() error {
	var targets struct {
		TargetInfos []struct{ TargetID, Type string }
	}
	if err := s.Call("Target.getTargets", nil, &targets); err != nil {
		return err
	}
	for _, t := range targets.TargetInfos {
		if t.Type != "page" {
			continue
		}
		var attached struct{ SessionID string }
		if err := s.Call("Target.attachToTarget", map[string]any{"targetId": t.TargetID, "flatten": true}, &attached); err != nil {
			return err
		}
		s.target = attached.SessionID
	}
	if s.target == "" {
		return errors.New("chromium shows no page")
	}
	const laidOut = `addEventListener("load", () => { document.body.getBoundingClientRect(); window.laidOut = performance.now(); });`
	return errors.Join(s.Call("Page.enable", nil, nil), s.Call("Runtime.enable", nil, nil), s.Call("Log.enable", nil, nil),
		s.Call("Network.enable", nil, nil), s.Call("Performance.enable", map[string]any{"timeDomain": "threadTicks"}, nil), s.Call("Page.addScriptToEvaluateOnNewDocument", map[string]any{"source": laidOut}, nil))
}

// Close ends the browser.
func (s *Session) Close() error {
	s.to.Close()
	err := s.cmd.Process.Kill()
	s.cmd.Wait() // it was killed
	return errors.Join(err, os.RemoveAll(s.dir))
}

// Call carries out a command of the protocol, and reads its result into a value; nil
// where none is wanted.
func (s *Session) Call(method string, params, result any) error {
	s.last++
	m := message{ID: s.last, Session: s.target, Method: method}
	if params != nil {
		var err error
		if m.Params, err = json.Marshal(params); err != nil {
			return err
		}
	}
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	if _, err := s.to.Write(append(text, 0)); err != nil {
		return fmt.Errorf("chromium: %s: %w", method, err)
	}
	answer, err := s.next(func(m *message) bool { return m.ID == s.last })
	switch {
	case err != nil:
		return fmt.Errorf("chromium: %s: %w", method, err)
	case answer.Error != nil:
		return fmt.Errorf("chromium: %s: %s", method, answer.Error.Message)
	case result == nil:
		return nil
	}
	return json.Unmarshal(answer.Result, result)
}

// next returns the next message that is wanted, and takes note of those before.
func (s *Session) next(wanted func(*message) bool) (*message, error) {
	for {
		text, err := s.from.ReadBytes(0)
		if err != nil {
			return nil, err
		}
		m := &message{}
		if err := json.Unmarshal(bytes.TrimSuffix(text, []byte{0}), m); err != nil {
			return nil, err
		}
		s.note(m)
		if wanted(m) {
			return m, nil
		}
	}
}

// note keeps what an event tells of complaints.
func (s *Session) note(m *message) {
	var p struct {
		Type    string
		Request struct{ URL string }
		Entry   struct{ Level, Text, URL string }
	}
	if json.Unmarshal(m.Params, &p) != nil {
		return
	}
	switch {
	case m.Method == "Runtime.exceptionThrown", m.Method == "Runtime.consoleAPICalled" && (p.Type == "error" || p.Type == "warning"):
		s.Complaints = append(s.Complaints, string(m.Params))
	case m.Method == "Log.entryAdded" && (p.Entry.Level == "error" || p.Entry.Level == "warning"):
		s.Complaints = append(s.Complaints, p.Entry.Text+" "+p.Entry.URL)
	case m.Method == "Network.requestWillBeSent" && p.Request.URL != s.own && p.Request.URL != "data:,":
		s.Complaints = append(s.Complaints, "loads "+p.Request.URL)
	}
}

// Show opens a page of HTML and returns how long it took until the page was loaded and
// laid out, by the browser's clock.
func (s *Session) Show(page []byte) (time.Duration, error) {
	file := filepath.Join(s.dir, "page.html")
	if err := os.WriteFile(file, page, 0o644); err != nil {
		return 0, err
	}
	s.Complaints, s.own = nil, "file://"+filepath.ToSlash(file)
	if err := s.Call("Page.navigate", map[string]any{"url": "about:blank"}, nil); err != nil {
		return 0, err
	}
	if _, err := s.next(func(m *message) bool { return m.Method == "Page.loadEventFired" }); err != nil {
		return 0, err
	}
	if err := s.Call("Page.navigate", map[string]any{"url": s.own}, nil); err != nil {
		return 0, err
	}
	if _, err := s.next(func(m *message) bool { return m.Method == "Page.loadEventFired" }); err != nil {
		return 0, err
	}
	var ms float64
	err := s.Run("return window.laidOut", &ms)
	return time.Duration(ms * float64(time.Millisecond)), err
}

// Run runs the body of an asynchronous JavaScript function in the page, and reads what it
// returns into a value. The page's policy doesn't bind it.
func (s *Session) Run(script string, result any) error {
	var said struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails *struct {
			Text      string
			Exception struct{ Description string }
		}
	}
	params := map[string]any{"expression": "(async () => {" + script + "})()", "awaitPromise": true, "returnByValue": true}
	if err := s.Call("Runtime.evaluate", params, &said); err != nil {
		return err
	}
	if e := said.ExceptionDetails; e != nil {
		return fmt.Errorf("script in the page: %s %s", e.Text, e.Exception.Description)
	}
	if result == nil || len(said.Result.Value) == 0 {
		return nil
	}
	return json.Unmarshal(said.Result.Value, result)
}

// Worked is how long the page's main thread has worked, in processor time: what else runs
// on the machine doesn't count. Only differences mean something.
func (s *Session) Worked() (time.Duration, error) {
	var got struct {
		Metrics []struct {
			Name  string
			Value float64 // seconds
		}
	}
	if err := s.Call("Performance.getMetrics", nil, &got); err != nil {
		return 0, err
	}
	for _, m := range got.Metrics {
		if m.Name == "TaskDuration" {
			return time.Duration(m.Value * float64(time.Second)), nil
		}
	}
	return 0, errors.New("chromium counts no time of tasks")
}

// View makes the page so many CSS pixels wide and high, and light or dark.
func (s *Session) View(width, height int, scheme string) error {
	size := map[string]any{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false}
	media := map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}}}
	return errors.Join(s.Call("Emulation.setDeviceMetricsOverride", size, nil), s.Call("Emulation.setEmulatedMedia", media, nil))
}

// Picture is the whole page as a PNG file, of at most so many CSS pixels of its height.
func (s *Session) Picture(width, most int) ([]byte, error) {
	var height int
	if err := s.Run("return document.documentElement.scrollHeight", &height); err != nil {
		return nil, err
	}
	clip := map[string]any{"x": 0, "y": 0, "width": width, "height": min(height, most), "scale": 1}
	var taken struct{ Data []byte }
	err := s.Call("Page.captureScreenshot", map[string]any{"format": "png", "captureBeyondViewport": true, "clip": clip}, &taken)
	return taken.Data, err
}

// Print is the page as a PDF file of sheets of A4.
func (s *Session) Print() ([]byte, error) {
	var printed struct{ Data []byte }
	err := s.Call("Page.printToPDF", map[string]any{"paperWidth": 8.27, "paperHeight": 11.69, "printBackground": true}, &printed)
	return printed.Data, err
}

// Press presses a key and lets it go: "Tab", "Backspace", "Enter" or a character.
func (s *Session) Press(key string) error {
	down := map[string]any{"type": "keyDown", "key": key, "code": key}
	switch key {
	case "Tab":
		down["windowsVirtualKeyCode"] = 9
	case "Backspace":
		down["windowsVirtualKeyCode"] = 8
	case "Enter":
		down["windowsVirtualKeyCode"], down["text"] = 13, "\r"
	default:
		down["text"] = key
	}
	up := map[string]any{"type": "keyUp", "key": key, "code": key}
	return errors.Join(s.Call("Input.dispatchKeyEvent", down, nil), s.Call("Input.dispatchKeyEvent", up, nil))
}
