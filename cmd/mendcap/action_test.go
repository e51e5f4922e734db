package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// actionSteps are the scripts of the action's steps, in their order.
func actionSteps(t *testing.T, path string) (scripts []string) {
	t.Helper()
	runs := regexp.MustCompile(`(?m)^      run: (\|\n((?:        .*\n|\n)*)|.*\n)`)
	for _, m := range runs.FindAllStringSubmatch(readText(t, path), -1) {
		script := m[1]
		if m[2] != "" {
			script = regexp.MustCompile(`(?m)^        `).ReplaceAllString(m[2], "")
		}
		scripts = append(scripts, script)
	}
	return scripts
}

// The action's steps build mendcap from their own tree, check the captures that are
// named, and fail where there are findings; they write a report and the job's summary.
func TestStepsOfAction(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skipf("no bash: %v", err)
	}
	action, err := filepath.Abs(filepath.Join("..", "..", ".github", "actions", "check"))
	if err != nil {
		t.Fatal(err)
	}
	steps := actionSteps(t, filepath.Join(action, "action.yml"))
	if len(steps) != 2 {
		t.Fatalf("steps with a script: got %d, want those that build and check", len(steps))
	}
	dir := t.TempDir()
	writeExamples(t, dir)
	step := func(script string, env ...string) (code int, out string) {
		cmd := exec.Command("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script)
		cmd.Dir = dir
		cmd.Env = append(append(os.Environ(), "ACTION="+action, "RUNNER_TEMP="+dir, "GITHUB_ACTIONS=true", "GITHUB_STEP_SUMMARY="+filepath.Join(dir, "summary.md")), env...)
		text, err := cmd.CombinedOutput()
		if cmd.ProcessState == nil {
			t.Fatal(err)
		}
		return cmd.ProcessState.ExitCode(), string(text)
	}
	if code, out := step(steps[0]); code != 0 {
		t.Fatalf("build: exit code %d\n%s", code, out)
	}
	for _, c := range []struct {
		name, captures, baseline string
		want                     int
	}{
		{"without findings", "traces/good.pcapng\n", "", exitDone},
		{"with findings", "traces/good.pcapng\nX.pcapng\n", "", exitFindings},
		{"a file that is not there", "traces/good.pcapng\nnot-there.pcap\n", "", exitNoCapture},
		{"no capture", "", "", exitUsage},
		{"a name like a flag", "--json\n", "", exitNoCapture},
		{"with a baseline", "traces/good.pcapng\ntraces\n", "traces/known.json", exitDone},
	} {
		os.Remove(filepath.Join(dir, "summary.md"))
		code, out := step(steps[1], "CAPTURES="+c.captures, "BASELINE="+c.baseline, "REPORT=check.xml")
		if code != c.want {
			t.Errorf("%s: exit code %d, want %d\n%s", c.name, code, c.want, out)
		}
		if c.want != exitDone && c.want != exitFindings {
			continue
		}
		for _, name := range []string{"summary.md", "check.xml"} {
			if text := readText(t, filepath.Join(dir, name)); !strings.Contains(text, "good.pcapng") {
				t.Errorf("%s: %s doesn't name the capture:\n%s", c.name, name, text)
			}
		}
	}
}
