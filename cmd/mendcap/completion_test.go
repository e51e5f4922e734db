package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mendcap/mendcap/internal/lab/golden"
)

// typedLines are command lines up to where the user asks for the last word, and the one
// word that completes it.
var typedLines = []struct{ line, want string }{
	{"mendcap expl", "explain"},
	{"mendcap schema js", "jsonl"},
	{"mendcap help exit", "exit-codes"},
	{"mendcap completion z", "zsh"},
	{"mendcap check --base", "--baseline"},
	{"mendcap check --salvage of", "off"},
	{"mendcap tables --script mac", "macos"},
	{"mendcap --compress gz", "gzip"},
	{"mendcap repair --compress zs", "zstd"},
	{"mendcap batch --reflin", "--reflink"},
	{"mendcap check arrival-of-", "arrival-of-a-file"},
}

// completionDir is a folder with the shell's script and one file to complete.
func completionDir(t *testing.T, shell string) string {
	t.Helper()
	if _, err := exec.LookPath(shell); err != nil {
		t.Skipf("no %s: %v", shell, err)
	}
	dir := t.TempDir()
	for name, data := range map[string][]byte{"script": mendcap(t, "completion", shell), "arrival-of-a-file": nil} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// runShell runs a script in a shell, and returns what it printed.
func runShell(t *testing.T, dir, shell string, args ...string) string {
	t.Helper()
	cmd := exec.Command(shell, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "HOME="+dir, "ZDOTDIR="+dir, "XDG_CONFIG_HOME="+dir, "XDG_DATA_HOME="+dir, "TERM=dumb", "PATH="+filepath.Dir(built)+string(filepath.ListSeparator)+os.Getenv("PATH"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", shell, err, out)
	}
	return string(out)
}

// Bash completes each line; where the function offers nothing, readline offers files.
func TestCompletionOfBash(t *testing.T) {
	dir := completionDir(t, "bash")
	const script = `. ./script; complete -p mendcap | grep -q -- '-o default' || exit 1
COMP_WORDS=($1); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _mendcap
((${#COMPREPLY[@]})) || COMPREPLY=($(compgen -f -- "${COMP_WORDS[COMP_CWORD]}"))
printf '%s\n' "${COMPREPLY[@]}"`
	for _, c := range typedLines {
		if got := strings.TrimSpace(runShell(t, dir, "bash", "-c", script, "bash", c.line)); got != c.want {
			t.Errorf("%s: got %q, want %q", c.line, got, c.want)
		}
	}
}

// Fish completes each line, and says what the word does.
func TestCompletionOfFish(t *testing.T) {
	dir := completionDir(t, "fish")
	for _, c := range typedLines {
		out := runShell(t, dir, "fish", "--no-config", "-c", `source ./script; complete -C $argv[1]`, c.line)
		word, _, _ := strings.Cut(strings.TrimSpace(out), "\t")
		if word != c.want || strings.Count(out, "\n") != 1 {
			t.Errorf("%s: got %q, want %q", c.line, out, c.want)
		}
	}
}

// Zsh completes each line as it is typed into an interactive shell.
func TestCompletionOfZsh(t *testing.T) {
	dir := completionDir(t, "zsh")
	const script = `zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'unsetopt beep zle_bracketed_paste; PS1=; autoload -U compinit; compinit -u -D; source ./script; mendcap() { print -r -- "<${@[-1]}>"; }; print rea""dy'
zpty -r -m shell seen '*ready*' || exit 1
zpty -w -n shell "$1"$'\t\n'
zpty -r -m shell seen $'*<*>*' || exit 1
print -r -- "$seen"
zpty -d shell`
	for _, c := range typedLines {
		out := runShell(t, dir, "timeout", "20", "zsh", "-f", "-c", script, "zsh", c.line)
		if _, got, _ := strings.Cut(out, "<"); !strings.HasPrefix(got, c.want+">") {
			t.Errorf("%s: got %q, want <%s>", c.line, out, c.want)
		}
	}
}

// PowerShell's script, which was never tried, is what it was.
func TestCompletionOfPowerShell(t *testing.T) {
	golden.Check(t, "completion.ps1", mendcap(t, "completion", "powershell"))
}

// Each page for man has no error and no warning, but that it has no date; it is printed
// whole.
func TestManPages(t *testing.T) {
	dir := t.TempDir()
	mendcap(t, "man", "-o", dir)
	for _, name := range manNames() {
		section, title := "1", "mendcap"
		if _, ok := find(topics, name); ok {
			section = "7"
		}
		if name != "mendcap" {
			title += "-" + name
		}
		file := filepath.Join(dir, "man"+section, title+"."+section)
		if got, want := readText(t, file), string(mendcap(t, "man", name)); got != want {
			t.Errorf("%s is not what man %s prints", file, name)
		}
		for _, check := range [][]string{{"mandoc", "-Tlint", "-Wwarning", file}, {"man", "--warnings", "-E", "UTF-8", "-l", file}} {
			if _, err := exec.LookPath(check[0]); err != nil {
				t.Logf("no %s: %v", check[0], err)
				continue
			}
			cmd := exec.Command(check[0], check[1:]...)
			cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "MANPAGER=cat", "MANWIDTH=80", "MAN_KEEP_FORMATTING=")
			var said strings.Builder
			cmd.Stderr = &said
			out, err := cmd.Output()
			if check[0] == "man" {
				if err != nil || said.String() != "" {
					t.Errorf("man %s: %v\n%s", name, err, &said)
				}
				if !strings.Contains(string(out), "SEE ALSO") {
					t.Errorf("man %s prints no end:\n%s", name, out)
				}
				continue
			}
			for line := range strings.Lines(string(out) + said.String()) {
				if !strings.Contains(line, `WARNING: missing date, using ""`) {
					t.Errorf("%s: %s", name, line)
				}
			}
		}
	}
}
