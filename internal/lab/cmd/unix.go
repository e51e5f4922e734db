//go:build unix

package main

import (
	"github.com/mendcap/mendcap/internal/lab/cmd/engines"
	"github.com/mendcap/mendcap/internal/lab/cmd/flood"
	"github.com/mendcap/mendcap/internal/lab/cmd/kill"
	"github.com/mendcap/mendcap/internal/lab/cmd/lots"
	"github.com/mendcap/mendcap/internal/lab/cmd/wine"
)

// unix are the commands that need a Unix.
var unix = []command{
	{"engines", "hold what batch submit prints to the schemas of the schedulers", engines.Main},
	{"flood", "see whether time and memory grow evenly with hostile captures", flood.Main},
	{"kill", "end runs at random moments, and look at what they leave", kill.Main},
	{"lots", "plan many made-up captures as lots, and merge what was found in them", lots.Main},
	{"wine", "run the Windows build under Wine, beside the one for this system", wine.Main},
}
