package main

import (
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/mendcap/mendcap/report/render"
)

// dateVariable names the variable of the environment that has the time at which things
// are made, in seconds since 1970
// (reproducible-builds.org/specs/source-date-epoch, version 1.1).
const dateVariable = "SOURCE_DATE_EPOCH"

// latest is the last second of the year 9999: years after it have no form in RFC 3339.
const latest = 253402300799

// madeBy is what the footers of pages tell that these arguments asked for. The clock is not asked: the same command makes
// the same bytes on another day, unless the variable names the day.
func madeBy(args []string) (render.Made, error) {
	m := render.Made{Version: builtFrom().version, Command: commandLine(args)}
	if given := os.Getenv(dateVariable); given != "" {
		n, err := strconv.ParseInt(given, 10, 64)
		if err != nil || n < 0 || n > latest {
			return m, usagef("unset it, or set it to the output of date +%s", "%s: %q is not a number of seconds since 1970", dateVariable, given)
		}
		m.At = time.Unix(n, 0)
	}
	return m, nil
}

// longestCommand is how many bytes of a command line are shown.
const longestCommand = 2000

// commandLine writes the arguments of a command line so that it can be given again to a
// shell, on Windows to cmd.exe; "" where there are none.
func commandLine(args []string) string {
	if len(args) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("mendcap")
	for i, arg := range args {
		word := shellWord(arg)
		if b.Len()+len(word) > longestCommand {
			b.WriteString(" … (" + strconv.Itoa(len(args)-i) + " more)")
			break
		}
		b.WriteString(" " + word)
	}
	return b.String()
}

// shellWord is an argument as one word for a shell.
func shellWord(arg string) string {
	const harmless = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz%+,-./:=@_"
	windows := runtime.GOOS == "windows"
	switch {
	case windows && arg != "" && strings.Trim(arg, harmless+`\`) == "", arg != "" && strings.Trim(arg, harmless) == "":
		return arg
	case windows: // what CommandLineToArgvW takes for one; no name of a file has a quote
		return `"` + arg + `"`
	}
	return "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
}
