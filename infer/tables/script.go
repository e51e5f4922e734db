package tables

import (
	_ "embed"
	"strings"
)

// The scripts that record a host's tables. Each takes a capture's path and
// writes into its folder of tables, in the formats that this package reads: once,
// or at several moments. The names of files begin with their moment. What the
// scripts for sh share is in common.sh, which takes the place of a line of
// theirs.
var (
	//go:embed scripts/windows.ps1
	windowsScript string
	//go:embed scripts/linux.sh
	linuxScript string
	//go:embed scripts/macos.sh
	macosScript string
	//go:embed scripts/common.sh
	commonScript string
)

// Script returns the script that records the tables of a system: "windows" (for
// PowerShell), "linux" or "macos" (for sh, BSD's too).
func Script(system string) (text string, ok bool) {
	text, ok = map[string]string{"windows": windowsScript, "linux": linuxScript, "macos": macosScript}[system]
	return strings.Replace(text, "@common.sh@\n", commonScript, 1), ok
}
