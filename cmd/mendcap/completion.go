package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/mendcap/mendcap/internal/naming"
	"github.com/mendcap/mendcap/reorder"
)

// completions are the shells that completion knows, and how a script for each is made.
var completions = []completer{{"bash", bashCompletion}, {"zsh", zshCompletion}, {"fish", fishCompletion}, {"powershell", powershellCompletion}}

type completer struct {
	shell string
	write func(all []completed) string
}

// Name returns that of the shell.
func (c completer) Name() string { return c.shell }

func completionCommand() *command { return &command{newFlags("completion"), runCompletion} }

// runCompletion prints the script of one shell.
func runCompletion(_ context.Context, s *streams, args []string) int {
	names := namesOf(completions)
	hint := "the shells are " + strings.Join(names, ", ")
	if len(args) != 1 {
		return s.fail("", usagef(hint, "completion takes one shell"))
	}
	c, ok := find(completions, args[0])
	if !ok {
		return s.fail(args[0], usagef(hint, "unknown shell%s", guess("", args[0], names)))
	}
	return s.print(c.write(completedCommands()))
}

// completed is a command as a shell completes it.
type completed struct {
	name, summary string
	flags         []completedFlag
	words         []string // what its arguments can be; nil for files
}

// completedFlag is a flag as a shell completes it.
type completedFlag struct {
	long, short string // without dashes; short may be empty
	usage       string // up to its first semicolon
	takes       string // what its value is called, or empty for a switch
	words       []string
	repeatable  bool
}

// folder reports whether the value is the name of a folder.
func (f completedFlag) folder() bool { return f.takes == "DIR" }

// file reports whether the value is the name of a file.
func (f completedFlag) file() bool { return f.takes == "FILE" || f.takes == "PATH" }

// spelled are the flag's names with their dashes.
func (f completedFlag) spelled() []string {
	if f.short == "" {
		return []string{"--" + f.long}
	}
	return []string{"-" + f.short, "--" + f.long}
}

// flagWords are the values of flags that take one of a few.
func flagWords() map[string][]string {
	return map[string][]string{
		"compress": naming.Compressions(), "salvage": salvageModes, "without": reorder.LawNames(),
		"user-layout": layoutNames, "script": scriptSystems, "engine": namesOf(engines),
	}
}

// argumentWords are the arguments of commands that take no file.
func argumentWords() map[string][]string {
	names := namesOf(commands())
	return map[string][]string{
		"schema": schemaNames(), "completion": namesOf(completions), "version": {}, "man": manNames(),
		"help": append(slices.Clone(names), namesOf(topics)...),
	}
}

// completedCommands are all commands, with their flags and their arguments.
func completedCommands() (all []completed) {
	values, arguments := flagWords(), argumentWords()
	for _, c := range commands() {
		one := completed{name: c.Name(), summary: c.summary(), words: arguments[c.Name()]}
		c.help() // adds --help
		c.VisitAll(func(f *pflag.Flag) {
			takes, usage := pflag.UnquoteUsage(f)
			usage, _, _ = strings.Cut(usage, ";")
			if f.Value.Type() == "bool" {
				takes = ""
			}
			one.flags = append(one.flags, completedFlag{f.Name, f.Shorthand, usage, takes, values[f.Name], strings.Contains(f.Usage, "(repeatable)")})
		})
		all = append(all, one)
	}
	return all
}

// bashCompletion offers words, and leaves names of files to readline where it has none.
// It does with bash 3.2, the one of macOS.
func bashCompletion(all []completed) string {
	var names []string
	var values, flags, words strings.Builder
	for _, c := range all {
		names = append(names, c.name)
		var spelled []string
		for _, f := range c.flags {
			spelled = append(spelled, f.spelled()...)
			if f.takes != "" {
				fmt.Fprintf(&values, "\t'%s %s') words='%s' ;;\n", c.name, strings.Join(f.spelled(), "'|'"+c.name+" "), strings.Join(f.words, " "))
			}
		}
		fmt.Fprintf(&flags, "\t\t%s) words='%s' ;;\n", c.name, strings.Join(spelled, " "))
		if c.words != nil {
			fmt.Fprintf(&words, "\t\t%s) words='%s' ;;\n", c.name, strings.Join(c.words, " "))
		}
	}
	return `# Completion of mendcap for bash. Load it by: . <(mendcap completion bash)
_mendcap() {
	local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command=repair words=
	if [[ $current == = ]]; then
		current=
	elif [[ $before == = ]]; then
		before=${COMP_WORDS[COMP_CWORD-2]}
	fi
	if ((COMP_CWORD > 1)); then
		case ${COMP_WORDS[1]} in
		` + strings.Join(names, "|") + `) command=${COMP_WORDS[1]} ;;
		esac
	fi
	case "$command $before" in
` + values.String() + `	*)
		case $command in
` + words.String() + `		esac
		if ((COMP_CWORD == 1)); then
			words='` + strings.Join(names, " ") + `'
		fi
		if [[ $current == -* ]]; then
			case $command in
` + strings.ReplaceAll(flags.String(), "\t\t", "\t\t\t") + `			esac
		fi
		;;
	esac
	COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _mendcap mendcap
`
}

