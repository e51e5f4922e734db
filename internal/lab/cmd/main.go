// Lab makes recordings and captures, and measures with them what mendcap does.
//
//	go run ./internal/lab/cmd COMMAND [FLAG...] [ARGUMENT...]
//
// Without a command it lists them; with -h after one it lists the command's flags.
package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/mendcap/mendcap/internal/lab/cmd/accuracy"
	"github.com/mendcap/mendcap/internal/lab/cmd/cloud"
	"github.com/mendcap/mendcap/internal/lab/cmd/compare"
	"github.com/mendcap/mendcap/internal/lab/cmd/degrade"
	"github.com/mendcap/mendcap/internal/lab/cmd/floor"
	"github.com/mendcap/mendcap/internal/lab/cmd/large"
	"github.com/mendcap/mendcap/internal/lab/cmd/merged"
	"github.com/mendcap/mendcap/internal/lab/cmd/page"
	"github.com/mendcap/mendcap/internal/lab/cmd/picture"
	"github.com/mendcap/mendcap/internal/lab/cmd/salvage"
)

// command is one of the lab's. It parses the command line itself.
type command struct {
	name, purpose string
	run           func()
}

// commands are those that run on every system; unix and linux are more.
var commands = []command{
	{"accuracy", "repair degraded recordings, and compare with the truth", accuracy.Main},
	{"cloud", "copy from store to store, or do harm on the way to one", cloud.Main},
	{"compare", "compare this build's outputs with those of a revision, byte for byte", compare.Main},
	{"degrade", "write what a sniffer would have recorded of a recording", degrade.Main},
	{"floor", "read, look up, sum and write a capture's packets: the least a repair could do", floor.Main},
	{"large", "make a capture of any size out of recordings", large.Main},
	{"merged", "repair captures that were merged, appended or doubled", merged.Main},
	{"page", "see how fast a report's page opens", page.Main},
	{"picture", "draw the picture of README.md", picture.Main},
	{"salvage", "damage captures, and count what is brought back", salvage.Main},
}

func main() {
	all := slices.Concat(commands, unix, linux)
	slices.SortFunc(all, func(a, b command) int { return strings.Compare(a.name, b.name) })
	if len(os.Args) > 1 {
		for _, c := range all {
			if c.name == os.Args[1] {
				os.Args = append([]string{"lab " + c.name}, os.Args[2:]...)
				flag.CommandLine = flag.NewFlagSet(os.Args[0], flag.ExitOnError)
				c.run()
				return
			}
		}
		fmt.Fprintf(os.Stderr, "lab: there is no command %q\n", os.Args[1])
	}
	for _, c := range all {
		fmt.Fprintf(os.Stderr, "  %-9s %s\n", c.name, c.purpose)
	}
	os.Exit(2)
}
