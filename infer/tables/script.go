package tables

import _ "embed"

// The scripts that record a host's tables. Each takes a capture's path and
// writes into its folder of tables, in the formats that this package reads: once,
// or at several moments. The names of files begin with their moment.
var (
	//go:embed scripts/windows.ps1
	windowsScript string
	//go:embed scripts/linux.sh
	linuxScript string
	//go:embed scripts/macos.sh
	macosScript string
)

// Script returns the script that records the tables of a system: "windows" (for
// PowerShell), "linux" or "macos" (for sh, BSD's too).
func Script(system string) (text string, ok bool) {
	switch system {
	case "windows":
		return windowsScript, true
	case "linux":
		return linuxScript, true
	case "macos":
		return macosScript, true
	}
	return "", false
}