// singleQuoted is a word of a POSIX shell.
func singleQuoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// zshCompletion describes each command to _arguments.
func zshCompletion(all []completed) string {
	var names, cases strings.Builder
	for _, c := range all {
		fmt.Fprintf(&names, "\t\t%s\n", singleQuoted(c.name+":"+c.summary))
		fmt.Fprintf(&cases, "\t%s)\n\t\t_arguments -s", c.name)
		for _, f := range c.flags {
			for _, spec := range zshFlag(f) {
				fmt.Fprintf(&cases, " \\\n\t\t\t%s", singleQuoted(spec))
			}
		}
		switch {
		case c.words == nil:
			cases.WriteString(" \\\n\t\t\t'*:file:_files'")
		case len(c.words) > 0:
			fmt.Fprintf(&cases, " \\\n\t\t\t'1:word:(%s)'", strings.Join(c.words, " "))
		}
		cases.WriteString("\n\t\t;;\n")
	}
	return `#compdef mendcap
# Completion of mendcap for zsh: a file _mendcap in a folder of fpath, or
# source <(mendcap completion zsh) after compinit.
_mendcap() {
	local -a commands
	commands=(
` + names.String() + `	)
	local command=repair
	if ((CURRENT == 2)) && [[ $words[2] != -* ]]; then
		_describe -t commands command commands
		_files
		return
	fi
	if ((${commands[(I)$words[2]:*]})); then
		command=$words[2]
		shift words
		((CURRENT--))
	fi
	case $command in
` + cases.String() + `	esac
}
if [[ $funcstack[1] == _mendcap ]]; then
	_mendcap "$@"
else
	compdef _mendcap mendcap
fi
`
}

// zshFlag are what _arguments is told of a flag: for each of its names what excludes
// it, what it does, and its value.
func zshFlag(f completedFlag) (specs []string) {
	usage := strings.NewReplacer(`\`, `\\`, "[", `\[`, "]", `\]`, ":", `\:`).Replace(f.usage)
	for _, name := range f.spelled() {
		first, value := "("+strings.Join(f.spelled(), " ")+")", ""
		if f.repeatable {
			first = "*"
		}
		if f.takes != "" {
			value = ":" + f.takes + ":"
			if strings.HasPrefix(name, "--") {
				name += "="
			}
		}
		switch {
		case f.words != nil:
			value += "(" + strings.Join(f.words, " ") + ")"
		case f.folder():
			value += "_files -/"
		case f.file():
			value += "_files"
		}
		specs = append(specs, first+name+"["+usage+"]"+value)
	}
	return specs
}

// fishQuoted is a word of fish, in which a backslash escapes inside quotes too.
func fishQuoted(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}

// fishCompletion is a line for each command, and one for each of its flags.
func fishCompletion(all []completed) string {
	var names []string
	var b strings.Builder
	for _, c := range all {
		names = append(names, c.name)
		fmt.Fprintf(&b, "complete -c mendcap -n __mendcap_first -a %s -d %s\n", c.name, fishQuoted(c.summary))
		for _, f := range c.flags {
			fmt.Fprintf(&b, "complete -c mendcap -n '__mendcap_is %s' -l %s", c.name, f.long)
			if f.short != "" {
				b.WriteString(" -s " + f.short)
			}
			switch {
			case f.words != nil:
				b.WriteString(" -x -a " + fishQuoted(strings.Join(f.words, " ")))
			case f.folder():
				b.WriteString(" -x -a '(__fish_complete_directories)'")
			case f.file():
				b.WriteString(" -r -F")
			case f.takes != "":
				b.WriteString(" -x")
			}
			b.WriteString(" -d " + fishQuoted(f.usage) + "\n")
		}
		if c.words != nil {
			fmt.Fprintf(&b, "complete -c mendcap -n '__mendcap_is %s' -f -a %s\n", c.name, fishQuoted(strings.Join(c.words, " ")))
		}
	}
	return `# Completion of mendcap for fish. Load it by: mendcap completion fish | source
function __mendcap_first
	test (count (commandline -opc)) -eq 1
end
function __mendcap_is
	set -l words (commandline -opc)
	set -l command repair
	if contains -- "$words[2]" ` + strings.Join(names, " ") + `
		set command $words[2]
	end
	test $command = $argv[1]
end
` + b.String()
}

// powershellQuoted is a string of PowerShell in which nothing is replaced.
func powershellQuoted(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// powershellCompletion offers words; PowerShell completes names of files where there are
// none. It was never tried: there was no PowerShell to try it in.
func powershellCompletion(all []completed) string {
	list := func(words []string) string {
		quoted := make([]string, len(words))
		for i, word := range words {
			quoted[i] = powershellQuoted(word)
		}
		return "@(" + strings.Join(quoted, ", ") + ")"
	}
	var names []string
	var flags, values, words strings.Builder
	for _, c := range all {
		names = append(names, c.name)
		var spelled []string
		for _, f := range c.flags {
			spelled = append(spelled, f.spelled()...)
			if f.words != nil {
				fmt.Fprintf(&values, "        %s = %s\n", powershellQuoted(c.name+" --"+f.long), list(f.words))
			}
		}
		fmt.Fprintf(&flags, "        %s = %s\n", powershellQuoted(c.name), list(spelled))
		if len(c.words) > 0 {
			fmt.Fprintf(&words, "        %s = %s\n", powershellQuoted(c.name), list(c.words))
		}
	}
	return `# Completion of mendcap for PowerShell. Load it by:
# mendcap completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName mendcap -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $commands = ` + list(names) + `
    $flags = @{
` + flags.String() + `    }
    $values = @{
` + values.String() + `    }
    $words = @{
` + words.String() + `    }
    $typed = @($commandAst.CommandElements |
        Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |
        ForEach-Object { $_.ToString() })
    $command = 'repair'
    if ($typed.Count -gt 1 -and $commands -ccontains $typed[1]) { $command = $typed[1] }
    $key = "$command $($typed[-1])"
    if ($values.ContainsKey($key)) { $offered = $values[$key] }
    elseif ($wordToComplete -like '-*') { $offered = $flags[$command] }
    elseif ($typed.Count -le 1) { $offered = $commands }
    else { $offered = $words[$command] }
    $offered | Where-Object { $_ -clike "$wordToComplete*" } | ForEach-Object {
        [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
    }
}
`
}
