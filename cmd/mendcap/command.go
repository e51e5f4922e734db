package main

import (
	"cmp"
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// command is one word of the command line: the name of its flags. The manual has a
// page of that name.
type command struct {
	*pflag.FlagSet
	run func(ctx context.Context, s *streams, args []string) int // args without the flags
}

// commands returns all commands, with their flags unset.
func commands() []*command {
	return []*command{
		repairCommand(), batchCommand(), checkCommand(), reportCommand(), diffCommand(), explainCommand(), tablesCommand(),
		schemaCommand(), profileCommand(), completionCommand(), manCommand(),
		printing("version", versionText), helpCommand(),
	}
}

// printing is a command that prints a text, and takes nothing.
func printing(name string, text func() string) *command {
	return &command{newFlags(name), func(_ context.Context, s *streams, args []string) int {
		if len(args) > 0 {
			return s.fail("", usagef(seeCommand, "%s takes no arguments", name))
		}
		return s.print(text())
	}}
}

// named is a command or a topic of the help.
type named interface{ Name() string }

func find[T named](all []T, name string) (found T, ok bool) {
	i := slices.IndexFunc(all, func(one T) bool { return one.Name() == name })
	if i < 0 {
		return found, false
	}
	return all[i], true
}

func namesOf[T named](all []T) (names []string) {
	for _, one := range all {
		names = append(names, one.Name())
	}
	return names
}

// newFlags returns an empty set that prints nothing by itself.
func newFlags(name string) *pflag.FlagSet {
	flags := pflag.NewFlagSet(name, pflag.ContinueOnError)
	flags.SortFlags = false
	flags.Usage = func() {}
	return flags
}

// run carries out a command line and returns the exit code.
func run(ctx context.Context, s *streams, args []string) int {
	s.help = seeHelp
	root := newFlags("mendcap")
	root.SetInterspersed(false)
	help := root.BoolP("help", "h", false, "")
	showVersion := root.Bool("version", false, "")
	records := recordingFlags(root)
	err := root.Parse(args)
	var unknown *pflag.NotExistError
	switch {
	case errors.As(err, &unknown): // a flag of repair, which need not be named
		if name, rest, ok := misplaced(args); ok {
			return s.fail("", usagef(commandFirst(name, rest), "flags come after the command %s", name))
		}
		return repairCommand().start(ctx, s, args)
	case err != nil:
		return s.fail("", badFlags(root, err))
	case *help:
		return s.print(overview())
	case *showVersion:
		return s.print(versionText())
	case root.NArg() == 0:
		return s.fail("", usagef(seeHelp, "no command and no capture was named"))
	}
	stop, err := records.start()
	if err != nil {
		return s.fail("", err)
	}
	code := dispatch(ctx, s, root.Args())
	if err := stop(); err != nil {
		return s.fail("", err)
	}
	return code
}

// misplaced finds the command that flags before it belong to, where they are none of
// repair's, and returns the other words of the command line.
func misplaced(args []string) (name string, rest []string, ok bool) {
	takes := func(c *command, words []string) bool {
		return c.ParseAll(words, func(*pflag.Flag, string) error { return nil }) == nil
	}
	if takes(repairCommand(), args) {
		return "", nil, false
	}
	for i, word := range args {
		rest := slices.Delete(slices.Clone(args), i, i+1)
		if c, is := find(commands(), word); is && takes(c, rest) {
			return word, rest, true
		}
	}
	return "", nil, false
}

// commandFirst is the hint for words that are in the wrong order.
func commandFirst(name string, rest []string) string {
	return "mendcap " + name + " " + strings.Join(rest, " ") + " takes it so"
}

const seeHelp = "see: mendcap help"

// dispatch takes the first word as a command, or else as a capture. What has a dot or
// a slash is meant as a file.
func dispatch(ctx context.Context, s *streams, words []string) int {
	if c, ok := find(commands(), words[0]); ok {
		return c.start(ctx, s, words[1:])
	}
	if words[0] != "-" && !hasGlob(words[0]) && !strings.ContainsAny(words[0], `./\`) {
		if _, err := os.Lstat(words[0]); errors.Is(err, os.ErrNotExist) {
			if _, is := find(topics, words[0]); is {
				return s.fail(words[0], usagef("mendcap help "+words[0]+" shows it", "a topic of the help, and no command"))
			}
			if slices.Contains(batchUses, words[0]) {
				return s.fail(words[0], usagef("mendcap batch "+words[0]+" is one", "no command by itself"))
			}
			names := namesOf(commands())
			return s.fail(words[0], usagef("the commands are "+strings.Join(names, ", ")+"; a capture's name must be that of a file",
				"unknown command, and no such file%s", guess("", words[0], names)))
		}
	}
	return repairCommand().start(ctx, s, words)
}

// start parses the flags of c and runs it.
func (c *command) start(ctx context.Context, s *streams, args []string) int {
	s.help = seeHelp + " " + c.Name()
	help := c.BoolP("help", "h", false, "show this help")
	if err := parseOnce(c.FlagSet, args); err != nil {
		return s.fail("", badFlags(c.FlagSet, err))
	}
	if *help {
		return s.print(c.help())
	}
	if err := cmp.Or(checkEmpty(c.FlagSet), checkLoudness(c.FlagSet)); err != nil {
		return s.fail("", err)
	}
	return c.run(ctx, s, c.Args())
}

// givenValues is the annotation of a flag that has the texts it was given.
const givenValues = "given"

// parseOnce parses flags, of which those that hold one value may be given once: who
// gives two wants both, or has forgotten the first.
func parseOnce(flags *pflag.FlagSet, args []string) error {
	given := map[string]bool{}
	return flags.ParseAll(args, func(f *pflag.Flag, value string) error {
		_, list := f.Value.(pflag.SliceValue)
		if given[f.Name] && !list && f.Value.Type() != "func" {
			return usagef(seeCommand, "--%s was given twice, and takes one value", f.Name)
		}
		given[f.Name] = true
		if err := flags.SetAnnotation(f.Name, givenValues, append(f.Annotations[givenValues], value)); err != nil {
			return err
		}
		return flags.Set(f.Name, value)
	})
}

// checkLoudness refuses to be quiet and verbose at once.
func checkLoudness(flags *pflag.FlagSet) error {
	if flags.Lookup("verbose") != nil && flags.Changed("quiet") && flags.Changed("verbose") {
		return usagef(seeCommand, "-q and -v can't be used together")
	}
	return nil
}

// print writes text to standard output.
func (s *streams) print(text string) int {
	_, err := io.WriteString(s.out, text)
	return s.fail(standardOutput, err)
}

// show writes one of two forms to standard output.
func (s *streams) show(asJSON bool, json, text func(io.Writer) error) int {
	if asJSON {
		text = json
	}
	return s.fail(standardOutput, text(s.out))
}
