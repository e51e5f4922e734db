package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A yamlReader reads of YAML as much as workflows of this project need: scripts, and
// the keys and values of a mapping.
type yamlReader struct{ lines []string }

// readYAML returns a reader of a text, and leaves out its empty lines.
func readYAML(text string) yamlReader {
	var lines []string
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) != "" {
			lines = append(lines, strings.TrimRight(line, "\n"))
		}
	}
	return yamlReader{lines}
}

// spaces is how many of them a line begins with.
func spaces(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }

// indent is by how many columns a line is indented; the dash of an item counts.
func indent(line string) int { return len(line) - len(strings.TrimLeft(line, " -")) }

// below returns the lines that belong to line i: those that follow, and are indented by
// more than the columns.
func (y yamlReader) below(i, columns int) (lines []string) {
	for _, line := range y.lines[i+1:] {
		if spaces(line) <= columns {
			break
		}
		lines = append(lines, line)
	}
	return lines
}

// scripts are what the runner executes, in their order: the values of run, and the
// items of script.
func (y yamlReader) scripts() (scripts []string) {
	items := -1 // the column of the items of script, while they go on
	for i, line := range y.lines {
		column, text := indent(line), strings.TrimLeft(line, " -")
		switch {
		case strings.HasPrefix(text, "run: "):
			scripts = append(scripts, y.scalar(i, column, strings.TrimPrefix(text, "run: ")))
		case text == "script:":
			items = column + 2
		case items >= 0 && spaces(line) == items:
			scripts = append(scripts, y.scalar(i, items, text))
		case items >= 0 && column < items:
			items = -1
		}
	}
	return scripts
}

// scalar is the value that begins with text on line i, in a mapping or a list whose keys
// or dashes are at the column.
func (y yamlReader) scalar(i, column int, text string) string {
	if text != "|" && text != ">-" {
		return text
	}
	lines := y.below(i, column)
	margin := spaces(lines[0])
	for j, line := range lines {
		lines[j] = line[margin:]
	}
	return strings.Join(lines, map[string]string{"|": "\n", ">-": " "}[text])
}

// mapping are the keys and plain values below the first line that is the text.
func (y yamlReader) mapping(text string) map[string]string {
	values := make(map[string]string)
	for i, line := range y.lines {
		if strings.TrimLeft(line, " -") != text {
			continue
		}
		lines := y.below(i, indent(line))
		for _, line := range lines {
			if key, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok && indent(line) == indent(lines[0]) {
				values[key] = strings.TrimSpace(value)
			}
		}
		break
	}
	return values
}

// A runner runs scripts as GitHub's does, in one folder that has captures.
type runner struct{ dir, temp, action, bash string }

// newRunner skips the test where there is no bash. The folder mendcap of the runner's is
// this tree.
func newRunner(t *testing.T) runner {
	t.Helper()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skipf("no bash: %v", err)
	}
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	r := runner{t.TempDir(), t.TempDir(), filepath.Join(root, ".github", "actions", "check"), bash}
	writeExamples(t, r.dir)
	if err := os.Symlink(root, filepath.Join(r.dir, "mendcap")); err != nil {
		t.Skipf("no symbolic links: %v", err)
	}
	return r
}

// run runs a script with variables beside those that the runner sets.
func (r runner) run(t *testing.T, script string, env ...string) (code int, out string) {
	t.Helper()
	cmd := exec.Command(r.bash, "--noprofile", "--norc", "-eo", "pipefail", "-c", script)
	cmd.Dir = r.dir
	cmd.Env = append(append(os.Environ(), "ACTION="+r.action, "RUNNER_TEMP="+r.temp, "GITHUB_ACTIONS=true", "GITHUB_STEP_SUMMARY="+filepath.Join(r.dir, "summary.md")), env...)
	text, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(text)
}

// The action's steps build mendcap from their own tree, check the captures that are
// named, and fail where there are findings; they write a report and the job's summary.
func TestStepsOfAction(t *testing.T) {
	r := newRunner(t)
	steps := readYAML(readText(t, filepath.Join(r.action, "action.yml"))).scripts()
	if len(steps) != 2 {
		t.Fatalf("steps with a script: got %d, want those that build and check", len(steps))
	}
	if code, out := r.run(t, steps[0]); code != 0 {
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
		os.Remove(filepath.Join(r.dir, "summary.md"))
		code, out := r.run(t, steps[1], "CAPTURES="+c.captures, "BASELINE="+c.baseline, "REPORT=check.xml")
		if code != c.want {
			t.Errorf("%s: exit code %d, want %d\n%s", c.name, code, c.want, out)
		}
		if c.want != exitDone && c.want != exitFindings {
			continue
		}
		for _, name := range []string{"summary.md", "check.xml"} {
			if text := readText(t, filepath.Join(r.dir, name)); !strings.Contains(text, "good.pcapng") {
				t.Errorf("%s: %s doesn't name the capture:\n%s", c.name, name, text)
			}
		}
	}
}

// The recipes of the manual do what they are for: each ends with a report on the captures
// and without a failure. A recipe that uses the action is run by the action's steps.
func TestRecipesOfManual(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: it builds a program three times")
	}
	blocks := regexp.MustCompile("(?m)^```yaml\n((?:.*\n)*?)```$").FindAllStringSubmatch(readText(t, filepath.Join("manual", "ci.md")), -1)
	if len(blocks) != 3 {
		t.Fatalf("recipes: got %d, want GitHub's with the action and without, and GitLab's", len(blocks))
	}
	for _, block := range blocks {
		r, recipe := newRunner(t), readYAML(block[1])
		steps, env := recipe.scripts(), []string(nil)
		if uses := "uses: ./mendcap/.github/actions/check"; strings.Contains(block[1], uses+"\n") {
			action := readYAML(readText(t, filepath.Join(r.dir, "mendcap", ".github", "actions", "check", "action.yml")))
			inputs := action.mapping("inputs:")
			_, after, _ := strings.Cut(block[1], uses)
			for key, value := range readYAML(after).mapping("with:") {
				if _, ok := inputs[key]; !ok {
					t.Errorf("the action has no input %s", key)
				}
				env = append(env, strings.ToUpper(key)+"="+value)
			}
			steps = action.scripts()
		}
		if len(steps) < 2 {
			t.Errorf("scripts: got %q, want one that builds and one that checks", steps)
		}
		for _, step := range steps {
			if code, out := r.run(t, step, env...); code != 0 {
				t.Errorf("exit code %d of\n%s\n%s", code, step, out)
			}
		}
		if text := readText(t, filepath.Join(r.dir, "check.xml")); !strings.Contains(text, "good.pcapng") {
			t.Errorf("check.xml doesn't name the capture:\n%s", text)
		}
	}
}
